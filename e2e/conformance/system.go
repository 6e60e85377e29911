package conformance

import "strings"

// System is a program that the checks run against.
type System struct {
	Name string // for people
	path string
	args []string // before the path of the configuration

	// metrics is what makes the program offer its counters at an address.
	metrics func(host, port string) settings
	// lost are prefixes of counters for items that were given up or refused for good.
	lost []string
	// These are words in its log: that it serves, that an attempt has failed, and that items are lost.
	ready, failing, gaveUp string
	// drain is what keeps a shutdown with a hanging backend short; bound names it.
	drain settings
	bound string
}

// Otlpctl returns the product. path is its executable.
func Otlpctl(path string) System {
	return System{
		Name: "otlpctl", path: path, args: []string{"serve", "--config"},
		metrics: func(host, port string) settings { return settings{"admin.endpoint": host + ":" + port} },
		lost:    []string{"otlpctl_exporter_rejected_items_total", "otlpctl_exporter_dropped_items_total"},
		ready:   `"msg":"ready"`, failing: "exporter fails", gaveUp: "items lost",
		drain: settings{"service.shutdown.timeout": "300ms"}, bound: "service.shutdown.timeout",
	}
}

// Collector returns the OpenTelemetry Collector. path is its executable.
func Collector(path, version string) System {
	return System{
		Name: "Collector " + strings.TrimPrefix(version, "v"), path: path, args: []string{"--config"},
		metrics: func(host, port string) settings {
			return settings{"service.telemetry.metrics": settings{"level": "normal", "readers": []settings{{
				"pull": settings{"exporter": settings{"prometheus": settings{"host": host, "port": number(port)}}},
			}}}}
		},
		lost:  []string{"otelcol_exporter_send_failed_", "otelcol_exporter_enqueue_failed_"},
		ready: "Everything is ready", failing: "Exporting failed", gaveUp: "Dropping data",
		drain: settings{"exporter.timeout": "300ms"}, bound: "the exporter's timeout",
	}
}
