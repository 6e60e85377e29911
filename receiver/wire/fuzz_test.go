package wire

import (
	"errors"
	"reflect"
	"testing"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
)

func seeds(f *testing.F) {
	f.Add(uint8(Traces), otlptest.Encode(otlptest.Traces(3)))
	f.Add(uint8(Metrics), otlptest.Encode(otlptest.Metrics(25)))
	f.Add(uint8(Logs), otlptest.Encode(otlptest.Logs(3)))
	f.Add(uint8(Traces), otlptest.Encode(everyValue()))
	f.Add(uint8(Traces), inSpan(msg(9, msg(2, nestedValue(47)))))
	f.Add(uint8(Traces), inSpan([]byte{0xa3, 0x06, 0x08, 0x01, 0xab, 0x06, 0xac, 0x06, 0xa4, 0x06}))
	f.Add(uint8(Profiles), []byte{0x12, 0x02, 0x2a, 0x00})
}

// What Scan accepts, the reference decoder accepts; and what Clean, Split and
// Partition make of it is accepted with the right counts.
func FuzzScan(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, signal uint8, b []byte) {
		sig := Signal(signal) % numSignals
		r, err := Scan(sig, b)
		if err != nil {
			return
		}
		if counted, err := Count(sig, b); err != nil || !reflect.DeepEqual(counted, r) {
			t.Fatalf("Count says %+v, %v, and Scan %+v", counted, err, r)
		}
		if sig != Profiles {
			if err := proto.Unmarshal(b, request(sig)); err != nil {
				t.Fatalf("Scan accepts what the reference decoder refuses: %v", err)
			}
		}
		clean := Clean(nil, sig, b, &r)
		again, err := Scan(sig, clean)
		if err != nil || again.Items != r.Items || !again.Clean() {
			t.Fatalf("after Clean: %+v, %v, before: %+v", again, err, r)
		}
		total := 0
		err = Split(sig, clean, Limit{Items: 2, Bytes: 512}, func(piece []byte, items int) error {
			p, err := Scan(sig, piece)
			if err != nil || p.Items != items || items == 0 {
				t.Fatalf("piece: %+v, %v, Split said %d", p, err, items)
			}
			total += items
			return nil
		})
		if err != nil || total != r.Items {
			t.Fatalf("Split gave %d items, %v, want %d", total, err, r.Items)
		}
		total = 0
		n := 0
		for _, request := range parted(t, sig, clean, func(Item) int { n++; return n % 3 }) {
			p, _ := Scan(sig, request)
			total += p.Items
		}
		if total != r.Items {
			t.Fatalf("Partition gave %d items, want %d", total, r.Items)
		}
	})
}

// Well-formed telemetry whose ids are sound is never refused.
func FuzzScanAcceptsEncoded(f *testing.F) {
	f.Add(otlptest.Encode(otlptest.Traces(2)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m coltrace.ExportTraceServiceRequest
		// A known field of the wrong type would stay as an unknown one, and is refused.
		if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, &m) != nil {
			return
		}
		again := otlptest.Encode(&m)
		var syntax *SyntaxError
		if _, err := Scan(Traces, again); errors.As(err, &syntax) && syntax.Problem != tooDeep.String() {
			t.Fatalf("Scan refuses what the reference encoder wrote: %v", err)
		}
	})
}
