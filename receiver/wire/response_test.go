package wire

import (
	"testing"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

func TestPartialSuccess(t *testing.T) {
	f := func(rejected int64, message string) {
		t.Helper()
		b := AppendPartialSuccess(nil, rejected, message)
		var m coltrace.ExportTraceServiceResponse
		if err := proto.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if got := m.GetPartialSuccess(); got.GetRejectedSpans() != rejected || got.GetErrorMessage() != message {
			t.Errorf("the reference decoder reads %v", got)
		}
		gotN, gotM, ok := PartialSuccess(b)
		if !ok || gotN != rejected || gotM != message {
			t.Errorf("PartialSuccess = %d, %q, %v, want %d, %q", gotN, gotM, ok, rejected, message)
		}
	}
	f(0, "")
	f(3, "")
	f(0, "accepted, but …")
	f(1<<40, "too many")
	if len(AppendPartialSuccess(nil, 0, "")) != 0 {
		t.Error("R5: full success must leave partial_success unset")
	}
	if _, _, ok := PartialSuccess([]byte{0x0a, 0x05, 1}); ok {
		t.Error("a broken response was read")
	}
}
