package otlpjson

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

//nolint:gochecknoglobals // immutable table
var payloads = []struct {
	name  string
	sig   wire.Signal
	items int
	make  func(n int) proto.Message
}{
	{"traces-100", wire.Traces, 100, func(n int) proto.Message { return otlptest.Traces(n) }},
	{"traces-3", wire.Traces, 3, func(n int) proto.Message { return otlptest.Traces(n) }},
	{"metrics-100", wire.Metrics, 100, func(n int) proto.Message { return otlptest.Metrics(n) }},
	{"logs-100", wire.Logs, 100, func(n int) proto.Message { return otlptest.Logs(n) }},
}

func BenchmarkAppendWire(b *testing.B) {
	for _, c := range payloads {
		b.Run(c.name, func(b *testing.B) {
			json, err := AppendJSON(nil, c.sig, otlptest.Encode(c.make(c.items)))
			if err != nil {
				b.Fatal(err)
			}
			var dst []byte
			b.SetBytes(int64(len(json)))
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = AppendWire(dst[:0], c.sig, json); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*c.items), "ns/item")
		})
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	for _, c := range payloads {
		b.Run(c.name, func(b *testing.B) {
			request := otlptest.Encode(c.make(c.items))
			var dst []byte
			var err error
			b.SetBytes(int64(len(request)))
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = AppendJSON(dst[:0], c.sig, request); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*c.items), "ns/item")
		})
	}
}

// With room in dst neither direction allocates, however large the document.
func TestNoAllocations(t *testing.T) {
	for _, c := range payloads {
		encoded := otlptest.Encode(c.make(c.items))
		line, err := AppendJSON(nil, c.sig, encoded)
		if err != nil {
			t.Fatal(err)
		}
		room := make([]byte, 0, 2*len(line))
		if n := testing.AllocsPerRun(10, func() { _, err = AppendWire(room, c.sig, line) }); n != 0 || err != nil {
			t.Errorf("%s: AppendWire allocates %v times, %v", c.name, n, err)
		}
		if n := testing.AllocsPerRun(10, func() { _, err = AppendJSON(room, c.sig, encoded) }); n != 0 || err != nil {
			t.Errorf("%s: AppendJSON allocates %v times, %v", c.name, n, err)
		}
	}
}
