package otlp

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/otlpctl/otlpctl/receiver/export/balanced"
	"github.com/otlpctl/otlpctl/receiver/export/internal/body"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/internal/secret"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// Config is the configuration of an otlp exporter. The keys are the Collector's,
// with its meaning and defaults, but for balance, connections and gzip_multi_member.
type Config struct {
	Endpoint        string                 `yaml:"endpoint" doc:"Where to send to: host:port, or unix:///path/to/socket. A scheme of https always uses TLS; http leaves it to tls. consul://, etcd://, eureka://, kubernetes://, static:// and dns://host:port name a service, whose instances are found and balanced. Other schemes are gRPC's own, such as dns:///host:port."`
	Balance         balanced.Config        `yaml:"balance" doc:"How batches are spread over the instances of an endpoint that names a service."`
	TLS             tlsconf.Client         `yaml:"tls" doc:"TLS to the backend, on by default; insecure: true sends in plain text."`
	Compression     string                 `yaml:"compression" doc:"How requests are compressed." enum:"none|gzip|zstd|"`
	Headers         map[string]secret.Text `yaml:"headers" doc:"Metadata to send with every request." secret:"true"`
	Keepalive       *Keepalive             `yaml:"keepalive" doc:"Ping the backend when a connection is quiet; off unless set."`
	ReadBufferSize  int                    `yaml:"read_buffer_size" doc:"Read from a connection up to this much at a time; 0 leaves it to gRPC." unit:"bytes" min:"0"`
	WriteBufferSize int                    `yaml:"write_buffer_size" doc:"Write to a connection up to this much at a time; 0 leaves it to gRPC." unit:"bytes" min:"0"`
	WaitForReady    bool                   `yaml:"wait_for_ready" doc:"Let a request wait for a connection instead of failing at once; it still ends with its timeout."`
	UserAgent       string                 `yaml:"user_agent" doc:"What to send as User-Agent; empty names otlpctl and its version."`
	BalancerName    string                 `yaml:"balancer_name" doc:"How requests are spread when the endpoint's name has several addresses: pick_first or round_robin."`
	Authority       string                 `yaml:"authority" doc:"What to send as :authority in place of the endpoint's host."`
	Timeout         time.Duration          `yaml:"timeout" doc:"End an attempt to send after this time; 0 never does." min:"0s"`
	SendingQueue    pipeline.QueueConfig   `yaml:"sending_queue" doc:"The queue in front of the exporter."`
	RetryOnFailure  pipeline.RetryConfig   `yaml:"retry_on_failure" doc:"How a batch is sent again after a failure that may pass."`

	Connections     int  `yaml:"connections" doc:"Connections to each address, which requests use in turn." min:"1" max:"1000"`
	GzipMultiMember bool `yaml:"gzip_multi_member" doc:"Send compressed requests on without recompressing them, as several gzip members in one body. Some backends read only the first and drop the rest without an error (known: flate2's GzDecoder, as in tonic)."`
}

// Keepalive is the client's part of gRPC's keepalive.
type Keepalive struct {
	Time                time.Duration `yaml:"time" doc:"Ping after this time without any activity; gRPC takes 10s at least." min:"0s"`
	Timeout             time.Duration `yaml:"timeout" doc:"Close the connection if the answer to a ping takes longer." min:"0s"`
	PermitWithoutStream bool          `yaml:"permit_without_stream" doc:"Ping when no request is under way, too."`
}

// SetDefaults sets the values of a keepalive section that says nothing else.
func (k *Keepalive) SetDefaults() { k.Time, k.Timeout = 10*time.Second, 10*time.Second }

// DefaultConfig returns the Collector's defaults: gzip, TLS, 5 s to an attempt.
func DefaultConfig() Config {
	return Config{
		Compression: compression.Gzip.String(), WriteBufferSize: 512 << 10, BalancerName: "round_robin",
		Timeout: 5 * time.Second, Connections: 1, Balance: balanced.DefaultConfig(),
		SendingQueue: pipeline.DefaultQueueConfig(), RetryOnFailure: pipeline.DefaultRetryConfig(),
	}
}

// Validate checks what can be checked without a connection.
func (c *Config) Validate() error {
	_, err := c.target()
	errs := []error{err, c.Balance.Check(c.Endpoint)}
	if balanced.Named(c.Endpoint) && c.WaitForReady {
		errs = append(errs, invalid.Key("wait_for_ready", "must be off with an endpoint that names a service: a request would wait for one instance instead of going to another"))
	}
	if _, err := compression.Parse(c.Compression); err != nil {
		errs = append(errs, invalid.Key("compression", "%s", err))
	}
	if c.BalancerName != "" && balancer.Get(c.BalancerName) == nil {
		errs = append(errs, invalid.Key("balancer_name", "%q is not known: use pick_first or round_robin", c.BalancerName))
	}
	for name, value := range c.Headers {
		if problem := badHeader(name, string(value)); problem != "" {
			errs = append(errs, invalid.Key("headers."+name, "%s", problem))
		}
	}
	return errors.Join(errs...)
}

// TargetKey returns the key that says where telemetry goes.
func (*Config) TargetKey() string { return "endpoint" }

// Settings returns how a Destination treats the exporter.
func (c *Config) Settings() pipeline.Settings {
	a, _ := compression.Parse(c.Compression) // what cannot be parsed does not pass Validate
	s := pipeline.Settings{
		Queue: c.SendingQueue, Retry: c.RetryOnFailure, Timeout: c.Timeout,
		Passthrough: body.Passthrough(a, c.GzipMultiMember), MaxRequestBytes: pipeline.MaxOTLPRequestBytes,
	}
	if c.Balance.Divides() {
		s.Passthrough = pipeline.PassNone
	}
	return s
}

// At returns the configuration for one instance of the service that the endpoint
// names.
func (c *Config) At(addr string) Config {
	one := *c
	one.Endpoint, one.Balance = addr, balanced.DefaultConfig()
	if one.TLS.ServerName == "" {
		one.TLS.ServerName = balanced.ServerName(c.Endpoint)
	}
	return one
}

// target returns the endpoint in the form that gRPC takes.
func (c *Config) target() (string, error) {
	scheme, rest, hasScheme := strings.Cut(c.Endpoint, "://")
	switch {
	case c.Endpoint == "":
		return "", invalid.Key("endpoint", "is missing: set it to the backend's host:port, such as localhost:4317")
	case !hasScheme:
		return c.Endpoint, c.checkAddress(c.Endpoint)
	case balanced.Named(c.Endpoint):
		return "", nil // each instance has its own
	case scheme == "http", scheme == "https":
		return rest, c.checkAddress(rest)
	case scheme == "unix":
		if rest == "" {
			return "", invalid.Key("endpoint", "has no path: write unix:///path/to/socket")
		}
		return c.Endpoint, nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return "", invalid.Key("endpoint", "%q is not an address: write host:port", c.Endpoint)
	}
	return c.Endpoint, c.checkAddress(strings.TrimPrefix(u.Path, "/"))
}

// checkAddress checks a host:port.
func (c *Config) checkAddress(address string) error {
	if host, path, ok := strings.Cut(address, "/"); ok {
		return invalid.Key("endpoint", "%q has a path (/%s), which gRPC does not use: write %s, or use the otlphttp exporter", c.Endpoint, path, host)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return invalid.Key("endpoint", "%q is not host:port; the port of OTLP over gRPC is 4317", c.Endpoint)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return invalid.Key("endpoint", "%q has no valid port", c.Endpoint)
	}
	return nil
}

// badHeader returns what is wrong with a header for gRPC, without its value.
func badHeader(name, value string) string {
	switch {
	case name == "":
		return "a header needs a name"
	case strings.HasPrefix(strings.ToLower(name), "grpc-"):
		return "names that begin with grpc- belong to gRPC"
	}
	for _, r := range strings.ToLower(name) {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r) {
			return "a name of a header has letters, digits, - _ and . only"
		}
	}
	if strings.HasSuffix(strings.ToLower(name), "-bin") {
		return "" // binary: gRPC encodes it
	}
	for _, r := range value {
		if r < ' ' || r > '~' {
			return "the value has characters other than printable ASCII"
		}
	}
	return ""
}
