package row

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// received is when all requests of these tests are received.
func received() Origin { return Origin{Received: time.Unix(1_790_000_000, 123)} }

// recorder keeps copies of rows, and in order what they are.
type recorder struct {
	order     []string
	resources []Resource
	scopes    []Scope
	metrics   []Metric
	spans     []Span
	points    []Point
	logs      []Log
	err       error // returned for items
}

func (r *recorder) Resource(row *Resource) error {
	c := *row
	cloned(&c.Service, &c.SchemaURL, &c.Attributes, &c.OTLP)
	r.order, r.resources = append(r.order, "resource"), append(r.resources, c)
	return nil
}

func (r *recorder) Scope(row *Scope) error {
	c := *row
	cloned(&c.Name, &c.Version, &c.SchemaURL, &c.Attributes, &c.OTLP)
	r.order, r.scopes = append(r.order, "scope"), append(r.scopes, c)
	return nil
}

func (r *recorder) Metric(row *Metric) error {
	c := *row
	cloned(&c.Name, &c.Description, &c.Unit, &c.OTLP)
	r.order, r.metrics = append(r.order, "metric"), append(r.metrics, c)
	return nil
}

func (r *recorder) Span(row *Span) error {
	c := *row
	cloneItem(&c.Item)
	cloned(&c.TraceID, &c.SpanID, &c.ParentSpanID, &c.TraceState, &c.Name, &c.StatusMessage, &c.Events, &c.Links)
	r.order, r.spans = append(r.order, "span"), append(r.spans, c)
	return r.err
}

func (r *recorder) Point(row *Point) error {
	c := *row
	cloneItem(&c.Item)
	cloned(&c.Detail, &c.Exemplars)
	c.Value, c.Sum, c.Min, c.Max = copied(c.Value), copied(c.Sum), copied(c.Min), copied(c.Max)
	c.ValueInt, c.Count = copied(c.ValueInt), copied(c.Count)
	r.order, r.points = append(r.order, "point"), append(r.points, c)
	return r.err
}

func (r *recorder) Log(row *Log) error {
	c := *row
	cloneItem(&c.Item)
	cloned(&c.TraceID, &c.SpanID, &c.SeverityText, &c.EventName, &c.Body, &c.BodyJSON)
	r.order, r.logs = append(r.order, "log"), append(r.logs, c)
	return r.err
}

func cloneItem(i *Item) { cloned(&i.Service, &i.Attributes, &i.Raw) }

func cloned(columns ...*[]byte) {
	for _, c := range columns {
		*c = slices.Clone(*c)
	}
}

func copied[T any](v *T) *T {
	if v == nil {
		return nil
	}
	return new(*v)
}

// record decodes requests as one batch.
func record(t testing.TB, sig wire.Signal, requests ...[]byte) *recorder {
	t.Helper()
	var d Decoder
	d.Reset(received())
	r := &recorder{}
	for _, b := range requests {
		if err := d.Decode(sig, b, r); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// reread makes of the rows what comes back from PostgreSQL.
func (r *recorder) reread(t testing.TB) {
	t.Helper()
	for i := range r.spans {
		s := &r.spans[i]
		throughJSONB(t, &s.Attributes, &s.Events, &s.Links)
	}
	for i := range r.points {
		p := &r.points[i]
		throughJSONB(t, &p.Attributes, &p.Detail, &p.Exemplars)
	}
	for i := range r.logs {
		l := &r.logs[i]
		throughJSONB(t, &l.Attributes, &l.BodyJSON)
	}
}

// throughJSONB gives members another order, and writes numbers without exponent.
func throughJSONB(t testing.TB, columns ...*JSON) {
	t.Helper()
	for _, c := range columns {
		if *c == nil {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(*c))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil || d.More() {
			t.Fatalf("%s: %v", *c, err)
		}
		out, err := json.MarshalIndent(plainNumbers(v), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		*c = out
	}
}

func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), "eE") {
			return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plainNumbers(v[key])
		}
	}
	return v
}

// encoded is an encoded item and what it is.
type encoded struct {
	id wire.MessageID
	b  []byte
}

// items returns the encoded items of the rows.
func (r *recorder) items(t testing.TB) (all []encoded) {
	t.Helper()
	add := func(id wire.MessageID, b []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, encoded{id, b})
	}
	for i := range r.spans {
		b, err := AppendSpan(nil, &r.spans[i])
		add(wire.Span, b, err)
	}
	for i := range r.points {
		b, err := AppendPoint(nil, &r.points[i])
		add(layoutOf(r.points[i].Kind).message, b, err)
	}
	for i := range r.logs {
		b, err := AppendLog(nil, &r.logs[i])
		add(wire.LogRecord, b, err)
	}
	return all
}

// itemsIn returns the encoded items in an encoded message.
func itemsIn(id wire.MessageID, b []byte) (all []encoded) {
	for n, v := range wire.Values(b) {
		for _, f := range id.Fields() {
			switch {
			case int(f.Number) != n || f.Kind != wire.Message:
			case f.Message.Items():
				all = append(all, encoded{f.Message, v.Data})
			case f.Message != wire.Resource && f.Message != wire.InstrumentationScope && f.Message != wire.KeyValue:
				all = append(all, itemsIn(f.Message, v.Data)...)
			}
		}
	}
	return all
}

// meaning returns what an item says, so that two that mean the same are equal:
// attributes have no order, and an empty value or status is none.
func (e encoded) meaning(t testing.TB) string {
	t.Helper()
	m := map[wire.MessageID]proto.Message{
		wire.Span:                          &trace.Span{},
		wire.LogRecord:                     &logs.LogRecord{},
		wire.NumberDataPoint:               &metrics.NumberDataPoint{},
		wire.HistogramDataPoint:            &metrics.HistogramDataPoint{},
		wire.ExponentialHistogramDataPoint: &metrics.ExponentialHistogramDataPoint{},
		wire.SummaryDataPoint:              &metrics.SummaryDataPoint{},
	}[e.id]
	if err := proto.Unmarshal(e.b, m); err != nil {
		t.Fatalf("%s %x: %v", e.id, e.b, err)
	}
	normalize(m.ProtoReflect())
	return e.id.String() + string(otlptest.Encode(m))
}

func normalize(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				normalize(v.List().Get(i).Message())
			}
			if f.Message().Name() == "KeyValue" {
				sortPairs(v.List())
			}
		default:
			normalize(v.Message())
			if name := f.Message().Name(); (name == "AnyValue" || name == "Status") && proto.Size(v.Message().Interface()) == 0 {
				m.Clear(f)
			}
		}
		return true
	})
}

func sortPairs(l protoreflect.List) {
	pairs := make([]*common.KeyValue, l.Len())
	for i := range pairs {
		pairs[i] = l.Get(i).Message().Interface().(*common.KeyValue)
	}
	slices.SortStableFunc(pairs, func(a, b *common.KeyValue) int { return strings.Compare(a.GetKey(), b.GetKey()) })
	for i, p := range pairs {
		l.Set(i, protoreflect.ValueOfMessage(p.ProtoReflect()))
	}
}
