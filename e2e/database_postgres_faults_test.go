package e2e_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/pipeline"

	"github.com/otlpctl/otlpctl/e2e/harness/certs"
	"github.com/otlpctl/otlpctl/e2e/harness/fault"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// failsWith exports to a URL and checks that the failure may be retried, says what is wanted and shows no password.
func failsWith(t *testing.T, url string, want ...string) {
	t.Helper()
	e, log := toPostgres(t, pgexport.Config{URL: url})
	b := batchOf(t, signal.Logs, logsAt("x", day(0)))
	_, err := e.Export(t.Context(), b)
	if _, ok := errors.AsType[*pipeline.RetryableError](err); !ok {
		t.Errorf("%v is not to be retried", err)
		return
	}
	problem := e.Probe(t.Context(), b.Signal)
	if problem == nil {
		t.Errorf("%s: the probe finds nothing", want)
		return
	}
	for _, text := range []string{err.Error(), problem.Error()} {
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%q does not say %q", text, part)
			}
		}
		if strings.Contains(text+log.String(), "p@ss") || strings.Contains(text, "p%40ss") || strings.Contains(text, "postgres://") || strings.Contains(text, "\n") {
			t.Errorf("%q shows too much", text)
		}
	}
}

func TestPostgresHints(t *testing.T) {
	db := postgres.Own(t, "max_connections=6", "superuser_reserved_connections=1")
	nobody, err := loopback.Addr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	good := db.URL(postgres.Database)
	replaced := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	failsWith(t, replaced(db.Addr(), nobody), "database telemetry on "+nobody+" as postgres: ", "connection refused", "hint: check that the server runs")
	failsWith(t, replaced(db.Addr(), "no-such-host.invalid"), "no-such-host.invalid", "hint: check the host")
	failsWith(t, db.URLAs(postgres.Superuser, "p@ss wrong", postgres.Database), "password authentication failed", "SQLSTATE 28P01", "hint: check user and password")
	failsWith(t, strings.Replace(db.URLAs(postgres.Superuser, "p@ss wrong", postgres.Database), "sslmode=disable", "sslmode=prefer", 1),
		"as postgres: password authentication failed", "SQLSTATE 28P01") // and nothing of the TLS that it has not
	failsWith(t, db.URL("nothing"), `database "nothing" does not exist`, "hint: create the database")
	failsWith(t, replaced("sslmode=disable", "sslmode=require"), "server refused TLS connection", "hint: the server has no TLS")
	failsWith(t, good+"&no_such_setting=1", "no_such_setting", "hint: check the parameters of the URL")
	failsWith(t, good+"&search_path=nowhere", "no schema", "hint: create the schema")
	failsWith(t, good+"&default_transaction_read_only=on", "target_session_attrs=read-write")
	failsWith(t, good+"&default_transaction_read_only=on&target_session_attrs=read-write", "read only connection", "hint: no host of the URL takes writes")
	other, err := loopback.Addr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	failsWith(t, replaced(db.Addr(), nobody+","+other), "telemetry on "+nobody+","+other, nobody+": connection refused; "+other+": connection refused")

	db.MustExec(t, postgres.Database, "CREATE ROLE few LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
	failsWith(t, db.URLAs("few", "x", postgres.Database), "SQLSTATE 53300", "hint: lower max_connections here")

	hba := filepath.Join(db.DataDir(), "pg_hba.conf")
	rules, err := os.ReadFile(hba)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hba, []byte("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db.MustExec(t, "postgres", "SELECT pg_reload_conf()")
	failsWith(t, good, "no pg_hba.conf entry", "hint: the server may want TLS: set sslmode=require")
	if err := os.WriteFile(hba, rules, 0o600); err != nil {
		t.Fatal(err)
	}
	db.MustExec(t, "postgres", "SELECT pg_reload_conf()")
	e, _ := toPostgres(t, pgexport.Config{URL: good})
	mustExport(t, e, signal.Logs, logsAt("x", day(0)))
}

// What is wrong with a database is said before anything has to be written to it.
func TestPostgresIsTriedAtTheStart(t *testing.T) {
	db := postgres.Own(t)
	f := func(url, want string) {
		t.Helper()
		e, log := toPostgres(t, pgexport.Config{URL: url})
		e.Start(t.Context())
		wait.For(t, arrivalLimit, "the log to say "+want, func() bool { return strings.Contains(log.String(), want) })
	}
	f(db.URL(postgres.Database), "telemetry goes to a database")
	f(db.URLAs(postgres.Superuser, "wrong", postgres.Database), "the database cannot be written to yet")
	db.MustExec(t, "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	f(db.URL("latin"), "encoding=LATIN1")
}

func TestPostgresURLs(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		_, err := pgexport.New(pgexport.Config{URL: url}, nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "hint: write postgres://USER:PASSWORD@HOST:PORT/NAME") {
			t.Errorf("%s: %v", url, err)
			return
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v shows the password", url, err)
		}
	}
	f("mysql://u:s3cret@h/db", "does not begin with postgres://")
	f("postgres://u:s3cret@x@h/db", "has an @ that is none between user and host")
	f("postgres://u:12/s3cret@h/db", "has an @ that is none between user and host")
	f("postgres://u:s3cret@h:port/db", "no valid port")
	f("postgres://u:s3cret%zz@h/db", "a % without two hexadecimal digits")
	f("postgres://u:s3cret@h/db?sslmode=maybe", "sslmode is none of")
	f("postgres://u:s3cret@h/db?sslrootcert=/no/such/file", "/no/such/file")
	f("postgres://u:s3cret@h/db?target_session_attrs=s3cret", "target_session_attrs is none of")
	f("postgres://u:s3cret@/db?host=h1,h2&port=1,2,3", "not as many ports as hosts")
}

func TestPostgresTLS(t *testing.T) {
	db := postgres.Own(t)
	authority := certs.New(t)
	cert, key, _ := authority.Issue(t)
	for name, text := range map[string]string{"server.crt": cert, "server.key": key} {
		if err := db.WriteFile(name, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := db.Start(t.Context(), "ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key"); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(t.TempDir(), "mine.crt")
	other := filepath.Join(t.TempDir(), "other.crt")
	for path, text := range map[string]string{mine: authority.PEM(), other: certs.New(t).PEM()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	block, _ := pem.Decode([]byte(cert))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the server's certificate is for %v %v", leaf.DNSNames, leaf.IPAddresses)
	with := func(mode string) string {
		return strings.Replace(db.URL(postgres.Database), "sslmode=disable", "sslmode="+mode, 1)
	}
	for _, mode := range []string{"prefer", "require", "verify-ca&sslrootcert=" + mine, "verify-full&sslrootcert=" + mine} {
		e, _ := toPostgres(t, pgexport.Config{URL: with(mode) + "&application_name=" + mode[:6]})
		mustExport(t, e, signal.Logs, logsAt(mode, day(0)))
		if got := db.Value(t, "postgres", "SELECT bool_and(ssl) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name = '"+mode[:6]+"'"); got != "t" {
			t.Errorf("%s: TLS is used: %s", mode, got)
		}
	}
	failsWith(t, with("verify-full&sslrootcert="+other), "unknown authority", "hint: set sslrootcert")
	if leaf.VerifyHostname("localhost") != nil {
		_, port, _ := net.SplitHostPort(db.Addr())
		failsWith(t, strings.Replace(with("verify-full&sslrootcert="+mine), db.Addr(), "localhost:"+port, 1), "hint: name the host in the URL")
	}
}

// However much there is to do, there are no more connections than that, and one is enough.
func TestPostgresConnectionsAreBounded(t *testing.T) {
	db := postgres.Own(t)
	for _, bound := range []int{1, 3} {
		e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxConnections: bound, MaxAge: 24 * time.Hour, MaxBytes: 1 << 30})
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() {
				for n := range 5 {
					mustExport(t, e, signal.Traces, numbered.Request(signal.Traces, uint64(bound*100_000+i*1000+n*100)+1, 100))
				}
			})
		}
		done := make(chan struct{})
		go func() { writers.Wait(); close(done) }()
		most := 0
		wait.For(t, arrivalLimit, "the writers", func() bool {
			var n int
			if _, err := fmt.Sscan(db.Value(t, "postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'otlpctl'"), &n); err != nil {
				t.Fatal(err)
			}
			most = max(most, n)
			select {
			case <-done:
				return true
			default:
				return false
			}
		})
		if most > bound {
			t.Errorf("%d connections, at most %d were allowed", most, bound)
		}
		closeNow(t, e)
		wait.For(t, arrivalLimit, "all connections to be closed", func() bool {
			return db.Value(t, "postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'otlpctl'") == "0"
		})
	}
}

// A batch whose time is over leaves nothing behind, not even a statement that waits for a lock.
func TestPostgresInterruptedBatch(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	mustExport(t, e, signal.Logs, logsAt("x", day(0)))
	settled(t, db)
	locked := make(chan error, 1)
	go func() {
		locked <- db.Exec(t.Context(), postgres.Database, "LOCK TABLE otlp_spans IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3)")
	}()
	wait.For(t, arrivalLimit, "the lock", func() bool {
		return db.Value(t, "postgres", "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted") != "0"
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := e.Export(ctx, batchOf(t, signal.Traces, numbered.Request(signal.Traces, 1, 20_000)))
	if _, ok := errors.AsType[*pipeline.RetryableError](err); !ok || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("interrupted: %v", err)
	}
	if err := <-locked; err != nil {
		t.Fatal(err)
	}
	wait.For(t, arrivalLimit, "what was begun to end", func() bool {
		return db.Value(t, "postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'otlpctl' AND state <> 'idle'") == "0"
	})
	if got := db.Value(t, postgres.Database, "SELECT count(*) FROM otlp_spans"); got != "0" {
		t.Errorf("%s spans of an interrupted batch", got)
	}
	mustExport(t, e, signal.Traces, numbered.Request(signal.Traces, 1, 20_000))
}

// A connection that is lost, wherever a batch is, costs a retry and nothing else.
func TestPostgresLostConnections(t *testing.T) {
	db := postgres.Own(t)
	way, err := fault.Start(t.Context(), db.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(way.Close)
	e, _ := toPostgres(t, pgexport.Config{URL: strings.Replace(db.URL(postgres.Database), db.Addr(), way.Addr(), 1)})
	mustExport(t, e, signal.Logs, logsAt("x", day(0)))
	const batches, items = 60, 500
	failures := 0
	for i := range uint64(batches) {
		b := batchOf(t, signal.Traces, numbered.Request(signal.Traces, i*items+1, items))
		cut := time.AfterFunc(time.Duration(i%15)*2*time.Millisecond, way.Cut)
		wait.For(t, arrivalLimit, "the batch", func() bool {
			_, err := e.Export(t.Context(), b)
			if err != nil {
				failures++
				if _, ok := errors.AsType[*pipeline.RetryableError](err); !ok {
					t.Fatal(err)
				}
			}
			return err == nil
		})
		cut.Stop()
	}
	if got := db.Value(t, postgres.Database, "SELECT count(*) || ' ' || count(DISTINCT span_id) FROM otlp_spans"); got != fmt.Sprint(batches*items, " ", batches*items) {
		t.Errorf("%s spans, want %d", got, batches*items)
	}
	t.Logf("%d attempts failed, %d items were there already", failures, e.Duplicates())
	if failures == 0 {
		t.Error("no connection was lost in an attempt")
	}
}

// A server that takes the place of another need not have what that was told before.
func TestPostgresFailsOver(t *testing.T) {
	standby, primary := postgres.Own(t), postgres.Own(t)
	if err := errors.Join(standby.Stop(), standby.Start(t.Context(), "default_transaction_read_only=on")); err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(standby.URL(postgres.Database), standby.Addr(), standby.Addr()+","+primary.Addr(), 1) + "&target_session_attrs=read-write"
	e, _ := toPostgres(t, pgexport.Config{URL: url})
	mustExport(t, e, signal.Metrics, numbered.Request(signal.Metrics, 1, 10))
	if got := primary.Value(t, postgres.Database, "SELECT count(*) FROM otlp_points"); got != "10" {
		t.Errorf("%s points in the primary", got)
	}

	if err := errors.Join(primary.Kill(t.Context()), standby.Stop(), standby.Start(t.Context(), "default_transaction_read_only=off")); err != nil {
		t.Fatal(err)
	}
	wait.For(t, arrivalLimit, "the other server to take over", func() bool {
		_, err := e.Export(t.Context(), batchOf(t, signal.Metrics, numbered.Request(signal.Metrics, 1, 20)))
		return err == nil
	})
	complete := "SELECT count(*) FROM otlp_points p JOIN otlp_metrics m ON m.id = p.metric_id JOIN otlp_resources r ON r.id = p.resource_id JOIN otlp_scopes s ON s.id = p.scope_id"
	if got := standby.Value(t, postgres.Database, complete); got != "20" {
		t.Errorf("%s points are complete in the server that took over", got)
	}
}

// So it is when nothing is written while the server goes: its connections are found to be closed later.
func TestPostgresFailsOverWhileIdle(t *testing.T) {
	first, second := postgres.Own(t), postgres.Own(t)
	other, _ := toPostgres(t, pgexport.Config{URL: second.URL(postgres.Database)})
	mustExport(t, other, signal.Logs, logsAt("x", day(0))) // it has the tables
	e, _ := toPostgres(t, pgexport.Config{URL: strings.Replace(first.URL(postgres.Database), first.Addr(), first.Addr()+","+second.Addr(), 1)})
	mustExport(t, e, signal.Traces, numbered.Request(signal.Traces, 1, 10))
	settled(t, first)
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	stopped := time.Now()
	const idle = 1500 * time.Millisecond // longer than connections are trusted
	wait.For(t, arrivalLimit, "connections to have been idle for long", func() bool { return time.Since(stopped) > idle })
	mustExport(t, e, signal.Traces, numbered.Request(signal.Traces, 11, 10))
	complete := "SELECT count(*) FROM otlp_spans i JOIN otlp_resources r ON r.id = i.resource_id JOIN otlp_scopes s ON s.id = i.scope_id"
	if got := second.Value(t, postgres.Database, complete); got != "10" {
		t.Errorf("%s spans are complete in the server that took over", got)
	}
}
