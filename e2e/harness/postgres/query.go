package postgres

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"testing"
)

// Exec runs SQL as the superuser over the socket. Several statements are one transaction.
func (s *Server) Exec(ctx context.Context, database, sql string) error {
	_, err := s.psql(ctx, database, sql)
	return err
}

// MustExec is Exec for tests.
func (s *Server) MustExec(t testing.TB, database, sql string) {
	t.Helper()
	if err := s.Exec(t.Context(), database, sql); err != nil {
		t.Fatal(err)
	}
}

// Query returns the rows of a query as text; NULL is an empty text.
func (s *Server) Query(t testing.TB, database, sql string) [][]string {
	t.Helper()
	rows, err := s.Rows(t.Context(), database, sql)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Rows is Query where a failure is no end.
func (s *Server) Rows(ctx context.Context, database, sql string) ([][]string, error) {
	out, err := s.psql(ctx, database, sql)
	if err != nil {
		return nil, err
	}
	return csv.NewReader(bytes.NewReader(out)).ReadAll()
}

// Value returns the only value that a query has.
func (s *Server) Value(t testing.TB, database, sql string) string {
	t.Helper()
	rows := s.Query(t, database, sql)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%s: %v is not one value", sql, rows)
	}
	return rows[0][0]
}

func (s *Server) psql(ctx context.Context, database, sql string) ([]byte, error) {
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return nil, err
	}
	out, err := s.run(ctx, "psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--set=ON_ERROR_STOP=1",
		"--host="+s.dir, "--port="+port, "--username="+Superuser, "--dbname="+database, "--command="+sql)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	return out, nil
}
