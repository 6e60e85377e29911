package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
)

// defaultConnectTimeout bounds an attempt to connect to one host if neither the URL
// nor the environment does.
const defaultConnectTimeout = 5 * time.Second

// minVersion is the oldest PostgreSQL that is written to: older ones have no
// partitions with what this package needs of them.
const minVersion = 12

// target is where connections go, and how that is said.
type target struct {
	url    string
	config *pgconn.Config // as it was first
	name   string         // without secrets
	shown  secrecy
}

// secrecy shows what a server says without the passwords that it has been sent. It may be used while it changes.
type secrecy struct {
	newest atomic.Pointer[reply.Discreet]
}

func (s *secrecy) keep(passwords ...string) {
	d := reply.NewDiscreet(passwords...)
	s.newest.Store(&d)
}

// Line returns a message as it is shown.
func (s *secrecy) Line(message string) string { return s.newest.Load().Line(message) }

// Connect opens one connection to the database of a URL, by the rules of this
// package: the parameters of libpq, UTF-8, PostgreSQL 12 or newer. Errors show nothing
// secret of the URL, and those with a known next step have a method Hint.
func Connect(ctx context.Context, url string) (*pgconn.PgConn, error) {
	t, err := parse(url)
	if err != nil {
		return nil, err
	}
	conn, err := t.connect(ctx)
	if err != nil {
		return nil, t.explain(err)
	}
	return conn, nil
}

const urlHint = "write postgres://USER:PASSWORD@HOST:PORT/NAME, with %40 for @, %2F for / and %25 for % in user and password"

// parse reads a URL. Its errors never repeat it: what cannot be read may be a password anywhere.
func parse(url string) (*target, error) {
	if err := unambiguous(url); err != nil {
		return nil, reply.Advise(err, urlHint)
	}
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, reply.Advise(unreadable(err), urlHint)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = defaultConnectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "otlpctl"
	}
	config.RuntimeParams["client_encoding"] = "UTF8"
	t := &target{url: url, config: config, name: nameOf(config)}
	t.shown.keep(config.Password)
	return t, nil
}

// current returns how to connect now. The files that the URL names or libpq has by itself may be others than at first:
// passwords and certificates are renewed.
func (t *target) current() (*pgconn.Config, error) {
	fresh, err := parse(t.url)
	if err != nil {
		return nil, err
	}
	t.shown.keep(t.config.Password, fresh.config.Password)
	return fresh.config, nil
}

// unambiguous finds passwords that were not escaped and would be taken for a host
// or the name of a database, which errors show.
func unambiguous(url string) error {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || scheme != "postgres" && scheme != "postgresql" {
		return errors.New("the URL does not begin with postgres://")
	}
	rest, _, _ = strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	if strings.Count(authority, "@") > 1 || strings.Contains(path, "@") {
		return errors.New("the URL has an @ that is none between user and host")
	}
	return nil
}

// unreadable says what is wrong with a URL, as far as that repeats nothing of it but
// the names of files.
func unreadable(err error) error {
	text := err.Error()
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("a file that the URL names: %w", file)
	}
	for _, part := range []struct{ sign, problem string }{
		{"invalid port", "the URL has no valid port"},
		{"port numbers to", "the URL has not as many ports as hosts"},
		{"unexpected spaces", "the URL has a space, which is written as %20"},
		{"percent-encoded", "the URL has a % without two hexadecimal digits behind it"},
		{"invalid URL escape", "the URL has a % without two hexadecimal digits behind it"},
		{"sslmode is invalid", "the URL's sslmode is none of disable, allow, prefer, require, verify-ca and verify-full"},
		{"target_session_attrs", "the URL's target_session_attrs is none of any, read-write, read-only, primary, standby and prefer-standby"},
		{"connect_timeout", "the URL's connect_timeout is no number of seconds"},
		{"service", "the service that the URL or PGSERVICE names cannot be read"},
		{"CA to cert pool", "the file of sslrootcert has no certificate"},
		{"configure TLS", "the URL's TLS parameters cannot be used: sslcert and sslkey are a pair in PEM, and sslpassword opens the key"},
	} {
		if strings.Contains(text, part.sign) {
			return errors.New(part.problem)
		}
	}
	return errors.New("the URL cannot be read")
}

// nameOf returns how a database is called in errors: telemetry on db:5432 as otlpctl.
func nameOf(c *pgconn.Config) string {
	name := c.Database
	if name == "" {
		name = c.User
	}
	return fmt.Sprintf("database %s on %s as %s", name, strings.Join(hostsOf(c), ","), c.User)
}

// hostsOf returns the addresses that a URL names, each once.
func hostsOf(c *pgconn.Config) []string {
	var hosts []string
	add := func(host string, port uint16) {
		if addr := net.JoinHostPort(host, strconv.Itoa(int(port))); !slices.Contains(hosts, addr) {
			hosts = append(hosts, addr)
		}
	}
	add(c.Host, c.Port)
	for _, further := range c.Fallbacks {
		add(further.Host, further.Port)
	}
	return hosts
}

// share returns how long to wait for one of several hosts, limit at most: one that hangs leaves time for the next, and
// the last for what there is to do.
func share(ctx context.Context, limit time.Duration, hosts int) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok || hosts < 2 {
		return limit
	}
	return min(limit, max(time.Until(deadline)/time.Duration(hosts+1), time.Millisecond)) // zero would be no limit
}

// connect opens a connection. Its errors are pgconn's.
func (t *target) connect(ctx context.Context) (*pgconn.PgConn, error) {
	config, err := t.current()
	if err != nil {
		return nil, err
	}
	config.ConnectTimeout = share(ctx, config.ConnectTimeout, len(hostsOf(config)))
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	err = checkVersion(conn.ParameterStatus("server_version"))
	if err == nil {
		err = t.checkSearchPath(ctx, conn)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// checkVersion checks a server_version such as "15.4 (Debian 15.4-1)" or "17beta1".
func checkVersion(version string) error {
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(version)
	}
	major, err := strconv.Atoi(version[:digits])
	if err == nil && major >= minVersion {
		return nil
	}
	return reply.Advise(fmt.Errorf("the server is PostgreSQL %s", version), fmt.Sprintf("use PostgreSQL %d or newer", minVersion))
}
