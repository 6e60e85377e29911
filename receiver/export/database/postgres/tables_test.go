package postgres

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// What was released never changes: the databases that it made remember its sums.
func TestMigrationsKeepTheirHistory(t *testing.T) {
	history := []string{
		"begin fa923e821c0db39284b66c3a35d1e4005a89b60960d2ec66d98ada20290ac035",
	}
	all, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		got = append(got, fmt.Sprintf("%s %x", m.Name, m.Sum))
	}
	if !slices.Equal(got, history) {
		t.Errorf("migrations are\n%q, want\n%q: what was released is changed by a further migration", got, history)
	}
}

func TestHistory(t *testing.T) {
	all, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	first := made{1, all[0].Sum[:]}
	f := func(done []made, want string) {
		t.Helper()
		err := checkHistory(all, done)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", done, err)
		}
	}
	f(nil, "")
	f([]made{first}, "")
	f([]made{{1, []byte("other")}}, "another version 1")
	f([]made{{3, first.sum}}, "another version 1")
	f([]made{first, {2, nil}, {3, nil}}[:len(all)+2], fmt.Sprintf("the tables have version %d, and this otlpctl knows %d", 3, len(all)))
}

func TestDays(t *testing.T) {
	at := time.Date(2026, 11, 25, 23, 59, 59, 999_999_999, time.UTC)
	d := dayOf(at)
	if d.String() != "2026-11-25" || d.suffix() != "20261125" || d.bound() != "'2026-11-25 00:00:00+00'" || dayOf(at.Add(1)) != d+1 {
		t.Errorf("%s %s %s", d, d.suffix(), d.bound())
	}
	if dayOf(time.Unix(-1, 0)) != -1 || dayOf(time.Unix(0, 0)) != 0 || dayOf(time.Unix(-86400, 0)) != -1 {
		t.Error("days before 1970")
	}
}

func TestWindow(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	today := dayOf(now)
	f := func(maxAge time.Duration, back int) {
		t.Helper()
		p := newPartitions(nil, maxAge, slog.New(slog.DiscardHandler))
		for d, want := range map[day]bool{today: true, today + 1: true, today + 2: false, today - day(back): true, today - day(back) - 1: false} {
			if got := p.missing(place{logsTable, d}, now); got != want {
				t.Errorf("%s: %s gets a partition: %v", maxAge, d, got)
			}
		}
	}
	f(0, 31)
	f(36*time.Hour, 1) // the day before has just become too old
	f(37*time.Hour, 2)
	f(90*24*time.Hour, 90)
	f(5*366*24*time.Hour, 366)

	p := newPartitions(nil, 0, slog.New(slog.DiscardHandler))
	p.learn([]partition{{table: logsTable, day: today}, {table: logsTable, other: true}})
	if p.missing(place{logsTable, today}, now) || !p.missing(place{spansTable, today}, now) {
		t.Error("it does not know what it has learned")
	}
	p.denied = now.Add(time.Second)
	if p.missing(place{spansTable, today}, now) || !p.missing(place{spansTable, today}, now.Add(time.Second)) {
		t.Error("after a failure it does not wait")
	}
}

func TestSplitOldest(t *testing.T) {
	all := []partition{{name: "a", day: 10}, {name: "b", day: 8}, {name: "c", other: true}, {name: "d", day: 8}, {name: "e", day: 11}}
	names := func(some []partition) string {
		var s strings.Builder
		for _, p := range some {
			s.WriteString(p.name)
		}
		return s.String()
	}
	oldest, left := splitOldest(all, 10)
	if names(oldest) != "bd" || names(left) != "ace" {
		t.Errorf("%v, %v", oldest, left)
	}
	if oldest, left = splitOldest(left, 10); len(oldest) != 0 || len(left) != 3 {
		t.Errorf("of today: %v, %v", oldest, left)
	}
}

// The default partitions are emptied kind by kind, the largest first, and only beyond their share.
func TestCrowded(t *testing.T) {
	all := []partition{{name: "a", day: 10}, {name: "x", other: true}, {name: "y", other: true}}
	f := func(taken room, tried map[string]int, want string) {
		t.Helper()
		var got string
		if p := taken.crowded(all, tried, 400); p != nil {
			got = p.name
		}
		if got != want {
			t.Errorf("%v, tried %v: %q is next, want %q", taken, tried, got, want)
		}
	}
	f(room{"a": 900, "x": 50, "y": 50}, nil, "")
	f(room{"a": 900, "x": 50, "y": 51}, nil, "y")
	f(room{"a": 900, "x": 50, "y": 51}, map[string]int{"y": 1}, "x")
	f(room{"a": 900, "x": 50, "y": 51}, map[string]int{"x": 1, "y": 1}, "y")
	f(room{"a": 900, "x": 50, "y": 51}, map[string]int{"x": 1, "y": thinnings}, "x")
	f(room{"a": 900, "x": 50, "y": 51}, map[string]int{"x": thinnings, "y": thinnings}, "")
}

// No day goes for what the default partitions have beyond their share.
func TestRoomOfDays(t *testing.T) {
	all := []partition{{name: "a", day: 10}, {name: "x", other: true}}
	for x, want := range map[int64]int64{0: 310, 100: 410, 5000: 410} {
		taken := room{"a": 300, "x": x, "otlp_resources": 10}
		if got := taken.days(all, 400); got != want || taken.total() != 310+x {
			t.Errorf("with %d in no day: %d, want %d; of %d", x, got, want, taken.total())
		}
	}
}

func TestDispensable(t *testing.T) {
	p := newPartitions(nil, 0, slog.New(slog.DiscardHandler))
	got := p.dispensable(dayOf(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)))
	if got[0].condition != "received < '2026-11-25 00:00:00+00'" ||
		got[1].condition != "time < '2026-10-25 00:00:00+00' OR time >= '2026-11-27 00:00:00+00'" {
		t.Error(got)
	}
}

func TestUpsert(t *testing.T) {
	want := "INSERT INTO otlp_scopes (id, name, version, schema_url, attributes, otlp, seen) SELECT *, $7::date FROM " +
		"unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::bytea[]) " +
		"ON CONFLICT (id) DO UPDATE SET seen = EXCLUDED.seen WHERE otlp_scopes.seen < EXCLUDED.seen"
	if got := referenceTables[scopes].upsert(); got != want {
		t.Error(got)
	}
}
