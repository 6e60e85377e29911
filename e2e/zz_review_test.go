package e2e_test

import (
	"strings"
	"testing"
	"time"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

func TestZZIdleFailover(t *testing.T) {
	first, second := postgres.Own(t), postgres.Own(t)
	other, _ := toPostgres(t, pgexport.Config{URL: second.URL(postgres.Database)})
	mustExport(t, other, signal.Logs, logsAt("x", day(0)))
	settled(t, second)
	url := strings.Replace(first.URL(postgres.Database), first.Addr(), first.Addr()+","+second.Addr(), 1)
	e, _ := toPostgres(t, pgexport.Config{URL: url, MaxConnections: 1})
	mustExport(t, e, signal.Traces, numbered.Request(signal.Traces, 1, 3))
	settled(t, first)
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond)
	mustExport(t, e, signal.Traces, numbered.Request(signal.Traces, 4, 3))
	t.Log(second.Value(t, postgres.Database, "SELECT count(*) FROM otlp_spans"), second.Value(t, postgres.Database, "SELECT count(*) FROM otlp_spans s JOIN otlp_resources r ON r.id = s.resource_id"))
}

func TestZZOtherLarge(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	for d := range 3 {
		mustExport(t, e, signal.Logs, logsAt("recent", day(-d)))
	}
	for i := range 16 {
		var times []time.Time
		for n := range 2000 {
			times = append(times, time.Unix(int64(i*2000+n+1), 0))
		}
		mustExport(t, e, signal.Logs, logsAt(strings.Repeat("x", 200), times...))
	}
	t.Log(partitionsOf(t, db, "otlp_logs"))
	some, log := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxBytes: 4 << 20})
	mustExport(t, some, signal.Logs, logsAt("new", day(0)))
	time.Sleep(5 * time.Second)
	t.Log(partitionsOf(t, db, "otlp_logs"), log.String())
}
