package row

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

//nolint:gochecknoglobals // immutable table
var payloads = []struct {
	sig  wire.Signal
	make func(n int) proto.Message
}{
	{wire.Traces, func(n int) proto.Message { return otlptest.Traces(n) }},
	{wire.Metrics, func(n int) proto.Message { return otlptest.Metrics(n) }},
	{wire.Logs, func(n int) proto.Message { return otlptest.Logs(n) }},
}

// nobody takes rows.
type nobody struct{}

func (nobody) Resource(*Resource) error { return nil }
func (nobody) Scope(*Scope) error       { return nil }
func (nobody) Metric(*Metric) error     { return nil }
func (nobody) Span(*Span) error         { return nil }
func (nobody) Point(*Point) error       { return nil }
func (nobody) Log(*Log) error           { return nil }

func BenchmarkDecode(b *testing.B) {
	const items = 100
	for _, c := range payloads {
		b.Run(c.sig.String(), func(b *testing.B) {
			request := otlptest.Encode(c.make(items))
			var d Decoder
			b.SetBytes(int64(len(request)))
			b.ReportAllocs()
			for b.Loop() {
				d.Reset(received())
				if err := d.Decode(c.sig, request, nobody{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*items), "ns/item")
		})
	}
}

func BenchmarkAppendSpan(b *testing.B) {
	spans := record(b, wire.Traces, otlptest.Encode(otlptest.Traces(1))).spans
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = AppendSpan(dst[:0], &spans[0]); err != nil {
			b.Fatal(err)
		}
	}
}

// In the end decoding allocates nothing, however odd the items.
func TestNoAllocations(t *testing.T) {
	requests := wholeRequests()
	for _, c := range payloads {
		for _, m := range []proto.Message{c.make(100), requests[c.sig]} {
			request := otlptest.Encode(m)
			var d Decoder
			decode := func() {
				d.Reset(received())
				if err := d.Decode(c.sig, request, nobody{}); err != nil {
					t.Error(err)
				}
			}
			decode()
			if n := testing.AllocsPerRun(10, decode); n != 0 {
				t.Errorf("%s: %v allocations", c.sig, n)
			}
		}
	}
}
