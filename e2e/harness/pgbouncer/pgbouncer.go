// Package pgbouncer runs real poolers of connections in front of PostgreSQL servers for the tests: the one of Debian.
package pgbouncer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	startLimit = time.Minute // for machines that do much else at the same time
	killGrace  = time.Second
	tailBytes  = 8 << 10

	// console is the database in which PgBouncer takes commands.
	console = "pgbouncer"
)

// Pooler is a PgBouncer in front of a server. It is at the same address as long as it lives.
type Pooler struct {
	db      *postgres.Server
	path    string
	dir     string // owned by the server's user
	addr    string
	process *process.Process
}

// Own starts a pooler for one test, which lets in users with the passwords that are given for them, as the server does.
// mode is its pool_mode; settings are further lines of its section [pgbouncer]. Where there can be none the test is
// skipped, or fails: see programs.Need.
func Own(t testing.TB, db *postgres.Server, mode string, users map[string]string, settings ...string) *Pooler {
	t.Helper()
	path := programs.Need(t, func(context.Context) (string, error) {
		path, err := exec.LookPath("pgbouncer")
		if err != nil {
			err = fmt.Errorf("%w (Debian: pgbouncer)", err)
		}
		return path, err
	})
	p := &Pooler{db: db, path: path}
	t.Cleanup(func() {
		if t.Failed() && p.process != nil {
			t.Logf("pgbouncer:\n%s", p.process.Tail(tailBytes))
		}
		if err := errors.Join(p.Kill(), os.RemoveAll(p.dir)); err != nil {
			t.Error(err)
		}
	})
	if err := p.create(t.Context(), mode, users, settings); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Pooler) create(ctx context.Context, mode string, users map[string]string, settings []string) error {
	var err error
	if p.addr, err = loopback.Addr(ctx); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp("", "otlpctl-pgbouncer-*"); err != nil {
		return err
	}
	serverHost, serverPort, err := net.SplitHostPort(p.db.Addr())
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		return err
	}
	lines := append([]string{
		"[databases]",
		fmt.Sprintf("* = host=%s port=%s", serverHost, serverPort),
		"[pgbouncer]",
		"pool_mode = " + mode, "listen_addr = " + host, "listen_port = " + port, "unix_socket_dir = " + p.dir,
		"auth_type = scram-sha-256", "auth_file = " + p.users(), "admin_users = " + postgres.Superuser,
		"server_login_retry = 1",
	}, settings...)
	var list strings.Builder
	for user, password := range users {
		fmt.Fprintf(&list, "\"%s\" \"%s\"\n", user, strings.ReplaceAll(password, `"`, `""`))
	}
	fmt.Fprintf(&list, "\"%s\" \"%s\"\n", postgres.Superuser, postgres.Password)
	if err := os.WriteFile(p.users(), []byte(list.String()), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(p.config(), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	return p.Start(ctx)
}

func (p *Pooler) config() string { return filepath.Join(p.dir, "pgbouncer.ini") }

func (p *Pooler) users() string { return filepath.Join(p.dir, "users.txt") }

// Start starts a pooler again that was killed.
func (p *Pooler) Start(ctx context.Context) error {
	var err error
	p.process, err = p.db.StartAsUser(ctx, process.Spec{
		Name: "pgbouncer", Path: p.path, Args: []string{p.config()}, Dir: p.dir, Cwd: p.dir, Grace: killGrace,
	}, "KILL", p.dir, p.config(), p.users())
	if err != nil {
		return err
	}
	return wait.Until(ctx, startLimit, "pgbouncer to answer", func() (bool, error) {
		if !p.process.Running() {
			return false, &process.EndedError{Name: "pgbouncer", Log: p.process.Tail(tailBytes)}
		}
		return p.Command(ctx, "SHOW VERSION") == nil, nil
	})
}

// Kill ends the pooler, and all connections through it. Killing one that does not run is allowed.
func (p *Pooler) Kill() error {
	if p.process == nil {
		return nil
	}
	if p.process.Running() {
		if err := p.process.Signal(unix.SIGKILL); err != nil {
			return err
		}
	}
	_, err := p.process.Stop()
	return err
}

// Command gives the pooler a command, such as PAUSE, and waits until it has done so.
func (p *Pooler) Command(ctx context.Context, command string) error {
	conn, err := pgconn.Connect(ctx, p.At(p.db.URL(console)))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, command).ReadAll()
	return errors.Join(err, conn.Close(ctx))
}

// MustCommand is Command for tests.
func (p *Pooler) MustCommand(t testing.TB, command string) {
	t.Helper()
	if err := p.Command(t.Context(), command); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
}

// Addr returns host:port.
func (p *Pooler) Addr() string { return p.addr }

// At returns a URL of the server that leads to the pooler.
func (p *Pooler) At(url string) string { return strings.Replace(url, p.db.Addr(), p.addr, 1) }
