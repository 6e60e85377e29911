package receiver

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/export/file"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

func TestDefaultConfigIsValid(t *testing.T) {
	c := DefaultConfig()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if unused := c.Unused(); len(unused) > 0 {
		t.Errorf("unused: %q", unused)
	}
}

func TestValidate(t *testing.T) {
	f := func(want string, edit func(*Config)) {
		t.Helper()
		c := DefaultConfig()
		edit(&c)
		err := c.Validate()
		switch {
		case want == "" && err != nil:
			t.Errorf("got %v, want no error", err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("got %v, want %q", err, want)
		}
	}
	pipelineOf := func(id ID, p PipelineConfig) func(*Config) {
		return func(c *Config) { c.Service.Pipelines = map[ID]PipelineConfig{id: p} }
	}
	both := PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"debug"}}
	f("", pipelineOf("traces/second", both))
	f("", pipelineOf("profiles", both))
	f(`service.pipelines.spans: "spans" is no signal`, pipelineOf("spans", both))
	f("no pipeline is defined", func(c *Config) { c.Service.Pipelines = nil })
	f("service.pipelines.logs: has no receivers", pipelineOf("logs", PipelineConfig{Exporters: []ID{"debug"}}))
	f("service.pipelines.logs: has no exporters", pipelineOf("logs", PipelineConfig{Receivers: []ID{"otlp"}}))
	f(`service.pipelines.logs.exporters[1]: "oltp" is not defined under exporters (there: debug)`,
		pipelineOf("logs", PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"debug", "oltp"}}))
	f(`service.pipelines.logs.processors[0]: "batch" is not defined under processors (there: nothing)`,
		pipelineOf("logs", PipelineConfig{Receivers: []ID{"otlp"}, Processors: []ID{"batch"}, Exporters: []ID{"debug"}}))
	f(`receivers[1]: "otlp" is listed twice`, pipelineOf("logs", PipelineConfig{Receivers: []ID{"otlp", "otlp"}, Exporters: []ID{"debug"}}))
	f("receivers.otlp.protocols.grpc.endpoint: 127.0.0.1:8888 is taken by admin.endpoint (0.0.0.0:8888)",
		func(c *Config) { c.Receivers["otlp"].Protocols.GRPC.Endpoint = "127.0.0.1:8888" })
	f("", func(c *Config) { // nothing listens for a receiver that no pipeline names
		other := ingest.DefaultConfig()
		other.Protocols = c.Receivers["otlp"].Protocols
		c.Receivers["otlp/unused"] = &other
	})
	f("exporters.file/b.path: out.json is the file of exporter file/a too", func(c *Config) {
		for _, id := range []ID{"file/a", "file/b"} {
			c.Exporters[id] = &file.Config{Path: "./out.json"}
		}
		pipelineOf("logs", PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"file/a", "file/b"}})(c)
	})
	f("service.telemetry.metrics.address: 0.0.0.0:4318 is taken by receivers.otlp.protocols.http.endpoint",
		func(c *Config) { c.Service.Telemetry.Metrics.Address = "0.0.0.0:4318" })
	f("", func(c *Config) { c.Service.Telemetry.Metrics.Address = "localhost:8888" }) // the admin port has it
}

func TestOverlap(t *testing.T) {
	f := func(a, b string, want bool) {
		t.Helper()
		if overlap(a, b) != want || overlap(b, a) != want {
			t.Errorf("overlap(%s, %s) is not %v both ways", a, b, want)
		}
	}
	f("0.0.0.0:1", "127.0.0.1:1", true)
	f("0.0.0.0:1", "127.0.0.1:2", false)
	f("127.0.0.1:1", "localhost:1", true)
	f("127.0.0.1:1", "127.0.0.2:1", false)
	f("[::]:1", "10.0.0.1:1", true)
	f(":1", "host:1", true)
	f("host:1", "host:1", true)
	f("host:1", "other:1", false)
	f("127.0.0.1:0", "127.0.0.1:0", false)
	f("[::1]:1", "[::ffff:127.0.0.1]:1", false)
	f("not an address", "not an address", false)
}

func TestEveryComponentTypeHasDefaults(t *testing.T) {
	types := append(ExporterTypes(), "logging")
	for _, typ := range types {
		if c := NewExporterConfig(typ); c == nil {
			t.Errorf("exporter %s has no defaults", typ)
		} else if typ != "file" && typ != "database" && !strings.HasPrefix(typ, "otlp") && c.Validate() != nil {
			t.Errorf("the defaults of exporter %s are invalid: %v", typ, c.Validate())
		}
	}
	for _, typ := range ProcessorTypes() {
		if NewProcessorConfig(typ) == nil {
			t.Errorf("processor %s has no defaults", typ)
		}
	}
	if NewExporterConfig("kafka") != nil || NewProcessorConfig("filter") != nil || NewReceiverConfig("jaeger") != nil {
		t.Error("a type that does not exist has defaults")
	}
	var _ ProcessorConfig = (*pipeline.LimiterConfig)(nil)
}
