#!/bin/sh
# Let systemd see the unit; starting it is the administrator's decision.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	# An upgrade: what runs must be what is installed.
	systemctl try-restart otlpctl.service
fi
