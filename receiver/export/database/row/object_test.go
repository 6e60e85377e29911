package row

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func pairs(keys ...string) (all []*common.KeyValue) {
	for i, key := range keys {
		all = append(all, &common.KeyValue{Key: key, Value: integer(int64(i))})
	}
	return all
}

func integer(v int64) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: v}}
}

func array(values ...*common.AnyValue) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: values}}}
}

// logWith returns an encoded request with one log record.
func logWith(record *logs.LogRecord) []byte {
	return otlptest.Encode(&collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{{LogRecords: []*logs.LogRecord{record}}}}}})
}

// The last of several members with one key stays, as in jsonb.
func TestRepeatedKeys(t *testing.T) {
	f := func(want string, keys ...string) {
		t.Helper()
		r := roundTrip(t, wire.Logs, logWith(&logs.LogRecord{Attributes: pairs(keys...)}))
		l := r.logs[0]
		var got, wanted map[string]int
		if err := json.Unmarshal(l.Attributes, &got); err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(l.Attributes)
		}
		if err := json.Unmarshal([]byte(want), &wanted); err != nil || fmt.Sprint(got) != fmt.Sprint(wanted) {
			t.Errorf("%q: %s, want %s", keys, l.Attributes, want)
		}
		if (l.Raw == nil) != (len(got) == len(keys)) {
			t.Errorf("%q: raw is %x", keys, l.Raw)
		}
	}
	f(`{"a":0}`, "a")
	f(`{"a":1}`, "a", "a")
	f(`{"b":1,"a":2}`, "a", "b", "a")
	f(`{"b":2,"a":3}`, "a", "b", "b", "a")
	f(`{"\"":2,"":3}`, "\"", "", "\"", "")
	f(`{"a\ufffd":1}`, "a\x00", "a\uFFFD")
	f(`{"ab":0,"a":1,"b":2}`, "ab", "a", "b")

	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprint("key", i*7919%1000))
	}
	f("", many...)
	r := roundTrip(t, wire.Logs, logWith(&logs.LogRecord{Attributes: pairs(append(many, many...)...)}))
	var got map[string]int
	if err := json.Unmarshal(r.logs[0].Attributes, &got); err != nil || len(got) != 1000 || got[many[0]] != 1000 || got[many[999]] != 1999 {
		t.Errorf("%d members, %v", len(got), err)
	}
}

// In each object a key may stand once; what is in others does not matter.
func TestRepeatedKeysWithin(t *testing.T) {
	object := func(all ...*common.KeyValue) *common.AnyValue {
		return &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: all}}}
	}
	twice := pairs("a", "b", "a")
	twice[1].Value = object(pairs("a", "a")...)
	r := roundTrip(t, wire.Logs, logWith(&logs.LogRecord{Body: array(object(pairs("a")...), object(pairs("a")...), object(twice...))}))
	if got, want := string(r.logs[0].BodyJSON), `[{"a":0},{"a":0},{"a":2,"b":{"a":1}}]`; got != want || r.logs[0].Raw == nil {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLargeItems(t *testing.T) {
	large := strings.Repeat("1 MiB \" é", 1<<20/10)
	deep := integer(1)
	for range (wire.MaxDepth - 6) / 2 {
		deep = array(deep)
	}
	for _, record := range []*logs.LogRecord{
		{Attributes: []*common.KeyValue{{Key: "large", Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: large}}}}},
		{Body: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: large + "\x00"}}},
		{Attributes: []*common.KeyValue{{Key: large}, {Key: "\x00" + large}}},
		{Attributes: []*common.KeyValue{{Key: "deep", Value: deep}}, Body: deep},
	} {
		roundTrip(t, wire.Logs, logWith(record))
	}
}

// A decoder that has seen a large request does not keep its size for ever.
func TestKeptMemory(t *testing.T) {
	large := logWith(&logs.LogRecord{Attributes: []*common.KeyValue{{Key: strings.Repeat("k", maxKept)}}})
	var d Decoder
	d.Reset(received())
	if err := d.Decode(wire.Logs, large, nobody{}); err != nil {
		t.Fatal(err)
	}
	if d.kept() > maxKept {
		t.Errorf("%d bytes kept", d.kept())
	}
}
