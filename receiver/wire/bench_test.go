package wire

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
)

func BenchmarkScan(b *testing.B) {
	for _, c := range []struct {
		name  string
		sig   Signal
		items int
		msg   proto.Message
	}{
		{"traces-100", Traces, 100, otlptest.Traces(100)},
		{"traces-3", Traces, 3, otlptest.Traces(3)},
		{"metrics-100", Metrics, 100, otlptest.Metrics(100)},
		{"logs-100", Logs, 100, otlptest.Logs(100)},
	} {
		b.Run(c.name, func(b *testing.B) {
			data := otlptest.Encode(c.msg)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if r, err := Scan(c.sig, data); err != nil || r.Items != c.items {
					b.Fatal(r, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*c.items), "ns/item")
		})
	}
}

func BenchmarkCount(b *testing.B) {
	data := otlptest.Encode(otlptest.Traces(100))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := Count(Traces, data); err != nil || r.Items != 100 {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkPartition(b *testing.B) {
	data := otlptest.Encode(otlptest.Traces(1000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		items := 0
		group := func(i Item) int { return int(i.TraceID[15] % 10) }
		err := Partition(Traces, data, 4*len(data), group, func(_ int, _ []byte, n int) error {
			items += n
			return nil
		})
		if err != nil || items != 1000 {
			b.Fatal(items, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*1000), "ns/item")
}
