package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// A configuration is tried against its database: what would keep telemetry out is said with its place and the next step, no
// password is shown, and nothing is made in the database.
func TestValidateDatabase(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	newWriter(t, db)
	good := newDatabase(t, db, "good", "")
	db.MustExec(t, "postgres", "CREATE DATABASE closed") // of the superuser: nobody else may make tables
	db.MustExec(t, "postgres", "CREATE ROLE stranger LOGIN PASSWORD 'none' CONNECTION LIMIT 0")
	nobody, err := loopback.Addr(t.Context())
	must(t, err)
	f := func(name, url string, want int, says ...string) {
		t.Run(name, func(t *testing.T) {
			before := db.Schema(t, "good", "") + db.Schema(t, "closed", "")
			got := validate(t, keeping(url, "timeout: 10s"))
			if got.code != want {
				t.Errorf("exit %d, want %d", got.code, want)
			}
			for _, part := range says {
				if !strings.Contains(got.stdout, part) {
					t.Errorf("%q is not said", part)
				}
			}
			if t.Failed() {
				t.Logf("\n%s%s", got.stdout, got.stderr)
			}
			if shown := got.stdout + got.stderr; strings.Contains(shown, writerPassword) || strings.Contains(shown, "p%40ss") {
				t.Errorf("the password is shown:\n%s", shown)
			}
			if db.Schema(t, "good", "")+db.Schema(t, "closed", "") != before {
				t.Error("something was made in the database")
			}
		})
	}
	const place = "config.yaml:2:8: database.url: "
	f("as it should be", good, 0)
	f("server away", strings.Replace(good, db.Addr(), nobody, 1), 2, place, "connection refused", "hint: check that the server runs")
	f("wrong password", strings.Replace(good, "writer:", "writer:not-", 1), 2, place, "SQLSTATE 28P01", "hint: check user and password")
	f("no such database", strings.Replace(good, "/good?", "/bad?", 1), 2, place, `database "bad" does not exist`, "hint: create the database")
	f("missing rights", strings.Replace(good, "/good?", "/closed?", 1), 2, place, "may not create tables", "hint: GRANT CREATE")
	f("no such schema", good+"&search_path=nowhere", 2, place, "no schema", "hint: create the schema")
	f("no connection left", db.URLAs("stranger", "none", "good"), 2, place, "SQLSTATE 53300", "hint: lower max_connections")

	s := serve(t, keeping(good, unqueued))
	writeSome(t, s)
	wantCleanExit(t, s)
	f("with tables", good, 0)
	db.MustExec(t, "good", "REASSIGN OWNED BY "+writer+" TO "+postgres.Superuser)
	f("history of somebody else", good, 2, place, "permission denied for table otlp_migrations (SQLSTATE 42501)", "hint: ")
	db.MustExec(t, "good", "GRANT SELECT ON otlp_migrations TO "+writer)
	f("tables of somebody else", good, 2, place, "may not write to the table otlp_spans", "hint: ")
	f("as their owner", db.URL("good"), 0)
	db.MustExec(t, "good", "INSERT INTO otlp_migrations VALUES (1000, 'later', '', now())")
	f("tables of a newer version", db.URL("good"), 2, place, "the tables have version 1000", "hint: use the otlpctl that made them")
}

// validate tries a configuration as far as it goes, on ports that are free.
func validate(t *testing.T, config string) outcome {
	t.Helper()
	addrs, err := loopback.Addrs(t.Context(), 3)
	must(t, err)
	s := &server{grpc: addrs[0], http: addrs[1], admin: addrs[2], file: filepath.Join(t.TempDir(), "config.yaml")}
	must(t, os.WriteFile(s.file, []byte(s.addressed(config+adminSection)), 0o600))
	return run(t, process.Spec{Name: "validate", Path: otlpctl(t), Args: []string{"config", "validate", "--level", "connect", "--config", s.file}})
}
