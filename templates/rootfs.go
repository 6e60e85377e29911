package templates

import _ "embed"

// config is what otlpctl serve does when it has no configuration, written out.
//
//go:embed config.yaml
var config string

// Config returns the configuration of an image for which there is no other.
func Config() string { return config }

// zoneInfo is the time zone database of the IANA, as Go distributes it. The database is in the public
// domain: https://www.iana.org/time-zones.
//
//go:generate cp $GOROOT/lib/time/zoneinfo.zip zoneinfo.zip
//go:embed zoneinfo.zip
var zoneInfo string

// ZoneInfo returns the files of /usr/share/zoneinfo, as a zip archive.
func ZoneInfo() string { return zoneInfo }
