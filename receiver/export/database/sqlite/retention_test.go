package sqlite

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// tidyAt does all that is to be done at a time.
func tidyAt(t *testing.T, e *Exporter, now time.Time) {
	t.Helper()
	if err := e.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer e.leave()
	for range 10_000 {
		more, err := e.tidyStep(now)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
	t.Error("it is never tidy")
}

// Age counts from when an item was received, whatever it says of itself.
func TestRetentionByAge(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path, MaxAge: time.Hour})
	now := time.Now()
	strange := otlptest.Logs(3)
	for i, at := range []uint64{1, uint64(now.Add(-24 * time.Hour).UnixNano()), uint64(now.Add(1000 * time.Hour).UnixNano())} {
		strange.ResourceLogs[0].ScopeLogs[0].LogRecords[i].TimeUnixNano = at
	}
	f := func(after time.Duration, want, resources int64) {
		t.Helper()
		tidyAt(t, e, now.Add(after))
		if n := items(t, path); n != want {
			t.Errorf("%d items after %s, want %d", n, after, want)
		}
		if n := count(t, path, "SELECT count(*) FROM otlp_resources"); n != resources {
			t.Errorf("%d resources after %s, want %d", n, after, resources)
		}
	}
	fill := func() {
		t.Helper()
		export(t, e, batch(wire.Logs, 3, otlptest.Encode(strange)))
		for hour := range uint64(30) {
			export(t, e, sample(stored()[hour%3], 100).another(hour))
		}
	}
	fill()
	f(59*time.Minute, 3003, 2)
	f(61*time.Minute, 0, 2)
	f(71*time.Hour, 0, 0)
	if n := count(t, path, "SELECT count(*) FROM otlp_metrics"); n != 0 {
		t.Errorf("%d metrics are left", n)
	}
	fill() // what was forgotten is there again
	f(0, 3003, 2)
}

// A file that has become empty is small again.
func TestRetentionShrinks(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path, MaxAge: time.Hour})
	for hour := range uint64(15) {
		export(t, e, sample(wire.Traces, 1000).another(hour))
	}
	before := disk(t, path)
	tidyAt(t, e, time.Now().Add(2*time.Hour))
	if after := disk(t, path); before < 10<<20 || after > before/2 {
		t.Errorf("%d bytes before, %d after", before, after)
	}
}

// disk is how much a database takes.
func disk(t *testing.T, path string) int64 {
	t.Helper()
	all := int64(0)
	for _, suffix := range []string{"", walSuffix} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		all += info.Size()
	}
	return all
}

// The bound of the size holds after each batch, and it is the oldest of all signals that go.
func TestRetentionBySize(t *testing.T) {
	const most, margin = 4 << 20, 1 << 20
	path := place(t)
	e := open(t, Config{Path: path, MaxBytes: most})
	for hour := range uint64(90) {
		b := sample(stored()[hour%3], 200).another(hour)
		export(t, e, b)
		expect(t, path, b)
		if n := disk(t, path); n > most+margin {
			t.Fatalf("%d bytes after batch %d", n, hour)
		}
	}
	if n := disk(t, path); n < most/2 {
		t.Errorf("%d bytes: more was deleted than necessary", n)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	oldest := count(t, path, "SELECT max(r) - min(r) FROM (SELECT min(received) r FROM otlp_spans UNION SELECT min(received) FROM otlp_points UNION SELECT min(received) FROM otlp_logs)")
	if oldest > int64(2*time.Second) {
		t.Errorf("signals are %s apart", time.Duration(oldest))
	}
	less := open(t, Config{Path: path, MaxBytes: most / 4}) // less than there is
	tidyAt(t, less, time.Now())
	if n := disk(t, path); n > most/4+margin {
		t.Errorf("%d bytes after the bound was lowered", n)
	}
}

// Items of 1 MiB are not deleted by the thousand.
func TestRetentionOfLargeItems(t *testing.T) {
	const most = 32 << 20
	path := place(t)
	e := open(t, Config{Path: path, MaxBytes: most})
	for i := range 60 {
		export(t, e, largeLog(i))
	}
	if n := items(t, path); n < 8 {
		t.Errorf("%d items are left", n)
	}
	if n := disk(t, path); n > most+8<<20 {
		t.Errorf("%d bytes", n)
	}
}

// Nothing is deleted that nobody wants deleted.
func TestNoRetention(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path})
	export(t, e, sample(wire.Logs, 10).another(0))
	tidyAt(t, e, time.Now().Add(1_000_000*time.Hour))
	if n := items(t, path); n != 10 {
		t.Errorf("%d items, want 10", n)
	}
}

// Deleting looks at no more rows than it deletes.
func TestRetentionPlans(t *testing.T) {
	e := open(t, Config{Path: place(t)})
	for _, table := range itemTables() {
		for _, query := range []string{firstOf(table), deleteFrom(table), lastOf(table)} {
			s, _, err := e.conn.PrepareTransient("EXPLAIN QUERY PLAN " + query)
			if err != nil {
				t.Fatal(err)
			}
			some, err := s.Step()
			plan := s.ColumnText(3)
			if err != nil || !some || strings.Contains(plan, "TEMP") || !strings.Contains(plan, "INTEGER PRIMARY KEY") && plan != "SCAN "+table && plan != "SEARCH "+table {
				t.Errorf("%s: %s, %v", query, plan, err)
			}
			if err := s.Finalize(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestSeenIsBounded(t *testing.T) {
	s := seen{}
	s.day(1)
	for i := range 2*mostSeen + 5 {
		id := [16]byte{byte(i), byte(i >> 8), byte(i >> 16)}
		s.add(scopes, id)
		if !s.already(scopes, id) || s.already(metrics, id) {
			t.Fatal(i)
		}
	}
	if len(s.rows) > mostSeen {
		t.Errorf("%d rows", len(s.rows))
	}
	s.day(2)
	if len(s.rows) > 0 {
		t.Error("another day, and not forgotten")
	}
}

// A failed batch leaves nothing behind, not even in memory.
func TestSeenAfterAFailure(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path})
	b := sample(wire.Metrics, 10).another(0)
	if err := e.conn.run("PRAGMA max_page_count = 1"); err != nil { // it is as many as there are
		t.Fatal(err)
	}
	if _, err := e.Export(t.Context(), batch(wire.Metrics, 5010, sample(wire.Metrics, 5000).another(1).Parts[0].Data.ReadOnlyData(), b.Parts[0].Data.ReadOnlyData())); err == nil {
		t.Fatal("there was room")
	}
	if err := e.conn.run("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	export(t, e, b)
	expect(t, path, b)
}
