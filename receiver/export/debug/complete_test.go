package debug

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Detailed is everything: each field that is set has its place, as often as it is set.
func TestDetailedIsComplete(t *testing.T) {
	f := func(sig wire.Signal, request proto.Message) {
		t.Helper()
		got := printed(t, Detailed, batch(sig, request))
		want := map[string]int{}
		count(request.ProtoReflect(), want)
		for name, n := range want {
			found := 0
			for line := range strings.Lines(got) {
				line = strings.TrimSpace(line)
				if line == name || strings.HasPrefix(line, name+":") || strings.HasPrefix(line, name+"[") {
					found++
				}
			}
			if found != n {
				t.Errorf("%s: %s stands there %d times, want %d", sig, name, found, n)
			}
		}
	}
	f(wire.Traces, rich())
	f(wire.Traces, otlptest.Traces(100))
	f(wire.Metrics, otlptest.Metrics(50))
	f(wire.Logs, otlptest.Logs(20))
}

// count adds how many lines each field of m takes, by name. Attributes have a
// line for the list and lines of their own by their keys.
func count(m protoreflect.Message, lines map[string]int) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name, message := fd.JSONName(), fd.Message()
		switch {
		case message != nil && message.Name() == "KeyValue":
			lines[name]++
			for i := range v.List().Len() {
				key := message.Fields().ByName("key")
				lines[v.List().Get(i).Message().Get(key).String()]++
			}
		case message == nil || message.Name() == "AnyValue":
			lines[name]++
		case fd.IsList():
			lines[name] += v.List().Len()
			for i := range v.List().Len() {
				count(v.List().Get(i).Message(), lines)
			}
		default:
			lines[name]++
			count(v.Message(), lines)
		}
		return true
	})
}
