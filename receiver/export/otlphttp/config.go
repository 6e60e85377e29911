package otlphttp

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/otlpctl/otlpctl/receiver/export/balanced"
	"github.com/otlpctl/otlpctl/receiver/export/internal/body"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/internal/secret"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Config is the configuration of an otlphttp exporter. The keys are the
// Collector's, with its meaning and defaults, but for balance, gzip_multi_member and
// where a comment says otherwise.
type Config struct {
	Endpoint         string `yaml:"endpoint" doc:"The backend's base URL, such as https://backend:4318; /v1/traces and so on are appended. consul://, dns://host:port, etcd://, eureka://, kubernetes:// and static:// name a service, whose instances are found and balanced: with TLS unless tls.insecure is set."`
	TracesEndpoint   string `yaml:"traces_endpoint" doc:"The whole URL for traces, in place of endpoint."`
	MetricsEndpoint  string `yaml:"metrics_endpoint" doc:"The whole URL for metrics, in place of endpoint."`
	LogsEndpoint     string `yaml:"logs_endpoint" doc:"The whole URL for logs, in place of endpoint."`
	ProfilesEndpoint string `yaml:"profiles_endpoint" doc:"The whole URL for profiles, in place of endpoint."`

	Balance balanced.Config `yaml:"balance" doc:"How batches are spread over the instances of an endpoint that names a service."`

	Encoding          string                 `yaml:"encoding" doc:"How requests are encoded." enum:"proto|json"`
	Compression       string                 `yaml:"compression" doc:"How requests are compressed." enum:"none|gzip|zstd|"`
	CompressionParams CompressionParams      `yaml:"compression_params" doc:"How hard to compress."`
	Headers           map[string]secret.Text `yaml:"headers" doc:"Headers to send with every request." secret:"true"`
	Timeout           time.Duration          `yaml:"timeout" doc:"End an attempt to send after this time; 0 never does." min:"0s"`
	TLS               tlsconf.Client         `yaml:"tls" doc:"TLS for endpoints of scheme https."`

	ReadBufferSize       int           `yaml:"read_buffer_size" doc:"Read from a connection up to this much at a time; 0 leaves it to net/http." unit:"bytes" min:"0"`
	WriteBufferSize      int           `yaml:"write_buffer_size" doc:"Write to a connection up to this much at a time; 0 leaves it to net/http." unit:"bytes" min:"0"`
	MaxIdleConns         int           `yaml:"max_idle_conns" doc:"Keep up to this many unused connections; 0 is no limit." min:"0"`
	MaxIdleConnsPerHost  int           `yaml:"max_idle_conns_per_host" doc:"Keep up to this many unused connections to one host; 0 leaves it to max_idle_conns." min:"0"`
	MaxConnsPerHost      int           `yaml:"max_conns_per_host" doc:"Have up to this many connections to one host; 0 is no limit." min:"0"`
	IdleConnTimeout      time.Duration `yaml:"idle_conn_timeout" doc:"Close a connection that was not used for this time; 0 never does." min:"0s"`
	DisableKeepAlives    bool          `yaml:"disable_keep_alives" doc:"Use a connection for a single request."`
	HTTP2ReadIdleTimeout time.Duration `yaml:"http2_read_idle_timeout" doc:"Ping the backend when an HTTP/2 connection is quiet for this time; 0 never does." min:"0s"`
	HTTP2PingTimeout     time.Duration `yaml:"http2_ping_timeout" doc:"Close an HTTP/2 connection when the answer to a ping takes longer; 0 is 15s." min:"0s"`
	ProxyURL             string        `yaml:"proxy_url" doc:"The proxy to use; empty leaves it to HTTP_PROXY, HTTPS_PROXY and NO_PROXY."`
	ForceAttemptHTTP2    bool          `yaml:"force_attempt_http2" doc:"Use HTTP/2 with https endpoints that have it."`

	SendingQueue   pipeline.QueueConfig `yaml:"sending_queue" doc:"The queue in front of the exporter."`
	RetryOnFailure pipeline.RetryConfig `yaml:"retry_on_failure" doc:"How a batch is sent again after a failure that may pass."`

	GzipMultiMember bool `yaml:"gzip_multi_member" doc:"Send compressed requests on without recompressing them, as several gzip members in one body (encoding proto only). Some backends read only the first and drop the rest without an error (known: those that use flate2's GzDecoder)."`
}

// CompressionParams is compression_params.
type CompressionParams struct {
	Level int `yaml:"level" doc:"The algorithm's level: 1 to 9 for gzip, 1 to 22 for zstd; 0 is the fastest, -1 the algorithm's usual one." min:"-2" max:"22"`
}

// The encodings.
const (
	encodingProto = "proto"
	encodingJSON  = "json"
)

// DefaultConfig returns the Collector's defaults: protobuf, gzip, 30 s to an attempt.
func DefaultConfig() Config {
	return Config{
		Encoding: encodingProto, Compression: compression.Gzip.String(), Timeout: 30 * time.Second,
		WriteBufferSize: 512 << 10, MaxIdleConns: 100, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
		Balance:      balanced.DefaultConfig(),
		SendingQueue: pipeline.DefaultQueueConfig(), RetryOnFailure: pipeline.DefaultRetryConfig(),
	}
}

// Validate checks what can be checked without a connection.
func (c *Config) Validate() error {
	errs := append(c.checkURLs(), c.Balance.Check(c.Endpoint))
	if c.Encoding != encodingProto && c.Encoding != encodingJSON {
		errs = append(errs, invalid.Key("encoding", "%q is not known: use proto or json", c.Encoding))
	}
	if a, err := compression.Parse(c.Compression); err != nil {
		errs = append(errs, invalid.Key("compression", "%s", err))
	} else if !a.ValidLevel(c.CompressionParams.Level) {
		errs = append(errs, invalid.Key("compression_params.level", "%s has no level %d", a, c.CompressionParams.Level))
	}
	if _, err := c.proxy(); err != nil {
		errs = append(errs, err)
	}
	for name, value := range c.Headers {
		if problem := badHeader(name, string(value)); problem != "" {
			errs = append(errs, invalid.Key("headers."+name, "%s", problem))
		}
	}
	return errors.Join(dedupe(errs)...)
}

// checkURLs returns what is wrong with the endpoints.
func (c *Config) checkURLs() []error {
	var errs []error
	anywhere := balanced.Named(c.Endpoint)
	for _, sig := range wire.Signals() {
		u, err := c.url(sig)
		errs = append(errs, err)
		if key, own := c.own(sig); own != "" && balanced.Named(c.Endpoint) {
			errs = append(errs, invalid.Key(key, "cannot be set beside an endpoint that names a service: use another exporter for %s", sig))
		}
		anywhere = anywhere || u != nil
	}
	if !anywhere && errors.Join(errs...) == nil {
		errs = append(errs, invalid.Key("endpoint", "is missing: set it to the backend's base URL, such as http://localhost:4318"))
	}
	return errs
}

// At returns the configuration for one instance of the service that the endpoint
// names: with TLS, unless that is switched off.
func (c *Config) At(addr string) Config {
	one := *c
	one.Endpoint, one.Balance = "https://"+addr, balanced.DefaultConfig()
	if one.TLS.Plaintext() {
		one.Endpoint = "http://" + addr
	}
	if one.TLS.ServerName == "" {
		one.TLS.ServerName = balanced.ServerName(c.Endpoint)
	}
	return one
}

// dedupe leaves out errors that say the same: the base URL is part of every signal's.
func dedupe(errs []error) []error {
	seen := map[string]bool{}
	var rest []error
	for _, err := range errs {
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			rest = append(rest, err)
		}
	}
	return rest
}

// Lacks returns what is wrong with the endpoint for a signal: that there are URLs, but none for this one. Empty is
// nothing; what else is wrong with them, Validate says.
func (c *Config) Lacks(sig wire.Signal) (problem string) {
	if balanced.Named(c.Endpoint) || errors.Join(c.checkURLs()...) != nil {
		return ""
	}
	if u, err := c.url(sig); u != nil || err != nil {
		return ""
	}
	key, _ := c.own(sig)
	return fmt.Sprintf("is missing, and so is %s: one of them must be set to send %s", key, sig)
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
	if c.Encoding == encodingJSON {
		s.Passthrough, s.MaxRequestBytes = pipeline.PassNone, pipeline.MaxOTLPRequestBytes/jsonGrowth
	}
	return s
}

// own returns the signal's own endpoint and its key.
func (c *Config) own(sig wire.Signal) (key, endpoint string) {
	switch sig {
	case wire.Traces:
		endpoint = c.TracesEndpoint
	case wire.Metrics:
		endpoint = c.MetricsEndpoint
	case wire.Logs:
		endpoint = c.LogsEndpoint
	default:
		endpoint = c.ProfilesEndpoint
	}
	return sig.String() + "_endpoint", endpoint
}

// url returns where the signal goes, or nil if the configuration does not say.
func (c *Config) url(sig wire.Signal) (*url.URL, error) {
	key, endpoint := c.own(sig)
	switch {
	case endpoint != "":
		return parseURL(key, endpoint)
	case c.Endpoint == "", balanced.Named(c.Endpoint): // each instance has its own
		return nil, nil //nolint:nilnil // no URL is an answer of its own, documented above
	}
	u, err := parseURL("endpoint", c.Endpoint)
	if err != nil {
		return nil, err
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + sig.Path()
	if u.RawPath != "" {
		u.RawPath = strings.TrimSuffix(u.RawPath, "/") + sig.Path()
	}
	return u, nil
}

func parseURL(key, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case balanced.Named(text):
		return nil, invalid.Key(key, "is a service's name, which only endpoint can be")
	case strings.HasPrefix(text, "dns:"):
		return nil, invalid.Key(key, "is in the form of gRPC: write dns://host:port")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		// The text itself may hold a password.
		return nil, invalid.Key(key, "is no URL: it must begin with http:// or https:// and name a host")
	case u.Fragment != "":
		return nil, invalid.Key(key, "has a fragment (#%s), which is never sent", u.Fragment)
	}
	return u, nil
}

// proxy returns the configured proxy, or nil.
func (c *Config) proxy() (*url.URL, error) {
	if c.ProxyURL == "" {
		return nil, nil //nolint:nilnil // no proxy is an answer of its own, documented above
	}
	u, err := url.Parse(c.ProxyURL)
	if err != nil || u.Host == "" {
		return nil, invalid.Key("proxy_url", "is no URL, such as http://proxy:3128")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, invalid.Key("proxy_url", "has the scheme %q: use http, https or socks5", u.Scheme)
}

// badHeader returns what is wrong with a header, without its value.
func badHeader(name, value string) string {
	switch strings.ToLower(name) {
	case "content-encoding", "content-length", "transfer-encoding":
		return fmt.Sprintf("%s is the exporter's to set", name)
	}
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return "is no valid name of a header"
	case !httpguts.ValidHeaderFieldValue(value):
		return "the value has characters that a header cannot have"
	}
	return ""
}
