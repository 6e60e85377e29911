package ingest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/internal/secret"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Config is receivers.otlp. A protocol is served if its section is there, even
// with nothing in it.
type Config struct {
	Protocols Protocols `yaml:"protocols" doc:"What to serve: a protocol is on when its key is there."`
}

// Protocols are the sections of receivers.otlp.protocols; nil is off.
type Protocols struct {
	GRPC *GRPCConfig `yaml:"grpc" doc:"OTLP over gRPC."`
	HTTP *HTTPConfig `yaml:"http" doc:"OTLP over HTTP/1.1 and HTTP/2, protobuf and JSON."`
}

// Transports returns those that are on, in the order in which a Server listens.
func (c *Config) Transports() []Transport {
	var on []Transport
	if c.Protocols.GRPC != nil {
		on = append(on, GRPC)
	}
	if c.Protocols.HTTP != nil {
		on = append(on, HTTP)
	}
	return on
}

// DefaultConfig returns a Config that serves nothing yet: which protocols there
// are is for the configuration to say.
func DefaultConfig() Config { return Config{} }

// Validate checks what concerns several keys.
func (c *Config) Validate() error {
	g, h := c.Protocols.GRPC, c.Protocols.HTTP
	switch {
	case g == nil && h == nil:
		return invalid.Key("protocols", "names no protocol: add grpc:, http: or both below it")
	case g != nil && h != nil && g.Endpoint == h.Endpoint && !strings.HasSuffix(g.Endpoint, ":0"):
		return invalid.Key("protocols.http.endpoint", "%s is the endpoint of grpc too: gRPC and HTTP need a port each", h.Endpoint)
	}
	return nil
}

// GRPCConfig is receivers.otlp.protocols.grpc, with the Collector's keys.
type GRPCConfig struct {
	Endpoint             string          `yaml:"endpoint" doc:"Address to listen on: host:port, or a path with transport unix."`
	Transport            string          `yaml:"transport" doc:"Kind of network." enum:"tcp|tcp4|tcp6|unix"`
	TLS                  *tlsconf.Server `yaml:"tls" doc:"Serve TLS only."`
	MaxRecvMsgSizeMiB    int             `yaml:"max_recv_msg_size_mib" doc:"Refuse larger messages, before and after decompression; 0 is 64." unit:"MiB" min:"0" max:"2047"`
	MaxConcurrentStreams uint32          `yaml:"max_concurrent_streams" doc:"How many calls a connection may have open; 0 is no limit."`
	ReadBufferSize       int             `yaml:"read_buffer_size" doc:"Read this much from a connection at a time." unit:"bytes" min:"0"`
	WriteBufferSize      int             `yaml:"write_buffer_size" doc:"Write this much to a connection at a time; 0 is gRPC's default." unit:"bytes" min:"0"`
	Keepalive            KeepaliveConfig `yaml:"keepalive" doc:"When connections are tested and closed."`
	IncludeMetadata      bool            `yaml:"include_metadata" doc:"Let processors.batch see the request's metadata (its metadata_keys)."`
}

// KeepaliveConfig is the keepalive section of GRPCConfig.
type KeepaliveConfig struct {
	ServerParameters  KeepaliveParameters `yaml:"server_parameters" doc:"What the server does."`
	EnforcementPolicy KeepalivePolicy     `yaml:"enforcement_policy" doc:"What the server lets clients do."`
}

// KeepaliveParameters is keepalive.server_parameters. Zero is gRPC's default.
type KeepaliveParameters struct {
	MaxConnectionIdle     time.Duration `yaml:"max_connection_idle" doc:"Close a connection without calls after this time; 0 never does."`
	MaxConnectionAge      time.Duration `yaml:"max_connection_age" doc:"Ask clients to reconnect after about this time, so that they spread over new replicas; 0 never does."`
	MaxConnectionAgeGrace time.Duration `yaml:"max_connection_age_grace" doc:"Give calls this much time after max_connection_age; 0 is no limit."`
	Time                  time.Duration `yaml:"time" doc:"Ping a client that was silent for this time; 0 is 2h."`
	Timeout               time.Duration `yaml:"timeout" doc:"Close the connection if the ping is not answered within this time; 0 is 20s."`
}

// KeepalivePolicy is keepalive.enforcement_policy. Zero is gRPC's default.
type KeepalivePolicy struct {
	MinTime             time.Duration `yaml:"min_time" doc:"Disconnect clients that ping more often than this; 0 is 5m."`
	PermitWithoutStream bool          `yaml:"permit_without_stream" doc:"Let clients ping while they have no call open."`
}

// SetDefaults sets the defaults of receivers.otlp.protocols.grpc. They differ
// from the Collector's where OTLP asks for more (messages of 64 MiB, all
// interfaces in a container), where measurements do (the read buffer), and where
// nothing bounded a client (streams).
func (c *GRPCConfig) SetDefaults() {
	*c = GRPCConfig{
		Endpoint: "0.0.0.0:4317", Transport: "tcp", MaxRecvMsgSizeMiB: defaultLimit >> 20,
		MaxConcurrentStreams: 1024, ReadBufferSize: 128 << 10,
	}
}

// Validate checks the endpoint.
func (c *GRPCConfig) Validate() error { return validEndpoint(c.Transport, c.Endpoint) }

// defaultLimit is how large a request may be, before and after decompression
// (OTLP 1.11, "Maximum request size").
const defaultLimit = 64 << 20

// limit returns the largest message in bytes.
func (c *GRPCConfig) limit() int {
	if c.MaxRecvMsgSizeMiB <= 0 {
		return defaultLimit
	}
	return c.MaxRecvMsgSizeMiB << 20
}

// HTTPConfig is receivers.otlp.protocols.http, with the Collector's keys and
// max_connection_age.
type HTTPConfig struct {
	Endpoint              string                 `yaml:"endpoint" doc:"Address to listen on: host:port, or a path with transport unix."`
	Transport             string                 `yaml:"transport" doc:"Kind of network." enum:"tcp|tcp4|tcp6|unix"`
	TLS                   *tlsconf.Server        `yaml:"tls" doc:"Serve TLS only."`
	CORS                  *CORSConfig            `yaml:"cors" doc:"Which web pages may send telemetry."`
	MaxRequestBodySize    int64                  `yaml:"max_request_body_size" doc:"Refuse larger bodies, before and after decompression; 0 is 64 MiB." unit:"bytes" min:"0" max:"2147483647"`
	IncludeMetadata       bool                   `yaml:"include_metadata" doc:"Let processors.batch see the request's headers (its metadata_keys)."`
	ResponseHeaders       map[string]secret.Text `yaml:"response_headers" doc:"Headers to add to every response." secret:"true"`
	CompressionAlgorithms []string               `yaml:"compression_algorithms" doc:"Which content encodings to accept; an empty string is a body that is not compressed." enum:"|gzip|zstd"`
	ReadTimeout           time.Duration          `yaml:"read_timeout" doc:"A request, body included, must arrive within this time; 0 is no limit."`
	ReadHeaderTimeout     time.Duration          `yaml:"read_header_timeout" doc:"A request's headers must arrive within this time; 0 is read_timeout."`
	WriteTimeout          time.Duration          `yaml:"write_timeout" doc:"A response must be taken within this time after the request's headers came; 0 is no limit."`
	IdleTimeout           time.Duration          `yaml:"idle_timeout" doc:"Close a connection that is unused for this time; 0 is read_timeout."`
	KeepAlivesEnabled     bool                   `yaml:"keep_alives_enabled" doc:"Let connections serve more than one request."`
	MaxConnectionAge      time.Duration          `yaml:"max_connection_age" doc:"Close a connection with the first response after about this time, so that clients spread over new replicas; 0 never does."`
	TracesURLPath         string                 `yaml:"traces_url_path" doc:"Path for traces."`
	MetricsURLPath        string                 `yaml:"metrics_url_path" doc:"Path for metrics."`
	LogsURLPath           string                 `yaml:"logs_url_path" doc:"Path for logs."`
}

// SetDefaults sets the defaults of receivers.otlp.protocols.http. The timeouts,
// which the Collector's receiver does not have, bound slow clients generously:
// two minutes for a body of 64 MiB ask for 4.5 Mbit/s; idle_timeout exceeds the
// usual export intervals; write_timeout leaves room for an exporter without a
// queue to exhaust its retries (five minutes) before the client hears of it.
func (c *HTTPConfig) SetDefaults() {
	*c = HTTPConfig{
		Endpoint: "0.0.0.0:4318", Transport: "tcp", MaxRequestBodySize: defaultLimit,
		CompressionAlgorithms: []string{"", "gzip", "zstd"},
		ReadTimeout:           2 * time.Minute, ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Minute, IdleTimeout: 3 * time.Minute, KeepAlivesEnabled: true,
		TracesURLPath: wire.Traces.Path(), MetricsURLPath: wire.Metrics.Path(), LogsURLPath: wire.Logs.Path(),
	}
}

// Validate checks the endpoint and the paths.
func (c *HTTPConfig) Validate() error {
	errs := []error{validEndpoint(c.Transport, c.Endpoint)}
	taken := map[string]string{}
	for _, sig := range wire.Signals() {
		key, path := sig.String()+"_url_path", c.path(sig)
		switch {
		case strings.ContainsAny(path, "?#"):
			errs = append(errs, invalid.Key(key, "%q must be a path only, without ? and #", path))
		case taken[path] != "":
			errs = append(errs, invalid.Key(key, "%s is the path of %s too", path, taken[path]))
		}
		taken[path] = sig.String()
	}
	return errors.Join(errs...)
}

// limit returns the largest body in bytes.
func (c *HTTPConfig) limit() int {
	if c.MaxRequestBodySize <= 0 {
		return defaultLimit
	}
	return int(c.MaxRequestBodySize)
}

// path returns the path of a signal, with the slash that it may lack.
func (c *HTTPConfig) path(sig wire.Signal) string {
	path := map[wire.Signal]string{wire.Traces: c.TracesURLPath, wire.Metrics: c.MetricsURLPath, wire.Logs: c.LogsURLPath}[sig]
	switch {
	case path == "":
		return sig.Path()
	case path[0] != '/':
		return "/" + path
	}
	return path
}

// accepts reports whether a content coding may be used; identity is written "".
func (c *HTTPConfig) accepts(coding string) bool {
	return slices.Contains(c.CompressionAlgorithms, coding)
}

// CORSConfig is receivers.otlp.protocols.http.cors.
type CORSConfig struct {
	AllowedOrigins []string `yaml:"allowed_origins" doc:"Origins of the pages, such as https://*.example.com; * is all of them."`
	AllowedHeaders []string `yaml:"allowed_headers" doc:"Request headers that pages may set beside the usual ones; * is all of them."`
	ExposedHeaders []string `yaml:"exposed_headers" doc:"Response headers that pages may read."`
	MaxAge         int      `yaml:"max_age" doc:"How long browsers may remember the answer; 0 leaves it to them." unit:"seconds" min:"0"`
}

func validEndpoint(transport, endpoint string) error {
	if transport == "unix" {
		if endpoint == "" {
			return invalid.Key("endpoint", "must be the path of the socket")
		}
		return nil
	}
	return invalid.Listen(endpoint, "0.0.0.0:4317")
}
