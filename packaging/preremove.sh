#!/bin/sh
# Stop the service when the package goes away: "remove" from dpkg, 0 from rpm. Upgrades pass other words.
set -e
case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now otlpctl.service
	fi
	;;
esac
