package otlpjson

import (
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The fast paths rely on sizes that the schema could outgrow.
func TestSchemaFitsTables(t *testing.T) {
	if len(schema) != numWidths {
		t.Errorf("the schema has %d messages, numWidths is %d", len(schema), numWidths)
	}
	for _, m := range schema[1:] {
		if len(m.fields) > maxFields {
			t.Errorf("%s has more than maxFields fields", m.id)
		}
		for _, f := range m.fields {
			if len(f.name)+1 > wordSlack {
				t.Errorf("%s.%s is longer than wordSlack", m.id, f.name)
			}
			id := f.kind == wire.ID8 || f.kind == wire.ID16
			if (id || f.kind == wire.Message || f.packed) && (f.tag >= 0x80 || f.packedTag >= 0x80) {
				t.Errorf("%s.%s has a tag of two bytes", m.id, f.name)
			}
			if id && f.presence {
				t.Errorf("%s.%s: an identifier with presence", m.id, f.name)
			}
		}
	}
}

// The official descriptors say which fields are members of a oneof.
func TestOneofsMatchDescriptors(t *testing.T) {
	seen := map[wire.MessageID]bool{}
	var compare func(id wire.MessageID, md protoreflect.MessageDescriptor)
	compare = func(id wire.MessageID, md protoreflect.MessageDescriptor) {
		if seen[id] {
			return
		}
		seen[id] = true
		m := &schema[id]
		for _, f := range m.fields {
			fd := md.Fields().ByJSONName(f.name)
			oneof := fd.ContainingOneof()
			if want := oneof != nil && !oneof.IsSynthetic(); (m.oneof>>f.index&1 != 0) != want {
				t.Errorf("%s.%s: member of a oneof: %v", id, f.name, want)
			}
			if oneof != nil && oneof.Index() != 0 && !oneof.IsSynthetic() {
				t.Errorf("%s has two oneofs", id)
			}
			if f.child != nil {
				compare(f.child.id, fd.Message())
			}
		}
	}
	compare(wire.ExportTraceServiceRequest, (&coltrace.ExportTraceServiceRequest{}).ProtoReflect().Descriptor())
	compare(wire.ExportMetricsServiceRequest, (&colmetrics.ExportMetricsServiceRequest{}).ProtoReflect().Descriptor())
	compare(wire.ExportLogsServiceRequest, (&collogs.ExportLogsServiceRequest{}).ProtoReflect().Descriptor())
}
