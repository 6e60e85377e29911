package load

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// environment is what OpenTelemetry's variables say about a signal.
type environment struct {
	lookup func(name string) (string, bool)
	signal wire.Signal
}

// FromEnvironment returns the target that OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL, _HEADERS, _COMPRESSION, _TIMEOUT,
// _INSECURE, _CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY name, as SDKs read them: those with the name of the
// signal, such as OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, outrank the others, and an empty one is none. What is not set is
// zero in the target. An error names the variable, and never a header's value.
func FromEnvironment(lookup func(name string) (string, bool), sig wire.Signal) (Target, error) {
	e := environment{lookup, sig}
	var t Target
	_, t.Endpoint, t.Exact = e.value("ENDPOINT")
	_, t.TLS.CAFile, _ = e.value("CERTIFICATE")
	_, t.TLS.CertFile, _ = e.value("CLIENT_CERTIFICATE")
	_, t.TLS.KeyFile, _ = e.value("CLIENT_KEY")
	return t, errors.Join(
		e.read("PROTOCOL", func(text string) (err error) {
			t.Protocol, err = ParseProtocol(text)
			return err
		}),
		e.read("COMPRESSION", func(text string) error {
			t.Compression = text
			if text != "none" && text != "gzip" && text != "zstd" {
				return fmt.Errorf("there is no compression %q: use none, gzip or zstd", text)
			}
			return nil
		}),
		e.read("TIMEOUT", func(text string) error {
			ms, err := strconv.ParseUint(text, 10, 31)
			t.Timeout = time.Duration(ms) * time.Millisecond //nolint:gosec // 31 bits
			if err != nil {
				return fmt.Errorf("%q is no number of milliseconds", text)
			}
			return nil
		}),
		e.read("INSECURE", func(text string) error {
			insecure := strings.EqualFold(text, "true")
			t.Insecure = &insecure
			if !insecure && !strings.EqualFold(text, "false") {
				return fmt.Errorf("want true or false, not %q", text)
			}
			return nil
		}),
		e.read("HEADERS", func(text string) (err error) {
			t.Headers, err = parseHeaders(text)
			return err
		}),
	)
}

// value returns the value of a variable, under which name, and whether it is the signal's own.
func (e environment) value(key string) (name, value string, own bool) {
	const prefix = "OTEL_EXPORTER_OTLP_"
	name = prefix + strings.ToUpper(e.signal.String()) + "_" + key
	if value, _ = e.lookup(name); value != "" {
		return name, value, true
	}
	name = prefix + key
	value, _ = e.lookup(name)
	return name, value, false
}

// read parses the value of a variable, if there is one.
func (e environment) read(key string, parse func(text string) error) error {
	name, value, _ := e.value(key)
	if value == "" {
		return nil
	}
	if err := parse(strings.TrimSpace(value)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// parseHeaders reads key=value,key=value, with values in percent-encoding.
func parseHeaders(text string) (map[string]string, error) {
	headers := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		key, encoded, ok := strings.Cut(part, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			return nil, errors.New("want KEY=VALUE,KEY=VALUE; a comma in a value is written as %2C")
		}
		value, err := url.PathUnescape(strings.TrimSpace(encoded))
		if err != nil {
			return nil, fmt.Errorf("the value of %s is no percent-encoding: write %%25 for a percent sign", key)
		}
		headers[key] = value
	}
	return headers, nil
}
