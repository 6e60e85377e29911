package load

import (
	"strings"

	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/export/otlp"
	"github.com/otlpctl/otlpctl/receiver/export/otlphttp"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// config returns the configuration of the exporter that sends a signal there.
func (t *Target) config(sig wire.Signal) receiver.ExporterConfig {
	secure := t.TLS
	if t.Plaintext() {
		secure = tlsconf.Client{Insecure: true}
	}
	compression := t.Compression
	if compression == "" {
		compression = "none"
	}
	if t.By() == GRPC {
		c := otlp.DefaultConfig()
		c.Endpoint, c.TLS, c.Compression = strings.TrimSuffix(t.endpoint(), "/"), secure, compression
		setHeaders(&c.Headers, t.Headers)
		return &c
	}
	c := otlphttp.DefaultConfig()
	c.TLS, c.Compression = secure, compression
	if t.By() == HTTPJSON {
		c.Encoding = "json"
	}
	setHeaders(&c.Headers, t.Headers)
	if t.Exact {
		*own(&c, sig) = t.url()
	} else {
		c.Endpoint = t.url()
	}
	return &c
}

// url returns the endpoint for HTTP.
func (t *Target) url() string {
	switch {
	case strings.Contains(t.endpoint(), "://"):
		return t.endpoint()
	case t.Plaintext():
		return "http://" + t.endpoint()
	default:
		return "https://" + t.endpoint()
	}
}

// own returns where a signal has a URL of its own.
func own(c *otlphttp.Config, sig wire.Signal) *string {
	switch sig {
	case wire.Traces:
		return &c.TracesEndpoint
	case wire.Metrics:
		return &c.MetricsEndpoint
	default:
		return &c.LogsEndpoint
	}
}

// setHeaders copies headers to a map of a type that hides its values.
func setHeaders[T ~string](to *map[string]T, headers map[string]string) {
	if len(headers) == 0 {
		return
	}
	*to = make(map[string]T, len(headers))
	for name, value := range headers {
		(*to)[name] = T(value)
	}
}
