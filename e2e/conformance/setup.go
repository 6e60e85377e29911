package conformance

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// settings are keys of a configuration. At the top, a key is a path; its first part may be "grpc" or "http", a protocol
// of the receiver, or "exporter", the one that there is by default.
type settings map[string]any

// setup is how a process is to run. The zero value takes all signals in on both protocols and sends them on over
// gRPC, one by one, while the client waits for the backend's verdict: whatever was acknowledged has arrived.
type setup struct {
	overHTTP  bool       // send on over HTTP
	behind    *sink.Sink // the backend; nil starts one
	endpoint  string     // where to send, if that is not the backend itself
	exporters []string   // of the pipelines, if there are others than the usual one
	with      settings
}

// queued makes the exporter acknowledge what sits in its queue.
func queued(size, consumers int) settings {
	return settings{"exporter.sending_queue": settings{"enabled": true, "queue_size": size, "num_consumers": consumers}}
}

// retrying makes the exporter retry soon, and for ever.
func retrying() settings {
	return settings{"exporter.retry_on_failure": settings{
		"enabled": true, "initial_interval": "20ms", "max_interval": "20ms", "multiplier": 1,
		"randomization_factor": 0, "max_elapsed_time": "0s",
	}}
}

// join returns the settings of several.
func join(all ...settings) settings {
	out := settings{}
	for _, s := range all {
		maps.Copy(out, s)
	}
	return out
}

// exporterTo returns the settings of an exporter without queue and retries.
func exporterTo(endpoint string) settings {
	return settings{
		"endpoint": endpoint, "compression": "none", "timeout": "30s", "tls": settings{"insecure": true},
		"sending_queue": settings{"enabled": false}, "retry_on_failure": settings{"enabled": false},
	}
}

// exporter returns the name of the usual exporter.
func (s *setup) exporter() string {
	if s.overHTTP {
		return "otlphttp"
	}
	return "otlp"
}

// config returns the configuration as JSON, which is YAML.
func (s *setup) config(more settings) ([]byte, error) {
	exporter, pipelines := s.exporter(), settings{}
	names := s.exporters
	if names == nil {
		names = []string{exporter}
	}
	processors := []string{}
	if _, batching := s.with["processors.batch"]; batching {
		processors = append(processors, "batch")
	}
	for _, sig := range signal.All() {
		pipelines[sig.String()] = settings{"receivers": []string{"otlp"}, "processors": processors, "exporters": names}
	}
	root := settings{"service": settings{"pipelines": pipelines}}
	root.set(s.expand("exporter"), exporterTo(s.endpoint))
	for path, value := range join(more, s.with) {
		root.set(s.expand(path), value)
	}
	return json.Marshal(root)
}

// expand returns the whole path for a path that begins with a short name.
func (s *setup) expand(path string) []string {
	first, rest, _ := strings.Cut(path, ".")
	var parts []string
	switch first {
	case "grpc", "http":
		parts = []string{"receivers", "otlp", "protocols", first}
	case "exporter":
		parts = []string{"exporters", s.exporter()}
	default:
		return strings.Split(path, ".")
	}
	if rest == "" {
		return parts
	}
	return append(parts, strings.Split(rest, ".")...)
}

// set puts a value at a path.
func (s settings) set(path []string, value any) {
	if len(path) == 1 {
		s[path[0]] = value
		return
	}
	below, ok := s[path[0]].(settings)
	if !ok {
		below = settings{}
		s[path[0]] = below
	}
	below.set(path[1:], value)
}
