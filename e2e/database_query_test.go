package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/store"
	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/random"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// openStore opens a database to read from it.
func openStore(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fromJSON returns the request that a document is.
func fromJSON(t *testing.T, sig signal.Signal, document []byte) proto.Message {
	t.Helper()
	of, _ := wire.ParseSignal(sig.String())
	encoded, err := otlpjson.AppendWire(nil, of, document)
	if err != nil {
		t.Fatal(err)
	}
	request := sig.NewRequest()
	if err := proto.Unmarshal(encoded, request); err != nil {
		t.Fatal(err)
	}
	return request
}

// canonical sorts attributes, whose order means nothing and is not kept by jsonb, and leaves out messages that are empty. In
// the URL of a schema, U+0000 has no place.
func canonical(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Name() == "schema_url":
			m.Set(f, protoreflect.ValueOfString(strings.ReplaceAll(v.String(), "\x00", "\ufffd")))
		case f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				canonical(v.List().Get(i).Message())
			}
			sortAttributes(v.List())
		default:
			canonical(v.Message())
			if f.ContainingOneof() == nil && proto.Size(v.Message().Interface()) == 0 {
				m.Clear(f)
			}
		}
		return true
	})
}

func sortAttributes(list protoreflect.List) {
	var all []*common.KeyValue
	for i := range list.Len() {
		one, ok := list.Get(i).Message().Interface().(*common.KeyValue)
		if !ok {
			return
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *common.KeyValue) int { return cmp.Compare(a.GetKey(), b.GetKey()) })
	for i, one := range all {
		list.Set(i, protoreflect.ValueOfMessage(one.ProtoReflect()))
	}
}

// eachItem returns the items of requests, each with what is around it, in an order that does not depend on batches.
func eachItem(t *testing.T, requests ...proto.Message) []string {
	t.Helper()
	var single []proto.Message
	for _, request := range requests {
		canonical(request.ProtoReflect())
		if r, ok := request.(*colmetrics.ExportMetricsServiceRequest); ok {
			request = onePointEach(r)
		}
		single = append(single, request)
	}
	items, err := signal.Itemize(single...)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// onePointEach gives each data point a metric of its own.
func onePointEach(r *colmetrics.ExportMetricsServiceRequest) *colmetrics.ExportMetricsServiceRequest {
	for _, resource := range r.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			var all []*metrics.Metric
			for _, m := range scope.GetMetrics() {
				all = append(all, divided(m)...)
			}
			scope.Metrics = all
		}
	}
	return r
}

func divided(m *metrics.Metric) []*metrics.Metric {
	kind := m.ProtoReflect().WhichOneof(m.ProtoReflect().Descriptor().Oneofs().ByName("data"))
	if kind == nil {
		return nil
	}
	points := kind.Message().Fields().ByName("data_points")
	var all []*metrics.Metric
	for i := range m.ProtoReflect().Get(kind).Message().Get(points).List().Len() {
		one := proto.Clone(m).(*metrics.Metric)
		data := one.ProtoReflect().Get(kind).Message()
		point := data.Get(points).List().Get(i)
		data.Clear(points)
		data.Mutable(points).List().Append(point)
		all = append(all, one)
	}
	return all
}

// What is queried as JSON is what was sent, whatever it is.
func TestPostgresQueriesReturnWhatWasSent(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	for _, sig := range signal.All() {
		var sent []proto.Message
		for seed := range uint64(30) {
			request := random.Request(sig, seed)
			mustExport(t, e, sig, request)
			sent = append(sent, request)
		}
		document, err := everything(t.Context(), openStore(t, db.URL(postgres.Database)), sig, sent)
		if err != nil {
			t.Fatal(sig, err)
		}
		got, want := eachItem(t, fromJSON(t, sig, document)), eachItem(t, sent...)
		if len(got) != len(want) {
			t.Errorf("%s: %d items, want %d", sig, len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("%s: item %d of %d is not what was sent:\ngot  %q\nwant %q", sig, i, len(want), got[i], want[i])
				break
			}
		}
	}
}

// everything returns all items of a signal that were sent.
func everything(ctx context.Context, s *store.Store, sig signal.Signal, sent []proto.Message) ([]byte, error) {
	const many = 1 << 20
	switch sig {
	case signal.Logs:
		records, err := s.Logs(ctx, store.LogFilter{Limit: many})
		if err != nil {
			return nil, err
		}
		return s.LogJSON(ctx, records)
	case signal.Metrics:
		points, err := s.Points(ctx, store.MetricFilter{Limit: many})
		if err != nil {
			return nil, err
		}
		return s.PointJSON(ctx, points)
	}
	ids := map[store.TraceID]bool{}
	for _, request := range sent {
		signal.EachSpan(request.(*coltrace.ExportTraceServiceRequest), func(span *trace.Span) { ids[store.TraceID(span.GetTraceId())] = true })
	}
	spans, err := s.Spans(ctx, slices.Collect(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	return s.SpanJSON(ctx, spans)
}

// A database that is not prepared for queries says what is missing.
func TestPostgresQueriesSayWhatIsMissing(t *testing.T) {
	db := postgres.Own(t)
	const reader, password = "reader", "secret"
	db.MustExec(t, "postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", reader, password))
	f := func(url, code, hint string) {
		t.Helper()
		o := run(t, process.Spec{Name: "query", Path: otlpctl(t), Args: []string{"traces"}, Env: []string{"APP__DATABASE__URL=" + url}})
		if o.code != 1 || o.stdout != "" || !strings.Contains(o.stderr, code) || !strings.Contains(o.stderr, "hint: "+hint) || strings.Contains(o.stderr, password) {
			t.Errorf("exit %d, on stdout %q, on stderr\n%s", o.code, o.stdout, o.stderr)
		}
	}
	f(db.URL(postgres.Database), `no telemetry is kept here yet: relation "otlp_spans" does not exist`, "start otlpctl serve with this database")
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, e, signal.Traces, random.Request(signal.Traces, 1))
	f(db.URLAs(reader, password, postgres.Database), "permission denied for table otlp_spans", "grant the user SELECT on the tables otlp_*")
	db.MustExec(t, postgres.Database, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+reader)
	url := db.URLAs(reader, password, postgres.Database)
	o := run(t, process.Spec{Name: "query", Path: otlpctl(t), Args: []string{"traces", "--since", "1970-01-01T00:00:00Z", "-o", "json"}, Env: []string{"APP__DATABASE__URL=" + url}})
	if o.code != 0 || o.stderr != "" || !strings.Contains(o.stdout, "resourceSpans") {
		t.Errorf("who may read all tables: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
}
