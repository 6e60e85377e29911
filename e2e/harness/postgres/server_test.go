package postgres_test

import (
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
)

func TestServer(t *testing.T) {
	s := postgres.Own(t)
	s.MustExec(t, postgres.Database, "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x,\"y'), (2, NULL)")
	again := func(how string, halt func() error) {
		t.Helper()
		if err := halt(); err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if s.Running() {
			t.Fatalf("%s: it still runs", how)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if got := s.Value(t, postgres.Database, "SELECT count(*) FROM t"); got != "2" {
			t.Fatalf("%s: %s rows left", how, got)
		}
	}
	again("stopped", s.Stop)
	again("killed", func() error { return s.Kill(t.Context()) })
	if err := s.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Continue(); err != nil {
		t.Fatal(err)
	}
	if rows := s.Query(t, postgres.Database, "SELECT a, b FROM t ORDER BY a"); rows[0][1] != `x,"y` || rows[1][1] != "" {
		t.Fatalf("%q", rows)
	}
}
