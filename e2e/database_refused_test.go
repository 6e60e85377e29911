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
		if err != nil || partial.Rejected != int64(refused) || refused > 0 && !strings.Contains(partial.Message, fmt.Sprintf(" refused: %d for ", refused)) {
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

// What a trigger refuses, or a constraint that somebody has added elsewhere, is refused alone, whatever it says of where
// it stands.
func TestPostgresTriggersRefuse(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	at := uint64(time.Now().UnixNano())
	mustExport(t, e, signal.Logs, bodies(1, at-1, func(int) bool { return false }))
	const items = 2000
	stored := 1
	f := func(name, when, check string, refused int, bad func(i int) bool) {
		t.Helper()
		db.MustExec(t, postgres.Database, fmt.Sprintf(`DROP TABLE IF EXISTS notes; CREATE TABLE notes (body text UNIQUE, line int);
			CREATE OR REPLACE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s RETURN NEW; END $$;
			DROP TRIGGER IF EXISTS look ON otlp_logs; CREATE TRIGGER look %s INSERT ON otlp_logs FOR EACH ROW EXECUTE FUNCTION look()`, check, when))
		b := batchOf(t, signal.Logs, bodies(items, at, bad))
		at += items
		partial, err := e.Export(t.Context(), b)
		var reasons int64
		for _, n := range partial.Reasons {
			reasons += n
		}
		if err != nil || partial.Rejected != int64(refused) || reasons != partial.Rejected {
			t.Errorf("%s: %+v, %v", name, partial, err)
		}
		stored += items - refused
		if got := db.Value(t, postgres.Database, "SELECT count(*) FROM otlp_logs"); got != fmt.Sprint(stored) {
			t.Errorf("%s: %s items are stored, want %d", name, got, stored)
		}
	}
	const snow = "IF NEW.body = '☃' THEN %s END IF;"
	third := func(i int) bool { return i%300 == 7 }
	f("value", "AFTER", fmt.Sprintf(snow, "PERFORM 1 / 0;"), 7, third)
	f("constraint", "AFTER", fmt.Sprintf(snow, "RAISE EXCEPTION 'no' USING ERRCODE = '23514', CONSTRAINT = 'mine';"), 7, third)
	f("unique elsewhere", "AFTER", fmt.Sprintf(snow, "INSERT INTO notes VALUES (NEW.body);"), 6, third)
	f("COPY within", "AFTER", fmt.Sprintf(snow, "COPY notes FROM PROGRAM 'printf \"a\\tb\\n\"';"), 7, third)
	if before := db.Value(t, postgres.Database, "SHOW server_version_num"); before >= "130000" { // no BEFORE for partitioned tables until then
		f("value, before", "BEFORE", fmt.Sprintf(snow, "PERFORM 1 / 0;"), 7, third)
		f("COPY within, before", "BEFORE", fmt.Sprintf(snow, "COPY notes FROM PROGRAM 'printf \"a\\tb\\n\"';"), 7, third)
	}
}
