package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/e2e/harness/disk"
	"github.com/otlpctl/otlpctl/e2e/harness/pgbouncer"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// outage is a way in which a database takes nothing for a while.
type outage struct {
	name       string
	options    string            // of CREATE DATABASE
	parameters string            // of the receiver's URL, further ones
	pooler     *pgbouncer.Pooler // between receiver and server, nil for none
	says       string            // in /status, as long as it lasts
	begin      func(t *testing.T, database string)
	press      func(t *testing.T, database string) // again and again while it lasts
	end        func(t *testing.T, database string)
}

// Whatever happens to the server under load: clients are answered for or asked to come back, what was answered for is
// there in the end, and nothing is there twice.
func TestPostgresLosesNothing(t *testing.T) {
	t.Parallel()
	tables, log := disk.New(t, 64<<20), disk.New(t, 96<<20)
	db := postgres.Own(t, "max_connections=20", "superuser_reserved_connections=9", "min_wal_size=32MB", "max_wal_size=32MB")
	db.Tablespace(t, "small", tables.Path())
	db.MoveLog(t, log.Path())
	newWriter(t, db)
	for _, o := range append(outagesOfServer(db, log), outagesOfRoom(db, tables)...) {
		if !t.Run(o.name, func(t *testing.T) { o.through(t, db) }) {
			return // the outage may not have ended
		}
	}
}

// through takes a receiver under load through an outage.
func (o outage) through(t *testing.T, db *postgres.Server) {
	database := strings.ReplaceAll(o.name, " ", "_")
	url := newDatabase(t, db, database, o.options) + o.parameters
	if o.pooler != nil {
		url = o.pooler.At(url)
	}
	s := serve(t, keeping(url, impatient...))
	most := countSessions(t, db, database)
	l := sendNow(t, s)
	s.storing(t)
	o.begin(t, database)
	wait.For(t, arrivalLimit, "/metrics and /status to say "+o.says+", and clients to be refused", func() bool {
		if o.press != nil {
			o.press(t, database)
		}
		failing := s.metric(t, `otlpctl_exporter_failing{exporter="database"}`) == 1
		return failing && strings.Contains(s.database(t).Error, o.says) && len(l.refused()) >= 30
	})
	t.Logf("/status: %s", s.database(t).Error)
	if code, body, err := get(t.Context(), "http://"+s.admin+"/ready"); err != nil || code != http.StatusOK {
		t.Errorf("/ready during an outage: %d %s %v", code, body, err)
	}
	o.end(t, database)
	s.storing(t)
	wait.For(t, arrivalLimit, "/status to be content", func() bool { return s.database(t).Healthy })
	l.finish()
	l.wantTold(t)
	wantCleanExit(t, s)
	if n := most(); n == 0 || n > ownConnections && o.pooler == nil {
		t.Errorf("%d connections at the same time, want 1 to %d", n, ownConnections)
	}
	stored := inPostgres(t, db, database)
	l.wantStored(t, stored)
	wantReceipt(t, s, stored)
	wantDiscreet(t, s)
}

// must is for what has to work on the way.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// outagesOfServer are those of the server as a whole. Its write-ahead log is on a disk of its own.
func outagesOfServer(db *postgres.Server, log *disk.Small) []outage {
	again := func(t *testing.T, _ string) {
		t.Helper()
		must(t, db.Start(t.Context()))
	}
	return []outage{{
		name: "restarted", says: "connection refused", end: again,
		begin: func(t *testing.T, _ string) { must(t, db.Stop()) },
	}, {
		name: "killed", says: "connection refused", end: again,
		begin: func(t *testing.T, _ string) { must(t, db.Kill(t.Context())) },
	}, {
		name: "paused", says: "no answer in time",
		begin: func(t *testing.T, _ string) { must(t, db.Pause(t.Context())) },
		end:   func(t *testing.T, _ string) { must(t, db.Continue()) },
	}, {
		name: "log full", says: "connection refused",
		begin: func(t *testing.T, _ string) {
			must(t, log.Fill())
			wait.For(t, arrivalLimit, "the server to give up", func() bool {
				// An error is the end of a session, or of the server.
				_ = db.Exec(t.Context(), "postgres", "SELECT pg_logical_emit_message(false, 'of no', 'use'); SELECT pg_switch_wal()")
				return !db.Running()
			})
		},
		end: func(t *testing.T, database string) {
			must(t, log.Empty())
			again(t, database)
		},
	}}
}

// outagesOfRoom are those in which the server runs and has no room, no time or no mind for a receiver.
func outagesOfRoom(db *postgres.Server, tables *disk.Small) []outage {
	setting := func(t *testing.T, change string) {
		t.Helper()
		db.MustExec(t, "postgres", "ALTER SYSTEM "+change)
		db.MustExec(t, "postgres", "SELECT pg_reload_conf()")
	}
	others, busy := &crowd{db: db}, &locker{db: db}
	return []outage{{
		name: "disk full", options: "TABLESPACE small", says: "No space left on device (SQLSTATE 53100)",
		begin: func(t *testing.T, _ string) { must(t, tables.Fill()) },
		end:   func(t *testing.T, _ string) { must(t, tables.Empty()) },
	}, {
		name: "read only", says: "read-only transaction (SQLSTATE 25006)",
		begin: func(t *testing.T, _ string) { setting(t, "SET default_transaction_read_only = on") },
		end:   func(t *testing.T, _ string) { setting(t, "RESET default_transaction_read_only") },
	}, {
		name: "crowded", says: "SQLSTATE 53300",
		begin: others.push, press: others.push, end: others.leave,
	}, {
		name: "slow", parameters: "&statement_timeout=500", says: "statement timeout (SQLSTATE 57014)",
		begin: busy.lock, end: busy.unlock,
	}}
}

// crowd is other clients of the server, which leave no connection for a receiver.
type crowd struct {
	db    *postgres.Server
	conns []*pgconn.PgConn
}

// push takes the place of whoever is connected to a database, and all other places there are.
func (c *crowd) push(t *testing.T, database string) {
	t.Helper()
	if len(c.conns) == 0 {
		t.Cleanup(func() { c.leave(t, database) })
	}
	c.db.MustExec(t, "postgres", fmt.Sprintf("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '%s' AND usename = '%s'", database, writer))
	for {
		conn, err := pgconn.Connect(t.Context(), c.db.URLAs(writer, writerPassword, "postgres"))
		if full, ok := errors.AsType[*pgconn.PgError](err); ok && full.Code == "53300" {
			return
		}
		must(t, err)
		c.conns = append(c.conns, conn)
	}
}

func (c *crowd) leave(t *testing.T, _ string) {
	t.Helper()
	for _, conn := range c.conns {
		if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
	c.conns = nil
}

// locker keeps the tables for itself.
type locker struct {
	db    *postgres.Server
	ended chan error
}

func (l *locker) lock(t *testing.T, database string) {
	t.Helper()
	l.ended = make(chan error, 1)
	go func() {
		l.ended <- l.db.Exec(t.Context(), database, "LOCK TABLE ONLY otlp_spans, ONLY otlp_points, ONLY otlp_logs IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)")
	}()
}

func (l *locker) unlock(t *testing.T, _ string) {
	t.Helper()
	l.db.MustExec(t, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE ONLY%'")
	if err := <-l.ended; err == nil || !strings.Contains(err.Error(), "terminating connection") {
		t.Fatal(err)
	}
}
