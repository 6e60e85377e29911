package receiver

import (
	"net"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// TelemetryConfig is service.telemetry: what the receiver says about itself.
type TelemetryConfig struct {
	Logs    LogsConfig    `yaml:"logs" doc:"The receiver's own log."`
	Metrics MetricsConfig `yaml:"metrics" doc:"The receiver's own metrics."`
}

// LogsConfig is service.telemetry.logs.
type LogsConfig struct {
	Level       string   `yaml:"level" doc:"The least important lines that are written." enum:"debug|info|warn|error" fold:"true"`
	Encoding    string   `yaml:"encoding" doc:"How a line is written: as JSON, or as text for people." enum:"json|console"`
	OutputPaths []string `yaml:"output_paths" doc:"Where the log goes: stderr, stdout or files."`
}

// MetricsConfig is service.telemetry.metrics.
type MetricsConfig struct {
	Level   string         `yaml:"level" doc:"none turns /metrics off; all other levels are the same." enum:"none|basic|normal|detailed" fold:"true"`
	Address string         `yaml:"address" doc:"Another address for /metrics." deprecated:"use readers with a pull exporter"`
	Readers []MetricReader `yaml:"readers" doc:"Further addresses for /metrics."`
}

// MetricReader is one entry of service.telemetry.metrics.readers. Only readers
// that pull with Prometheus are supported.
type MetricReader struct {
	Pull struct {
		Exporter struct {
			Prometheus PrometheusReader `yaml:"prometheus" doc:"A Prometheus endpoint."`
		} `yaml:"exporter" doc:"How the metrics are offered."`
	} `yaml:"pull" doc:"A reader that waits to be asked."`
}

// PrometheusReader is the address of a Prometheus endpoint.
type PrometheusReader struct {
	Host string `yaml:"host" doc:"The address to listen on."`
	Port int    `yaml:"port" doc:"The port to listen on." min:"1" max:"65535"`
}

// ShutdownConfig is service.shutdown.
type ShutdownConfig struct {
	Delay   time.Duration `yaml:"delay" doc:"After a signal, keep serving this long with /ready at 503, so that clients and load balancers notice." min:"0s"`
	Timeout time.Duration `yaml:"timeout" doc:"After the delay, finish requests and send what is queued within this time; what is left then is lost and counted." min:"1ms"`
}

// ReloadConfig is service.reload.
type ReloadConfig struct {
	Watch bool `yaml:"watch" doc:"Read the configuration again when one of its files has changed. SIGHUP always does."`
}

func defaultTelemetry() TelemetryConfig {
	return TelemetryConfig{
		Logs:    LogsConfig{Level: "info", Encoding: "json", OutputPaths: []string{"stderr"}},
		Metrics: MetricsConfig{Level: "normal"},
	}
}

func defaultShutdown() ShutdownConfig { return ShutdownConfig{Timeout: 30 * time.Second} }

// listeners returns the addresses beside the admin port that offer /metrics.
func (c *MetricsConfig) listeners() []listener {
	const section = "service.telemetry.metrics."
	if c.Level == "none" {
		return nil
	}
	var all []listener
	if c.Address != "" {
		all = append(all, listener{section + "address", c.Address})
	}
	for i, r := range c.Readers {
		p := r.Pull.Exporter.Prometheus
		all = append(all, listener{section + "readers[" + strconv.Itoa(i) + "]", net.JoinHostPort(p.Host, strconv.Itoa(p.Port))})
	}
	return all
}

// Validate checks what concerns several keys.
func (c *MetricsConfig) Validate() error {
	for i, r := range c.Readers {
		if r.Pull.Exporter.Prometheus.Port == 0 {
			return invalid.Key("readers["+strconv.Itoa(i)+"]", "needs pull.exporter.prometheus with a host and a port; other readers are not supported")
		}
	}
	return nil
}
