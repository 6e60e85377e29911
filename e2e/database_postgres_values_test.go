package e2e_test

import (
	"math"
	"strings"
	"testing"
	"time"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

func stringAttribute(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func doubleAttribute(key string, value float64) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: value}}}
}

func tracesOf(service string, spans ...*trace.Span) *coltrace.ExportTraceServiceRequest {
	return &coltrace.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{
		Resource:   &resource.Resource{Attributes: []*common.KeyValue{stringAttribute("service.name", service)}},
		ScopeSpans: []*trace.ScopeSpans{{Spans: spans}},
	}}}
}

func spanAt(n byte, start uint64, attributes ...*common.KeyValue) *trace.Span {
	return &trace.Span{
		TraceId: []byte("0123456789abcde" + string('A'+n)), SpanId: []byte("span-id" + string('A'+n)), Name: "s",
		StartTimeUnixNano: start, EndTimeUnixNano: start + 1500, Attributes: attributes,
	}
}

// Values that are at the edge of what a database can hold are there as they were sent.
func TestPostgresHardValues(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, e, signal.Traces, tracesOf("café \u0000 "+strings.Repeat("x", 1000),
		spanAt(0, 1, stringAttribute("nul", "a\x00b"), doubleAttribute("nan", math.NaN()), doubleAttribute("inf", math.Inf(-1))),
		spanAt(1, uint64(time.Date(2499, 12, 31, 23, 59, 59, 999_999_999, time.UTC).UnixNano())),
		spanAt(2, math.MaxUint64-2000),
		spanAt(3, 1_750_000_000_123_456_789, stringAttribute("big", strings.Repeat("y", 1<<20)), stringAttribute("", "")),
	))
	f := func(sql, want string) {
		t.Helper()
		if got := db.Value(t, postgres.Database, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	f("SELECT count(*) FROM otlp_spans", "4")
	f("SELECT count(*) FROM otlp_spans WHERE raw IS NOT NULL", "1")
	f("SELECT attributes->>'nul' FROM otlp_spans WHERE attributes ? 'nul'", "a\uFFFDb")
	f("SELECT max(time) FROM otlp_spans WHERE time < '2500-01-01'", "2499-12-31 23:59:59.999999+00")
	f("SELECT start_unix_nano FROM otlp_spans ORDER BY time DESC LIMIT 1", "-2001") // the same bits
	f("SELECT duration_nano FROM otlp_spans WHERE attributes ? 'big'", "1500")
	f("SELECT start_unix_nano FROM otlp_spans WHERE attributes ? 'big'", "1750000000123456789")
	f("SELECT length(attributes->>'big') FROM otlp_spans WHERE attributes ? 'big'", "1048576")
	f("SELECT octet_length(service) FROM otlp_resources", "255")
	f("SELECT length(attributes->>'service.name') FROM otlp_resources", "1007")

	mustExport(t, e, signal.Metrics, &colmetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
		ScopeMetrics: []*metrics.ScopeMetrics{{Metrics: []*metrics.Metric{
			{Name: "g", Data: &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: []*metrics.NumberDataPoint{
				{TimeUnixNano: 1000, Value: &metrics.NumberDataPoint_AsDouble{AsDouble: math.NaN()}},
				{TimeUnixNano: 2000, Value: &metrics.NumberDataPoint_AsDouble{AsDouble: math.Inf(1)}},
				{TimeUnixNano: 3000, Value: &metrics.NumberDataPoint_AsInt{AsInt: math.MinInt64}},
				{TimeUnixNano: 4000},
			}}}},
			{Name: strings.Repeat("ü", 3000), Data: &metrics.Metric_Sum{Sum: &metrics.Sum{IsMonotonic: true, AggregationTemporality: 77, DataPoints: []*metrics.NumberDataPoint{
				{TimeUnixNano: 5000, Value: &metrics.NumberDataPoint_AsDouble{AsDouble: 5e-324}},
			}}}},
		}}},
	}}})
	f("SELECT string_agg(coalesce(value::text, value_int::text, 'none'), ' ' ORDER BY time) FROM otlp_points", "NaN Infinity -9223372036854775808 none 5e-324")
	f("SELECT temporality FROM otlp_metrics WHERE monotonic", "77")
}

// What a database cannot hold is refused alone, and counted by reason.
func TestPostgresRefusesAlone(t *testing.T) {
	db := postgres.Own(t)
	db.MustExec(t, "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL("latin")})
	request := tracesOf("fine", spanAt(0, 1000), spanAt(1, 2000, stringAttribute("k", "ü")), spanAt(2, 3000, stringAttribute("k", "€")),
		spanAt(3, 4000), spanAt(4, 5000, stringAttribute("k", "日本")))
	request.ResourceSpans = append(request.ResourceSpans, tracesOf("日本", spanAt(5, 6000), spanAt(6, 7000)).ResourceSpans...)
	for range 2 { // again: the neighbours are there by then
		partial, err := e.Export(t.Context(), batchOf(t, signal.Traces, request))
		if err != nil {
			t.Fatal(err)
		}
		if partial.Rejected != 4 || partial.Reasons[pipeline.RefusedInvalid] != 4 || !strings.Contains(partial.Message, "4 spans refused: ") || !strings.Contains(partial.Message, "(SQLSTATE 22P05)") {
			t.Errorf("refused %d: %s", partial.Rejected, partial.Message)
		}
		if got := db.Value(t, "latin", "SELECT string_agg(trim(convert_from(span_id, 'LATIN1')), ' ' ORDER BY time) FROM otlp_spans"); got != "span-idA span-idB span-idD" {
			t.Errorf("spans %s", got)
		}
	}

	// A constraint that somebody has added, on what all databases can hold.
	db.MustExec(t, "latin", "ALTER TABLE otlp_spans ADD CONSTRAINT short CHECK (duration_nano < 1000000)")
	slow := spanAt(7, 8000)
	slow.EndTimeUnixNano = 1 << 40
	partial, err := e.Export(t.Context(), batchOf(t, signal.Traces, tracesOf("fine", slow, spanAt(8, 9000))))
	if err != nil || partial.Rejected != 1 || partial.Reasons[pipeline.RefusedConstraint] != 1 || !strings.Contains(partial.Message, "short") {
		t.Errorf("with a constraint: %+v, %v", partial, err)
	}
}
