package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// postgresSettings are those that are not the server's defaults, but for the last two, which are said because
// they matter.
func postgresSettings() []string {
	return []string{"shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min", "synchronous_commit=on", "fsync=on"}
}

// postgresServer makes databases on one server.
type postgresServer struct {
	server *postgres.Server
	made   int
}

func startPostgres(ctx context.Context) (*postgresServer, error) {
	server, err := postgres.Open(ctx, postgresSettings()...)
	if err != nil {
		return nil, err
	}
	return &postgresServer{server: server}, nil
}

func (*postgresServer) kind() string { return postgresKind }

func (p *postgresServer) title(ctx context.Context) (string, error) {
	rows, err := p.server.Rows(ctx, postgres.Database, "SHOW server_version")
	if err != nil {
		return "", err
	}
	version, _, _ := strings.Cut(rows[0][0], " ")
	return "PostgreSQL " + version + " (" + strings.Join(postgresSettings(), ", ") + ")", nil
}

func (p *postgresServer) create(ctx context.Context) (database, error) {
	p.made++
	d := postgresDatabase{p.server, "bench_" + strconv.Itoa(p.made)}
	return d, p.server.Exec(ctx, postgres.Database, "CREATE DATABASE "+d.name)
}

func (p *postgresServer) close(ctx context.Context) error { return p.server.Close(ctx) }

type postgresDatabase struct {
	server *postgres.Server
	name   string
}

func (d postgresDatabase) url() string    { return d.server.URL(d.name) }
func (postgresDatabase) settings() string { return "" }

func (d postgresDatabase) rows(ctx context.Context, sig signal.Signal) (int64, error) {
	return d.number(ctx, "SELECT count(*) FROM "+table(sig))
}

func (d postgresDatabase) bytes(ctx context.Context) (int64, error) {
	return d.number(ctx, "SELECT pg_database_size(current_database())")
}

func (d postgresDatabase) number(ctx context.Context, sql string) (int64, error) {
	rows, err := d.server.Rows(ctx, d.name, sql)
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 || len(rows[0]) != 1 {
		return 0, fmt.Errorf("%s: %v is not one number", sql, rows)
	}
	return strconv.ParseInt(rows[0][0], 10, 64)
}

// tend does the work of autovacuum.
func (d postgresDatabase) tend(ctx context.Context) error {
	return d.server.Exec(ctx, d.name, "VACUUM (ANALYZE)")
}

// clear is there because retention in PostgreSQL goes by days.
func (d postgresDatabase) clear(ctx context.Context, sig signal.Signal) (int64, error) {
	name := table(sig)
	return d.number(ctx, fmt.Sprintf("BEGIN; LOCK TABLE %[1]s; SELECT count(*) FROM %[1]s; TRUNCATE %[1]s; COMMIT", name))
}

func (d postgresDatabase) drop(ctx context.Context) error {
	return d.server.Exec(ctx, postgres.Database, "DROP DATABASE "+d.name+" WITH (FORCE)")
}
