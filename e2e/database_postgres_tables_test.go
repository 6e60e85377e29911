package e2e_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// logsAt returns a request with a log record for each time.
func logsAt(bodies string, times ...time.Time) proto.Message {
	records := make([]*logs.LogRecord, len(times))
	for i, at := range times {
		records[i] = &logs.LogRecord{
			TimeUnixNano: uint64(at.UnixNano()), Body: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: bodies}},
		}
	}
	return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{{LogRecords: records}}}}}
}

// logsOf is logsAt with a resource and a scope of their own.
func logsOf(service, bodies string, times ...time.Time) proto.Message {
	request, _ := logsAt(bodies, times...).(*collogs.ExportLogsServiceRequest)
	name := &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: service}}
	request.ResourceLogs[0].Resource = &resource.Resource{Attributes: []*common.KeyValue{{Key: "service.name", Value: name}}}
	request.ResourceLogs[0].ScopeLogs[0].Scope = &common.InstrumentationScope{Name: service}
	return request
}

// day is a day from today, at noon.
func day(from int) time.Time {
	return time.Now().UTC().Truncate(24 * time.Hour).Add(time.Duration(from)*24*time.Hour + 12*time.Hour)
}

func partitionOf(table string, from int) string { return table + "_" + day(from).Format("20060102") }

// partitionsOf returns the partitions of a table that have rows, and how many.
func partitionsOf(t *testing.T, db *postgres.Server, table string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, row := range db.Query(t, postgres.Database, fmt.Sprintf("SELECT tableoid::regclass, count(*) FROM %s GROUP BY 1", table)) {
		found[row[0]] = row[1]
	}
	return found
}

// waitForPartitions waits until the partitions of logs with rows are those, with so many.
func waitForPartitions(t *testing.T, db *postgres.Server, want map[string]string) {
	t.Helper()
	var got map[string]string
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("partitions %v, want %v", got, want)
		}
	})
	wait.For(t, arrivalLimit, "what is old to be gone", func() bool {
		got = partitionsOf(t, db, "otlp_logs")
		return fmt.Sprint(got) == fmt.Sprint(want)
	})
}

// settled waits until an exporter has made the partitions of today and tomorrow: its transactions would be in the way
// of tests that lock or drop tables.
func settled(t *testing.T, db *postgres.Server) {
	t.Helper()
	wait.For(t, arrivalLimit, "the last of the partitions", func() bool {
		return db.Value(t, postgres.Database, "SELECT to_regclass('"+partitionOf("otlp_logs", 1)+"') IS NOT NULL") == "t"
	})
}

func TestPostgresPartitions(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, e, signal.Logs, logsAt("x", day(0), day(-1), day(-31), day(-32), day(1), day(3), time.Unix(1, 0)))
	want := map[string]string{"otlp_logs_other": "3"}
	for _, from := range []int{0, -1, -31, 1} {
		want[partitionOf("otlp_logs", from)] = "1"
	}
	if got := partitionsOf(t, db, "otlp_logs"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("partitions %v, want %v", got, want)
	}
	// Those of today and tomorrow are there before their first row.
	wait.For(t, arrivalLimit, "partitions ahead of time", func() bool {
		return db.Value(t, postgres.Database, fmt.Sprintf("SELECT to_regclass('%s') IS NOT NULL AND to_regclass('%s') IS NOT NULL",
			partitionOf("otlp_spans", 0), partitionOf("otlp_points", 1))) == "t"
	})
	indexes := func(table string) string {
		return db.Value(t, postgres.Database, "SELECT count(*) FROM pg_index WHERE indrelid = '"+table+"'::regclass")
	}
	if got, want := indexes(partitionOf("otlp_spans", 0)), indexes("otlp_spans"); got != want {
		t.Errorf("a partition has %s indexes, its table %s", got, want)
	}
}

// Rows of a day that had no partition are moved when it gets one, while others write to the default partition.
func TestPostgresMovesRowsToTheirPartition(t *testing.T) {
	db := postgres.Own(t)
	first, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, first, signal.Logs, logsAt("x", day(-40), day(-41)))
	if got := partitionsOf(t, db, "otlp_logs"); got["otlp_logs_other"] != "2" {
		t.Fatalf("partitions %v", got)
	}
	second, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxAge: 100 * 24 * time.Hour})
	var writers sync.WaitGroup
	for i := range 20 {
		writers.Go(func() { mustExport(t, first, signal.Logs, logsAt(fmt.Sprint("first", i), day(-40), day(-42))) })
		writers.Go(func() { mustExport(t, second, signal.Logs, logsAt(fmt.Sprint("second", i), day(-40))) })
	}
	writers.Wait()
	got := partitionsOf(t, db, "otlp_logs")
	if got[partitionOf("otlp_logs", -40)] != "41" || got["otlp_logs_other"] != "21" {
		t.Errorf("partitions %v", got)
	}
}

// A day of which too much is in the default partition stays there: moving it would hold up all writers.
func TestPostgresLeavesCrowdedDays(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, e, signal.Logs, logsAt("x", day(-40)))
	db.MustExec(t, postgres.Database, "INSERT INTO otlp_logs SELECT time, gen_random_uuid(), received, resource_id, scope_id, 0, 0, 0, 0, '' FROM otlp_logs, generate_series(1, 200000)")
	patient, log := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxAge: 100 * 24 * time.Hour})
	for range 3 {
		mustExport(t, patient, signal.Logs, logsAt("y", day(-40), day(-41)))
	}
	if got := partitionsOf(t, db, "otlp_logs"); got["otlp_logs_other"] != "200002" || got[partitionOf("otlp_logs", -41)] != "1" {
		t.Errorf("partitions %v", got)
	}
	if n := strings.Count(log.String(), "no partition for a day"); n != 1 {
		t.Errorf("said %d times that there is no partition:\n%s", n, log)
	}
}

func TestPostgresRetentionByAge(t *testing.T) {
	db := postgres.Own(t)
	// Filled by exporters that are gone when the next one comes.
	t.Run("by age", func(t *testing.T) {
		e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxAge: 300 * 24 * time.Hour})
		mustExport(t, e, signal.Logs, logsAt("x", day(0), day(-2), day(-3), day(-200)))
	})
	t.Run("for good", func(t *testing.T) {
		e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
		mustExport(t, e, signal.Logs, logsAt("old", day(-400), day(100)))
		db.MustExec(t, postgres.Database, "UPDATE otlp_resources SET seen = current_date - 200; UPDATE otlp_logs_other SET received = now()")
		mustExport(t, e, signal.Traces, numbered.Request(signal.Traces, 1, 1)) // another resource
	})
	e, log := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxAge: 48 * time.Hour})
	mustExport(t, e, signal.Logs, logsOf("now", "x", day(0)))
	// What came now but says that it is of the future is kept as long as the rest.
	want := map[string]string{partitionOf("otlp_logs", 0): "2", partitionOf("otlp_logs", -2): "1", "otlp_logs_other": "1"}
	waitForPartitions(t, db, want)
	if got := db.Value(t, postgres.Database, "SELECT to_regclass('"+partitionOf("otlp_logs", -3)+"') IS NULL"); got != "t" {
		t.Error("the partition of an old day is there")
	}
	if !strings.Contains(log.String(), "telemetry deleted by retention") {
		t.Errorf("the log says nothing of it:\n%s", log)
	}
	wait.For(t, arrivalLimit, "the resource that was seen long ago to be gone", func() bool {
		return db.Value(t, postgres.Database, "SELECT string_agg(service, ',' ORDER BY service) FROM otlp_resources") == "now,numbered"
	})
}

func TestPostgresRetentionBySize(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	for d := range 4 {
		for i := range 8 {
			var times []time.Time
			for n := range 2000 {
				times = append(times, day(-d).Add(time.Duration(i*2000+n)*time.Microsecond))
			}
			mustExport(t, e, signal.Logs, logsAt(strings.Repeat("x", 100), times...))
		}
	}
	size := func() string {
		return db.Value(t, postgres.Database, "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'otlp%'")
	}
	var all int64
	if _, err := fmt.Sscan(size(), &all); err != nil {
		t.Fatal(err)
	}
	t.Run("some", func(t *testing.T) { // which ends it: one exporter at a time drops partitions
		some, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxBytes: all * 6 / 10})
		mustExport(t, some, signal.Logs, logsAt("new", day(0)))
		waitForPartitions(t, db, map[string]string{partitionOf("otlp_logs", 0): "16001", partitionOf("otlp_logs", -1): "16000"})
	})
	tiny, log := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxBytes: 1 << 10})
	mustExport(t, tiny, signal.Logs, logsAt("newer", day(0)))
	wait.For(t, arrivalLimit, "the log to say that a day is too large", func() bool {
		return strings.Contains(log.String(), "the current day alone is larger")
	})
	if got := partitionsOf(t, db, "otlp_logs"); len(got) != 1 || got[partitionOf("otlp_logs", 0)] != "16002" {
		t.Errorf("partitions %v", got)
	}
}

// What gets no partition goes before any day, and gives its room back; what only lacks one stays for the day.
func TestPostgresRetentionBySizeOfWhatHasNoDay(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	ancient := func() {
		for i := range 8 {
			var times []time.Time
			for n := range 4000 {
				times = append(times, time.Unix(0, int64(i*4000+n)*1000))
			}
			mustExport(t, e, signal.Logs, logsAt(strings.Repeat("x", 100), times...))
		}
		db.MustExec(t, postgres.Database, "UPDATE otlp_logs_other SET received = now() WHERE time < '1971-01-01'")
	}
	stray := func(received string, count int) { // rows of a day whose partition is missing
		db.MustExec(t, postgres.Database, fmt.Sprintf("INSERT INTO otlp_logs SELECT current_date - 20 + interval '12 hours', md5(random()::text)::uuid, %s, resource_id, scope_id, 0, 0, 0, 0, '' "+
			"FROM (SELECT * FROM otlp_logs LIMIT 1) x, generate_series(1, %d)", received, count))
	}
	mustExport(t, e, signal.Logs, logsAt("good", day(0), day(-1), day(-2), day(-3)))
	settled(t, db)
	ancient()
	stray("now()", 1)
	stray("now() - interval '2 days'", 1)
	want := map[string]string{"otlp_logs_other": "1"}
	for from := range 4 {
		want[partitionOf("otlp_logs", -from)] = "1"
	}
	const most = 4 << 20
	fits := func() bool {
		return db.Value(t, postgres.Database, fmt.Sprintf("SELECT sum(pg_total_relation_size(oid)) <= %d FROM pg_class WHERE relkind = 'r' AND relname LIKE 'otlp%%'", most)) == "t"
	}
	if fits() {
		t.Fatal("there is not enough to delete")
	}
	t.Run("for its size", func(t *testing.T) {
		some, log := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxBytes: most})
		mustExport(t, some, signal.Metrics, numbered.Request(signal.Metrics, 1, 1))
		waitForPartitions(t, db, want)
		wait.For(t, arrivalLimit, "the rest to fit, and the log to say what went", func() bool {
			return fits() && strings.Count(log.String(), "table=public.otlp_logs_other") == 2
		})
	})
	t.Run("what was deleted for its age", func(t *testing.T) {
		ancient()
		some, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxAge: 30 * 24 * time.Hour, MaxBytes: most})
		mustExport(t, some, signal.Metrics, numbered.Request(signal.Metrics, 1, 1))
		waitForPartitions(t, db, want)
		wait.For(t, arrivalLimit, "the rest to fit", fits)
	})
	t.Run("not what was received today", func(t *testing.T) {
		stray("now()", 40_000)
		some, log := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxBytes: most})
		mustExport(t, some, signal.Metrics, numbered.Request(signal.Metrics, 1, 1))
		wait.For(t, arrivalLimit, "the log to say what does not fit", func() bool {
			return strings.Contains(log.String(), "rows of days that have no partition take more than a quarter of the room")
		})
		want["otlp_logs_other"] = "40001"
		waitForPartitions(t, db, want)
	})
}

// What moved rows refer to is kept for as long as their partition, though it was seen last long before.
func TestPostgresMovesRowsWithWhatTheyReferTo(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, e, signal.Logs, logsAt("x", day(-40)))
	for _, table := range []string{"otlp_resources", "otlp_scopes"} {
		db.MustExec(t, postgres.Database, "UPDATE "+table+" SET seen = current_date - 100")
	}
	mustExport(t, e, signal.Traces, numbered.Request(signal.Traces, 1, 1)) // of another resource and scope
	patient, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxAge: 60 * 24 * time.Hour})
	mustExport(t, patient, signal.Logs, logsOf("other", "y", day(-40)))
	if got := partitionsOf(t, db, "otlp_logs"); got[partitionOf("otlp_logs", -40)] != "2" {
		t.Fatalf("partitions %v", got)
	}
	for _, table := range []string{"resource", "scope"} {
		got := db.Value(t, postgres.Database, fmt.Sprintf("SELECT current_date - r.seen FROM otlp_%[1]ss r JOIN otlp_logs l ON l.%[1]s_id = r.id WHERE l.body = 'x'", table))
		if got != "40" {
			t.Errorf("the %s was seen %s days ago, want 40", table, got)
		}
	}
}

func TestPostgresRights(t *testing.T) {
	db := postgres.Own(t)
	db.MustExec(t, postgres.Database, "CREATE ROLE writer LOGIN PASSWORD 'secret-of-the-writer'; REVOKE CREATE ON SCHEMA public FROM PUBLIC") // as from PostgreSQL 15 on
	url := db.URLAs("writer", "secret-of-the-writer", postgres.Database)
	e, log := toPostgres(t, pgexport.Config{URL: url})
	_, err := e.Export(t.Context(), batchOf(t, signal.Logs, logsAt("x", day(0))))
	if err == nil || !strings.Contains(err.Error(), "permission denied for schema public") || !strings.Contains(err.Error(), "hint: ") {
		t.Fatalf("without the right to make tables: %v", err)
	}
	if err := e.Probe(t.Context(), batchOf(t, signal.Logs, logsAt("x")).Signal); err == nil || !strings.Contains(err.Error(), "may not create tables") {
		t.Errorf("probe: %v", err)
	}
	owner, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, owner, signal.Logs, logsAt("x", day(0)))
	const tables = "otlp_migrations, otlp_resources, otlp_scopes, otlp_metrics, otlp_spans, otlp_points, otlp_logs"
	db.MustExec(t, postgres.Database, "GRANT SELECT, INSERT ON "+tables+" TO writer")
	if err := e.Probe(t.Context(), batchOf(t, signal.Logs, logsAt("x")).Signal); err == nil || !strings.Contains(err.Error(), "may not write to the table otlp_resources") {
		t.Errorf("probe without the right to update: %v", err)
	}
	db.MustExec(t, postgres.Database, "GRANT UPDATE, DELETE ON "+tables+" TO writer")
	if err := e.Probe(t.Context(), batchOf(t, signal.Logs, logsAt("x")).Signal); err != nil {
		t.Errorf("probe: %v", err)
	}
	mustExport(t, e, signal.Logs, logsAt("y", day(0), day(-5), day(-6)))
	mustExport(t, e, signal.Logs, logsAt("y", day(0), day(-5), day(-6)))
	want := map[string]string{partitionOf("otlp_logs", 0): "2", "otlp_logs_other": "2"}
	if got := partitionsOf(t, db, "otlp_logs"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("partitions %v, want %v", got, want)
	}
	if n := strings.Count(log.String(), "no partition for a day"); n != 1 {
		t.Errorf("said %d times that there are no partitions:\n%s", n, log)
	}
	small, smallLog := toPostgres(t, pgexport.Config{URL: url, MaxBytes: 1 << 10})
	mustExport(t, small, signal.Logs, logsAt("y", day(0), day(-5), day(-6)))
	wait.For(t, arrivalLimit, "the log to say that this user may not delete", func() bool {
		return strings.Contains(smallLog.String(), "this user may not empty public.otlp_")
	})
	if got := partitionsOf(t, db, "otlp_logs"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("partitions %v, want %v", got, want)
	}
	if strings.Contains(log.String()+err.Error(), "secret-of-the-writer") {
		t.Error("the password is shown")
	}
}

func TestPostgresOtherVersions(t *testing.T) {
	db := postgres.Own(t)
	first, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, first, signal.Logs, logsAt("x", day(0)))
	f := func(change, undo, want string) {
		t.Helper()
		db.MustExec(t, postgres.Database, change)
		e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
		_, err := e.Export(t.Context(), batchOf(t, signal.Logs, logsAt("y", day(0))))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", change, err)
		}
		if err := e.Probe(t.Context(), batchOf(t, signal.Logs, logsAt("x")).Signal); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("probe: %s: %v", change, err)
		}
		db.MustExec(t, postgres.Database, undo)
		mustExport(t, e, signal.Logs, logsAt("y", day(0)))
	}
	f("INSERT INTO otlp_migrations VALUES (2, 'later', '\\x00', now())", "DELETE FROM otlp_migrations WHERE version = 2", "the tables have version 2, and this otlpctl knows 1")
	f("UPDATE otlp_migrations SET sha256 = sha256 || '\\x00'", "UPDATE otlp_migrations SET sha256 = substr(sha256, 1, 32)", "has another version 1 than this otlpctl")
}

// Tables that are dropped are made again, with all that items refer to.
func TestPostgresMakesTablesAgain(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, e, signal.Metrics, numbered.Request(signal.Metrics, 1, 10))
	settled(t, db)
	db.MustExec(t, postgres.Database, "DROP TABLE otlp_spans, otlp_points, otlp_logs, otlp_resources, otlp_scopes, otlp_metrics, otlp_migrations")
	mustExport(t, e, signal.Metrics, numbered.Request(signal.Metrics, 1, 10))
	if got := db.Value(t, postgres.Database, "SELECT count(*) FROM otlp_points p JOIN otlp_metrics m ON m.id = p.metric_id JOIN otlp_resources r ON r.id = p.resource_id"); got != "10" {
		t.Errorf("%s points", got)
	}
	db.MustExec(t, postgres.Database, "DROP TABLE otlp_logs")
	_, err := e.Export(t.Context(), batchOf(t, signal.Logs, logsAt("x", day(0))))
	if err == nil || !strings.Contains(err.Error(), "some of the tables otlp_* are gone") {
		t.Errorf("with a table that is gone: %v", err)
	}
}
