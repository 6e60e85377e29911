package load

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/tlsconf"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func variables(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range pairs {
			if value, ok := strings.CutPrefix(pair, "OTEL_EXPORTER_OTLP_"); ok {
				if value, ok := strings.CutPrefix("OTEL_EXPORTER_OTLP_"+value, name+"="); ok {
					return value, true
				}
			}
		}
		return "", false
	}
}

func TestFromEnvironment(t *testing.T) {
	f := func(sig wire.Signal, want Target, pairs ...string) {
		t.Helper()
		got, err := FromEnvironment(variables(pairs...), sig)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, %v, want %+v", pairs, got, err, want)
		}
	}
	on := true
	f(wire.Traces, Target{})
	f(wire.Traces, Target{}, "OTEL_EXPORTER_OTLP_PROTOCOL=", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://m")
	f(wire.Logs, Target{
		Endpoint: "https://gateway:4318", Protocol: HTTPJSON, Compression: "gzip", Timeout: 1500 * time.Millisecond, Insecure: &on,
		Headers: map[string]string{"authorization": "Bearer a,b", "x": "1", "empty": ""},
		TLS:     tlsconf.Client{Common: tlsconf.Common{CAFile: "ca.pem", CertFile: "me.pem", KeyFile: "key.pem"}},
	}, "OTEL_EXPORTER_OTLP_ENDPOINT=https://gateway:4318", "OTEL_EXPORTER_OTLP_PROTOCOL=http/json",
		"OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "OTEL_EXPORTER_OTLP_TIMEOUT=1500", "OTEL_EXPORTER_OTLP_INSECURE=True",
		"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20a%2Cb, x = 1,empty=,", "OTEL_EXPORTER_OTLP_CERTIFICATE=ca.pem",
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=me.pem", "OTEL_EXPORTER_OTLP_CLIENT_KEY=key.pem")
	f(wire.Traces, Target{Endpoint: "http://t/in", Exact: true, Protocol: GRPC},
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://all", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://t/in",
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc")
}

func TestFromEnvironmentErrors(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		_, err := FromEnvironment(variables(pairs...), wire.Traces)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v: %v, want %q", pairs, err, want)
		}
	}
	f(`OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: there is no protocol "udp"`, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=udp")
	f(`OTEL_EXPORTER_OTLP_TIMEOUT: "10s" is no number of milliseconds`, "OTEL_EXPORTER_OTLP_TIMEOUT=10s")
	f(`OTEL_EXPORTER_OTLP_COMPRESSION: there is no compression "lz4"`, "OTEL_EXPORTER_OTLP_COMPRESSION=lz4")
	f(`OTEL_EXPORTER_OTLP_INSECURE: want true or false`, "OTEL_EXPORTER_OTLP_INSECURE=1")
	f("OTEL_EXPORTER_OTLP_HEADERS: want KEY=VALUE", "OTEL_EXPORTER_OTLP_HEADERS=hunter2")
	f("OTEL_EXPORTER_OTLP_HEADERS: the value of token is no percent-encoding", "OTEL_EXPORTER_OTLP_HEADERS=token=hunter2%")
}
