package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// bodies returns a request of so many records, of which some have a body that LATIN1 lacks.
func bodies(n int, at uint64, bad func(i int) bool) *collogs.ExportLogsServiceRequest {
	records := make([]*logs.LogRecord, n)
	for i := range records {
		text := "ü"
		if bad(i) {
			text = "☃"
		}
		records[i] = &logs.LogRecord{TimeUnixNano: at + uint64(i), Body: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: text}}}
	}
	return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{{LogRecords: records}}}}}
}

// However many items of a batch are refused, and wherever they stand, the others are there.
func TestPostgresRefusesMany(t *testing.T) {
	db := postgres.Own(t)
	db.MustExec(t, "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL("latin")})
	const items = 5000
	stored, at := 0, uint64(time.Now().UnixNano())
	mustExport(t, e, signal.Logs, bodies(1, at-1, func(int) bool { return false }))
	stored++
	f := func(name string, bad func(i int) bool) {
		t.Helper()
		refused := 0
		for i := range items {
			if bad(i) {
				refused++
			}
		}
		b := batchOf(t, signal.Logs, bodies(items, at, bad))
		at += items
		began := time.Now()
		partial, err := e.Export(t.Context(), b)
		t.Logf("%s: %d of %d refused in %s", name, refused, items, time.Since(began).Round(time.Millisecond))
		if err != nil || partial.Rejected != int64(refused) || refused > 0 && !strings.Contains(partial.Message, fmt.Sprintf("%d log_records refused: %[1]d for ", refused)) {
			t.Errorf("%s: %+v, %v", name, partial, err)
		}
		stored += items - refused
		if got := db.Value(t, "latin", "SELECT count(*) FROM otlp_logs"); got != fmt.Sprint(stored) {
			t.Errorf("%s: %s items are stored, want %d", name, got, stored)
		}
	}
	f("none", func(int) bool { return false })
	f("one", func(i int) bool { return i == 3456 })
	f("every hundredth", func(i int) bool { return i%100 == 42 })
	f("every second", func(i int) bool { return i%2 == 0 })
	f("half", func(i int) bool { return i >= items/2 })
	f("all", func(int) bool { return true })
}
