package wire

import (
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The table is written by hand; the official descriptors say what it must hold.
// Profiles have no published Go descriptors and are not compared here.
func TestSchemaMatchesDescriptors(t *testing.T) {
	seen := map[MessageID]bool{}
	var compare func(id MessageID, md protoreflect.MessageDescriptor)
	compare = func(id MessageID, md protoreflect.MessageDescriptor) {
		if seen[id] {
			return
		}
		seen[id] = true
		if id.String() != string(md.Name()) {
			t.Errorf("message %d is called %q, want %q", id, id, md.Name())
		}
		fields := md.Fields()
		if got, want := len(id.Fields()), fields.Len(); got != want {
			t.Errorf("%s has %d fields, want %d", id, got, want)
		}
		for _, f := range id.Fields() {
			fd := fields.ByNumber(protoreflect.FieldNumber(f.Number))
			if fd == nil {
				t.Errorf("%s.%s: no field %d in the descriptor", id, f.Name, f.Number)
				continue
			}
			if f.Name != fd.JSONName() {
				t.Errorf("%s field %d is called %q, want %q", id, f.Number, f.Name, fd.JSONName())
			}
			if want := kindOf(fd); f.Kind != want {
				t.Errorf("%s.%s has kind %d, want %d", id, f.Name, f.Kind, want)
			}
			if want := labelOf(fd); f.Label != want {
				t.Errorf("%s.%s has label %d, want %d", id, f.Name, f.Label, want)
			}
			if f.Kind == Message {
				compare(f.Message, fd.Message())
			}
		}
	}
	compare(ExportTraceServiceRequest, (&coltrace.ExportTraceServiceRequest{}).ProtoReflect().Descriptor())
	compare(ExportMetricsServiceRequest, (&colmetrics.ExportMetricsServiceRequest{}).ProtoReflect().Descriptor())
	compare(ExportLogsServiceRequest, (&collogs.ExportLogsServiceRequest{}).ProtoReflect().Descriptor())
	if len(seen) != 34 {
		t.Errorf("compared %d messages, want 34", len(seen))
	}
}

func labelOf(fd protoreflect.FieldDescriptor) Label {
	switch {
	case fd.IsList():
		return Repeated
	case fd.HasPresence():
		return Optional
	default:
		return Singular
	}
}

func kindOf(fd protoreflect.FieldDescriptor) Kind {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return Bool
	case protoreflect.Int32Kind:
		return Int32
	case protoreflect.Uint32Kind:
		return Uint32
	case protoreflect.Sint32Kind:
		return Sint32
	case protoreflect.Int64Kind:
		return Int64
	case protoreflect.Uint64Kind:
		return Uint64
	case protoreflect.EnumKind:
		return Enum
	case protoreflect.Fixed32Kind:
		return Fixed32
	case protoreflect.Fixed64Kind:
		return Fixed64
	case protoreflect.Sfixed64Kind:
		return Sfixed64
	case protoreflect.DoubleKind:
		return Double
	case protoreflect.StringKind:
		return String
	case protoreflect.MessageKind:
		return Message
	case protoreflect.BytesKind:
		switch fd.Name() {
		case "trace_id":
			return ID16
		case "span_id", "parent_span_id":
			return ID8
		}
		return Bytes
	default:
		return 0
	}
}

// Every item is reached through parents only, and every parent leads to items:
// Split and the scanner rely on both.
func TestParentsLeadToItems(t *testing.T) {
	for _, id := range Messages() {
		leads := false
		for _, f := range id.Fields() {
			if f.Kind == Message && (f.Message.Items() || messages[f.Message].parent) {
				leads = true
			}
		}
		if leads != messages[id].parent {
			t.Errorf("%s: parent is %v, want %v", id, messages[id].parent, leads)
		}
	}
}
