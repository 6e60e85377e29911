package row

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// ids returns the IDs of all rows, in their order.
func (r *recorder) ids() (all []ID) {
	for _, row := range r.resources {
		all = append(all, row.ID)
	}
	for _, row := range r.scopes {
		all = append(all, row.ID)
	}
	for _, row := range r.metrics {
		all = append(all, row.ID)
	}
	for _, i := range r.allItems() {
		all = append(all, i.Key)
	}
	return all
}

func (r *recorder) allItems() (all []*Item) {
	for i := range r.spans {
		all = append(all, &r.spans[i].Item)
	}
	for i := range r.points {
		all = append(all, &r.points[i].Item)
	}
	for i := range r.logs {
		all = append(all, &r.logs[i].Item)
	}
	return all
}

// shuffled returns an encoded message whose fields stand in another order, attributes among each other, too,
// and in which zeros are written out. It means the same.
func shuffled(r *rand.Rand, id wire.MessageID, b []byte) []byte {
	fields := map[int][][]byte{} // encoded, by number
	for n, v := range wire.Values(b) {
		field := encodedField(r, id, n, v)
		fields[n] = append(fields[n], field)
	}
	for _, f := range id.Fields() {
		n := int(f.Number)
		switch {
		case f.Message == wire.KeyValue:
			r.Shuffle(len(fields[n]), func(i, j int) { fields[n][i], fields[n][j] = fields[n][j], fields[n][i] })
		case f.Message == wire.Status && fields[n] == nil:
			fields[n] = [][]byte{inMessages(nil, protowire.Number(n))}
		case f.Label == wire.Singular && f.Kind != wire.Message && fields[n] == nil && !refersToDictionary(f):
			fields[n] = [][]byte{zero(f)}
		}
	}
	var numbers []int
	for _, n := range slices.Sorted(maps.Keys(fields)) {
		for range fields[n] {
			numbers = append(numbers, n)
		}
	}
	r.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	var out []byte
	for _, n := range numbers {
		out = append(out, fields[n][0]...)
		fields[n] = fields[n][1:]
	}
	return out
}

func encodedField(r *rand.Rand, id wire.MessageID, n int, v wire.Value) []byte {
	number := protowire.Number(n)
	switch v.Type {
	case wire.TypeVarint:
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v.Bits)
	case wire.TypeFixed64:
		return appendPresent64(nil, number, v.Bits)
	case wire.TypeFixed32:
		return protowire.AppendFixed32(protowire.AppendTag(nil, number, protowire.Fixed32Type), uint32(v.Bits))
	}
	for _, f := range id.Fields() {
		if int(f.Number) == n && f.Kind == wire.Message {
			return inMessages(shuffled(r, f.Message, v.Data), number)
		}
	}
	return inMessages(v.Data, number)
}

// zero returns a field that says what its absence says.
func zero(f wire.Field) []byte {
	tag := protowire.AppendTag(nil, protowire.Number(f.Number), protowire.Type(f.Kind.Type()))
	switch f.Kind.Type() {
	case wire.TypeFixed64:
		return protowire.AppendFixed64(tag, 0)
	case wire.TypeFixed32:
		return protowire.AppendFixed32(tag, 0)
	default:
		return append(tag, 0)
	}
}

// throughJSON returns what a request is after another program has read it and written it as OTLP/JSON.
func throughJSON(t testing.TB, sig wire.Signal, request []byte) []byte {
	t.Helper()
	text, err := otlpjson.AppendJSON(nil, sig, request)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&document); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if text, err = json.Marshal(document); err != nil {
		t.Fatal(err)
	}
	again, err := otlpjson.AppendWire(nil, sig, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return again
}

// Whatever a request can have beside its items.
const (
	someResource = `resource { dropped_attributes_count: 1 ` + someAttributes + ` } schema_url: "r" `
	someScope    = `scope { name: "s" version: "1" dropped_attributes_count: 1 ` + someAttributes + ` } schema_url: "s" `
)

// The same telemetry has the same keys, however it is encoded.
func TestKeysOfEncodings(t *testing.T) {
	requests := wholeRequests()
	proto.Merge(requests[wire.Traces], parse(&coltrace.ExportTraceServiceRequest{}, `resource_spans { `+someResource+` scope_spans { `+someScope+` spans { `+ids+`start_time_unix_nano: 1 } } }`))
	proto.Merge(requests[wire.Logs], parse(&collogs.ExportLogsServiceRequest{}, `resource_logs { `+someResource+` scope_logs { `+someScope+` log_records { time_unix_nano: 1 } } }`))
	proto.Merge(requests[wire.Metrics], parse(&colmetrics.ExportMetricsServiceRequest{}, `resource_metrics { `+someResource+` scope_metrics { `+someScope+`
		metrics { name: "g" metadata { key: "bb" } metadata { key: "a" } metadata { key: "c" } gauge { data_points { as_int: 0 } } }
		metrics { sum { is_monotonic: true data_points { time_unix_nano: 1 as_double: 0 `+exemplars+someAttributes+` } } }
		metrics { histogram { aggregation_temporality: 1 data_points { time_unix_nano: 1 sum: 0 bucket_counts: [1, 2] explicit_bounds: 1e20 } } }
		metrics { summary { data_points { quantile_values { quantile: 1 } quantile_values { value: inf } } } } } }`))
	r := rand.New(rand.NewPCG(1, 2))
	for sig, m := range requests {
		request := otlptest.Encode(m)
		want := record(t, sig, request).ids()
		for range 50 {
			other := shuffled(r, sig.Request(), request)
			if got := record(t, sig, other).ids(); !slices.Equal(got, want) {
				t.Fatalf("%s: %x\n got %s\nwant %s", sig, other, got, want)
			}
			if got := record(t, sig, throughJSON(t, sig, other)).ids(); !slices.Equal(got, want) {
				t.Fatalf("%s: %x as JSON\n got %s\nwant %s", sig, other, got, want)
			}
		}
	}
}
