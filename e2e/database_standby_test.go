package e2e_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/store"
	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// bothHosts returns a URL of a server that names another one, too.
func bothHosts(url string, first, second *postgres.Server) string {
	return strings.Replace(url, first.Addr(), first.Addr()+","+second.Addr(), 1)
}

// A primary that dies under load is replaced by its standby: what was acknowledged is there, and nothing is there twice.
func TestPostgresStandbyTakesOver(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]struct {
		parameters, says string
		fail             func(*postgres.Server, context.Context) error
	}{
		"read-write": {"&target_session_attrs=read-write", "hint: no host of the URL takes writes", (*postgres.Server).Kill},
		"any":        {"", "(SQLSTATE 25006)", (*postgres.Server).Kill},
		"hangs":      {"&target_session_attrs=read-write", "no answer in time", (*postgres.Server).Pause}, // as a machine that is gone
	} {
		t.Run(name, func(t *testing.T) {
			primary := postgres.Own(t)
			newWriter(t, primary)
			url := newDatabase(t, primary, postgres.Database+"2", "")
			standby := primary.Standby(t)
			s := serve(t, keeping(bothHosts(url, primary, standby)+o.parameters, impatient...))
			l := sendNow(t, s)
			s.storing(t)
			must(t, o.fail(primary, t.Context()))
			wait.For(t, arrivalLimit, "/status to say "+o.says+", and clients to be refused", func() bool {
				return strings.Contains(s.database(t).Error, o.says) && len(l.refused()) >= 30
			})
			t.Logf("/status: %s", s.database(t).Error)
			must(t, standby.Promote(t.Context()))
			// A server that hangs has its connections for a while, and as many as there may be.
			wait.For(t, 2*arrivalLimit, "/status to be content", func() bool { return s.database(t).Healthy })
			s.storing(t)
			l.finish()
			l.wantTold(t)
			wantCleanExit(t, s)
			stored := inPostgres(t, standby, postgres.Database+"2")
			l.wantStored(t, stored)
			wantReceipt(t, s, stored)
			wantDiscreet(t, s)
		})
	}
}

// A standby answers queries, and those that follow, while its primary is written to.
func TestPostgresStandbyAnswersQueries(t *testing.T) {
	t.Parallel()
	primary := postgres.Own(t)
	standby := primary.Standby(t)
	s := primed(t, primary.URL(postgres.Database), standby)
	followed(t, s, standby.URL(postgres.Database), func() {
		must(t, standby.Stop())
		must(t, standby.Start(t.Context()))
	}, func(*following) {})
}

// A query that is in the way of what the primary does is asked again.
func TestPostgresStandbyConflict(t *testing.T) {
	t.Parallel()
	primary := postgres.Own(t)
	standby := primary.Standby(t, "max_standby_streaming_delay=0")
	e, _ := toPostgres(t, pgexport.Config{URL: primary.URL(postgres.Database)})
	mustExport(t, e, signal.Logs, logsAt("x", day(0)))
	settled(t, primary)
	// The reader's queries wait as long as somebody else has the lock 1.
	primary.MustExec(t, postgres.Database, "CREATE ROLE reader LOGIN PASSWORD 'only-reads'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; "+
		"CREATE FUNCTION waited() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock_shared(1); PERFORM pg_advisory_unlock_shared(1); RETURN true; END $$; "+
		"ALTER TABLE otlp_logs ENABLE ROW LEVEL SECURITY; CREATE POLICY patience ON otlp_logs USING (waited())")
	holder, err := pgconn.Connect(t.Context(), standby.URL(postgres.Database))
	must(t, err)
	t.Cleanup(func() { must(t, holder.Close(context.WithoutCancel(t.Context()))) })
	hold := func(sql string) {
		t.Helper()
		_, err := holder.Exec(t.Context(), sql).ReadAll()
		must(t, err)
	}
	hold("SELECT pg_advisory_lock(1)")
	waits := func() {
		t.Helper()
		wait.For(t, arrivalLimit, "the query to wait", func() bool {
			return standby.Value(t, postgres.Database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == "1"
		})
	}
	disturb := func(times int) {
		t.Helper()
		waits()
		primary.MustExec(t, postgres.Database, "BEGIN; LOCK TABLE otlp_logs IN ACCESS EXCLUSIVE MODE; COMMIT")
		wait.For(t, arrivalLimit, "the conflict", func() bool {
			return strings.Count(standby.Log(), "ERROR:  canceling statement due to conflict with recovery") == times
		})
	}
	ask := openStore(t, standby.URLAs("reader", "only-reads", postgres.Database))
	type answer struct {
		records []*row.Log
		err     error
	}
	answers := make(chan answer)
	query := func() {
		records, err := ask.Logs(t.Context(), store.LogFilter{Range: store.Range{Since: day(-1)}, Limit: 10})
		answers <- answer{records, err}
	}
	go query()
	disturb(1)
	disturb(2)
	waits()
	hold("SELECT pg_advisory_unlock(1)")
	if got := <-answers; got.err != nil || len(got.records) != 1 {
		t.Errorf("%d log records, %v", len(got.records), got.err)
	}

	hold("SELECT pg_advisory_lock(1)")
	go query()
	for times := range 3 {
		disturb(3 + times)
	}
	if got := <-answers; got.err == nil || !strings.Contains(got.err.Error(), "conflict with recovery") || !slices.Contains(hinted.All(got.err), "ask the primary, or let queries of the standby take longer: max_standby_streaming_delay, hot_standby_feedback") {
		t.Errorf("a query that never gets through: %v", got.err)
	}
}

// Commits wait for a standby that is away, and what waited is there once.
func TestPostgresStandbyAway(t *testing.T) {
	t.Parallel()
	primary := postgres.Own(t)
	newWriter(t, primary)
	standby := primary.Standby(t)
	outage{
		name: "away", says: "no answer in time",
		begin: func(t *testing.T, _ string) { must(t, standby.Stop()) },
		end:   func(t *testing.T, _ string) { must(t, standby.Start(t.Context())) },
	}.through(t, primary)
}
