package postgres

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// standbyName is what a standby is called by its primary.
const standbyName = "standby"

// Standby starts a server that follows this one, and takes queries meanwhile. From then on commits of this server wait
// for it. settings are the standby's, beside those of this server. It lives as long as the test.
func (s *Server) Standby(t testing.TB, settings ...string) *Server {
	t.Helper()
	standby := &Server{bin: s.bin, settings: slices.Concat(s.settings, settings)}
	standby.cleanUp(t)
	if err := s.follow(t.Context(), standby); err != nil {
		t.Fatal(err)
	}
	return standby
}

func (s *Server) follow(ctx context.Context, standby *Server) error {
	if err := standby.place(ctx); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	way := "host=" + s.dir + " port=" + port + " user=" + Superuser + " application_name=" + standbyName
	_, err = standby.run(ctx, "pg_basebackup", "--pgdata="+standby.data(), "--dbname="+way, "--checkpoint=fast", "--write-recovery-conf", "--no-sync")
	if err != nil {
		return err
	}
	if err := standby.Start(ctx); err != nil {
		return err
	}
	err = errors.Join(s.Exec(ctx, "postgres", "ALTER SYSTEM SET synchronous_standby_names = '"+standbyName+"'"), s.Exec(ctx, "postgres", "SELECT pg_reload_conf()"))
	if err != nil {
		return err
	}
	return wait.Until(ctx, startLimit, "the standby to follow", func() (bool, error) {
		rows, err := s.Rows(ctx, "postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
		return err == nil && rows[0][0] == "1", err
	})
}

// Promote makes a standby a primary.
func (s *Server) Promote(ctx context.Context) error {
	return s.Exec(ctx, "postgres", "SELECT pg_promote()")
}
