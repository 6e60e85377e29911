// Package postgres runs real PostgreSQL servers for the tests: the one of Debian. A server stops, dies, hangs and comes
// back as a test asks it to, always at the same address and with the data that it had.
package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	startLimit = time.Minute // for machines that do much else at the same time
	stopGrace  = 10 * time.Second
	tailBytes  = 8 << 10

	// Superuser may do everything. Over TCP it has Password; over the socket it needs none.
	Superuser = "postgres"
	// Password has what needs care in a URL.
	Password = "p@ss/w:rd?#% é"
	// Database is there from the beginning.
	Database = "telemetry"
)

// Server is a PostgreSQL server.
type Server struct {
	dir      string // owned by the server's user; holds its data, its socket and its logs
	bin      string
	addr     string
	user     *account
	settings []string
	process  *process.Process
}

// Own starts a server for one test. settings are the server's own, such as "max_connections=5". Where there can be no
// server the test is skipped, or fails: see programs.Need.
func Own(t testing.TB, settings ...string) *Server {
	t.Helper()
	s := &Server{settings: settings}
	programs.Need(t, func(context.Context) (string, error) {
		var err error
		s.bin, err = binaries()
		return s.bin, err
	})
	s.cleanUp(t)
	if err := s.create(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// cleanUp ends the server and removes its data when a test ends.
func (s *Server) cleanUp(t testing.TB) {
	t.Cleanup(func() {
		if t.Failed() && s.process != nil {
			t.Logf("postgres:\n%s", s.process.Tail(tailBytes))
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Programs names the variable with a folder of PostgreSQL's programs, of any version that is to be tested with.
const Programs = "OTLPCTL_E2E_POSTGRES"

// binaries returns the folder with the programs of PostgreSQL: by default of the newest one.
func binaries() (string, error) {
	if folder := os.Getenv(Programs); folder != "" {
		return folder, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", fmt.Errorf("%w (Debian: postgresql)", err)
	}
	return filepath.Dir(path), nil
}

// place gives the server an account, an address and a folder.
func (s *Server) place(ctx context.Context) error {
	var err error
	if s.user, err = serverAccount(); err != nil {
		return err
	}
	if s.addr, err = loopback.Addr(ctx); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "otlpctl-postgres-*"); err != nil {
		return err
	}
	return s.user.own(s.dir)
}

func (s *Server) create(ctx context.Context) error {
	if err := s.place(ctx); err != nil {
		return err
	}
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte(Password), 0o600); err != nil {
		return err
	}
	if err := s.user.own(password); err != nil {
		return err
	}
	_, err := s.run(ctx, "initdb", "--pgdata="+s.data(), "--username="+Superuser, "--pwfile="+password, "--no-sync",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8")
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	return s.Exec(ctx, "postgres", "CREATE DATABASE "+Database)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// DataDir returns the folder of the server's data, with pg_hba.conf and postgresql.conf in it.
func (s *Server) DataDir() string { return s.data() }

// WriteFile writes a file into the folder of the server's data, for the server alone.
func (s *Server) WriteFile(name, text string) error {
	path := filepath.Join(s.data(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return s.user.own(path)
}

// Start starts a server again that was stopped or killed. Further settings hold from now on.
func (s *Server) Start(ctx context.Context, settings ...string) error {
	s.settings = append(s.settings, settings...)
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	// Processes are killed here, machines do not fail: what the kernel has is safe without fsync.
	args := []string{"-D", s.data(), "-c", "listen_addresses=" + host, "-c", "port=" + port, "-c", "unix_socket_directories=" + s.dir, "-c", "fsync=off"}
	for _, one := range s.settings {
		args = append(args, "-c", one)
	}
	s.process, err = s.user.start(ctx, process.Spec{
		Name: "postgres", Path: filepath.Join(s.bin, "postgres"), Args: args, Dir: s.dir, Cwd: s.dir, Grace: stopGrace,
	}, "QUIT")
	if err != nil {
		return err
	}
	return wait.Until(ctx, startLimit, "postgres to answer", func() (bool, error) {
		if !s.process.Running() {
			return false, &process.EndedError{Name: "postgres", Log: s.process.Tail(tailBytes)}
		}
		return s.Exec(ctx, "postgres", "SELECT 1") == nil, nil
	})
}

// Stop ends the server in order, and its sessions with it.
func (s *Server) Stop() error {
	if err := s.process.Signal(unix.SIGINT); err != nil { // "fast shutdown"
		return err
	}
	_, err := s.process.Stop()
	return err
}

// Kill ends the server and its sessions as the kernel does when there is no memory left. Killing one that does not run
// is allowed, and so is a context that has ended.
func (s *Server) Kill(ctx context.Context) error {
	if s.process == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	var all []int
	if s.process.Running() {
		var err error
		if all, err = s.freeze(ctx); err != nil {
			return err
		}
		if err := signal(unix.SIGKILL, all); err != nil {
			return err
		}
	}
	if _, err := s.process.Stop(); err != nil {
		return err
	}
	// As long as there is one session, no other server starts in the same folder.
	return wait.Until(ctx, stopGrace, "the sessions of postgres to be gone", func() (bool, error) {
		return !slices.ContainsFunc(all, func(pid int) bool { return !ended(pid) }), nil
	})
}

// Pause makes the server and its sessions stand still: connections stay open, and nothing answers.
func (s *Server) Pause(ctx context.Context) error {
	all, err := s.freeze(ctx)
	if err != nil {
		return err
	}
	return signal(unix.SIGSTOP, all)
}

// Continue ends a Pause.
func (s *Server) Continue() error {
	all, err := s.processes()
	if err != nil {
		return err
	}
	return signal(unix.SIGCONT, all)
}

// freeze makes the server stand still, so that it begins no new sessions, and returns all processes.
func (s *Server) freeze(ctx context.Context) ([]int, error) {
	pid := s.process.PID()
	if err := signal(unix.SIGSTOP, []int{pid}); err != nil {
		return nil, err
	}
	err := wait.Until(ctx, stopGrace, "postgres to stand still", func() (bool, error) { return stopped(pid), nil })
	if err != nil {
		return nil, err
	}
	return s.processes()
}

// processes returns the server and its sessions.
func (s *Server) processes() ([]int, error) {
	pid := s.process.PID()
	children, err := childrenOf(pid)
	return append([]int{pid}, children...), err
}

// signal sends a signal to processes, those that have ended excepted.
func signal(sig unix.Signal, pids []int) error {
	for _, pid := range pids {
		if err := unix.Kill(pid, sig); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("signal process %d of postgres: %w", pid, err)
		}
	}
	return nil
}

// Running reports whether the server's process is there.
func (s *Server) Running() bool { return s.process.Running() }

// Log returns the end of what the server has written.
func (s *Server) Log() string { return s.process.Tail(tailBytes) }

// Addr returns host:port.
func (s *Server) Addr() string { return s.addr }

// SocketDir returns the folder with the server's socket.
func (s *Server) SocketDir() string { return s.dir }

// URL returns where otlpctl finds a database, as the superuser.
func (s *Server) URL(database string) string { return s.URLAs(Superuser, Password, database) }

// URLAs is URL for another user.
func (s *Server) URLAs(user, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: s.addr, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// run runs one of PostgreSQL's programs as the server's user and returns what it prints.
func (s *Server) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, args := s.user.command("KILL", filepath.Join(s.bin, name), args...)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}
