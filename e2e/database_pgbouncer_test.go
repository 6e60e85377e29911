package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/store"
	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/pgbouncer"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// poolerUsers are those whom poolers let in, besides the superuser.
func poolerUsers() map[string]string { return map[string]string{writer: writerPassword} }

// Whatever happens to a pooler, or to the server behind it, costs retries and nothing else.
func TestPgBouncerLosesNothing(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	newWriter(t, db)
	p := pgbouncer.Own(t, db, "transaction", poolerUsers())
	start := func(t *testing.T, _ string) {
		t.Helper()
		must(t, db.Start(t.Context()))
	}
	for _, o := range []outage{{
		name: "pooler killed", says: "connection refused",
		begin: func(t *testing.T, _ string) { must(t, p.Kill()) },
		end:   func(t *testing.T, _ string) { must(t, p.Start(t.Context())) },
	}, {
		name: "pooler paused", says: "no answer in time",
		begin: func(t *testing.T, database string) { p.MustCommand(t, "PAUSE "+database) },
		end:   func(t *testing.T, database string) { p.MustCommand(t, "RESUME "+database) },
	}, {
		name: "server restarted", says: "(SQLSTATE 08P01)", end: start,
		begin: func(t *testing.T, _ string) { must(t, db.Stop()) },
	}, {
		name: "server killed", says: "(SQLSTATE 08P01)", end: start,
		begin: func(t *testing.T, _ string) { must(t, db.Kill(t.Context())) },
	}} {
		o.pooler = p
		if !t.Run(o.name, func(t *testing.T) { o.through(t, db) }) {
			return // the outage may not have ended
		}
	}
}

// A pooler that changes its connections while they are used, as when it moves to another server, costs retries at most:
// PgBouncer takes a connection that it has given up while it logged in for one whose login failed.
func TestPgBouncerReconnects(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	newWriter(t, db)
	const database = "moving"
	p := pgbouncer.Own(t, db, "transaction", poolerUsers())
	s := serve(t, keeping(p.At(newDatabase(t, db, database, "")), impatient...))
	l := sendNow(t, s)
	s.storing(t)
	for range 5 {
		p.MustCommand(t, "RECONNECT "+database)
		s.storing(t)
	}
	l.finish()
	l.wantTold(t)
	wantCleanExit(t, s)
	stored := inPostgres(t, db, database)
	l.wantStored(t, stored)
	wantReceipt(t, s, stored)
}

// Everything that is done with a database works by way of a pooler of whole sessions or transactions.
func TestPgBouncerModes(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	newWriter(t, db)
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			p := pgbouncer.Own(t, db, mode, poolerUsers(), "default_pool_size = 3")
			url := p.At(newDatabase(t, db, mode, ""))
			all := make([]*pgexport.Exporter, 3)
			for i := range all { // they make the tables at once, with one connection each
				all[i], _ = toPostgres(t, pgexport.Config{URL: url, MaxConnections: 1, MaxBytes: 1 << 30})
			}
			for i, e := range all {
				must(t, e.Probe(t.Context(), batchOf(t, signal.Logs, logsAt("x")).Signal))
				for _, sig := range signal.All() {
					mustExport(t, e, sig, numbered.Request(sig, uint64(i)*500+1, 1000)) // half of it is known
				}
				mustExport(t, e, signal.Logs, logsAt(fmt.Sprint(i), day(0), day(-1)))
				closeNow(t, e) // sessions are few
			}
			for _, sig := range signal.All() {
				want := map[signal.Signal]string{signal.Traces: "2000", signal.Metrics: "2000", signal.Logs: "2006"}[sig]
				if got := db.Value(t, mode, "SELECT count(*) FROM "+itemTable(sig)); got != want {
					t.Errorf("%s: %s items, want %s", sig, got, want)
				}
			}
			ask := openStore(t, url)
			for range 2 {
				records, err := ask.Logs(t.Context(), store.LogFilter{Range: store.Range{Since: day(-1)}, Limit: 10})
				if err != nil || len(records) != 6 {
					t.Errorf("%d log records are found, %v", len(records), err)
				}
			}
		})
	}
}

// Retention works by way of a pooler of transactions.
func TestPgBouncerRetention(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	url := pgbouncer.Own(t, db, "transaction", nil).At(db.URL(postgres.Database))
	patient, _ := toPostgres(t, pgexport.Config{URL: url})
	mustExport(t, patient, signal.Logs, logsAt("x", day(0), day(-2), day(-10), day(-100)))
	settled(t, db)
	e, _ := toPostgres(t, pgexport.Config{URL: url, MaxAge: 72 * time.Hour, MaxBytes: 1 << 30})
	mustExport(t, e, signal.Metrics, numbered.Request(signal.Metrics, 1, 1))
	waitForPartitions(t, db, map[string]string{partitionOf("otlp_logs", 0): "1", partitionOf("otlp_logs", -2): "1"})
}

// Queries that follow see everything once by way of a pooler, which is restarted meanwhile.
func TestPgBouncerFollow(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	p := pgbouncer.Own(t, db, "transaction", nil)
	url := p.At(db.URL(postgres.Database))
	s := primed(t, url, db)
	followed(t, s, url, func() {
		must(t, p.Kill())
		must(t, p.Start(t.Context()))
	}, func(*following) {})
}

// What a pooler does not do is said before anything is written, and what to do about it.
func TestPgBouncerHints(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	newWriter(t, db)
	good := newDatabase(t, db, "hints", "")

	p := pgbouncer.Own(t, db, "transaction", poolerUsers(), "ignore_startup_parameters = extra_float_digits")
	const unsupported = "hint: PgBouncer does not pass this parameter of the URL on: leave it out, and set it in the server by ALTER ROLE"
	failsWith(t, p.At(good)+"&search_path=tele", "unsupported startup parameter: search_path", unsupported)
	failsWith(t, p.At(good)+"&statement_timeout=5000", "unsupported startup parameter: statement_timeout", unsupported)
	failsWith(t, p.At(good)+"&options=-c%20geqo%3Doff", "unsupported startup parameter: options", unsupported)
	failsWith(t, strings.Replace(p.At(good), "writer:", "stranger:", 1), "hint: check user and password of the URL, and PgBouncer's auth_file")
	failsWith(t, strings.Replace(p.At(good), "/hints?", "/nothing?", 1), `database "nothing" does not exist`, "hint: check the database at the end of the URL")

	// The schema would be another one.
	p = pgbouncer.Own(t, db, "transaction", poolerUsers(), "ignore_startup_parameters = search_path,options")
	const ignored = "hint: leave it out of the URL, and set it by ALTER ROLE … SET search_path"
	failsWith(t, p.At(good)+"&search_path=tele", `search_path is "$user", public in the server and not tele as in the URL`, ignored)
	failsWith(t, p.At(good)+"&options=-c%20search_path%3Dtele", "not tele as in the URL", ignored)
	db.MustExec(t, "hints", "CREATE SCHEMA tele AUTHORIZATION "+writer+"; ALTER ROLE "+writer+" SET search_path = tele, public")
	p.MustCommand(t, "RECONNECT hints")
	for _, parameter := range []string{"", "&search_path=tele,public"} {
		e, _ := toPostgres(t, pgexport.Config{URL: p.At(good) + parameter})
		mustExport(t, e, signal.Logs, logsAt("x"+parameter, day(0)))
	}
	if got := db.Value(t, "hints", "SELECT count(*) FROM tele.otlp_logs"); got != "2" {
		t.Errorf("%s log records in the schema", got)
	}

	db.MustExec(t, "postgres", "CREATE DATABASE single OWNER "+writer)
	single := strings.Replace(good, "/hints?", "/single?", 1)
	p = pgbouncer.Own(t, db, "statement", poolerUsers())
	failsWith(t, p.At(single), "transaction blocks not allowed in statement pooling mode", "hint: set pool_mode=transaction in PgBouncer")
	validated := validate(t, keeping(p.At(single)))
	if validated.code != 2 || !strings.Contains(validated.stdout, "hint: set pool_mode=transaction in PgBouncer") {
		t.Errorf("exit %d\n%s", validated.code, validated.stdout)
	}
}
