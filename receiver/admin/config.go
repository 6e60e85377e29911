package admin

import (
	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// Config is the section admin.
type Config struct {
	Endpoint string          `yaml:"endpoint" doc:"Address to listen on: host:port."`
	TLS      *tlsconf.Server `yaml:"tls" doc:"Serve HTTPS only. With client_ca_file, probes need a certificate too."`
	Reload   bool            `yaml:"reload" doc:"Let POST /reload read the configuration again, for anyone who can reach the port."`
	Pprof    bool            `yaml:"pprof" doc:"Serve profiles of the process below /debug/pprof/, to anyone who can reach the port."`
}

// DefaultConfig returns the defaults of the section admin.
func DefaultConfig() Config { return Config{Endpoint: "0.0.0.0:8888"} }

// Validate checks the endpoint.
func (c *Config) Validate() error {
	return invalid.Listen(c.Endpoint, "0.0.0.0:8888")
}
