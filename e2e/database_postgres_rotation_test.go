package e2e_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// A password is changed in the server while a receiver writes. Connections that there are go on; when they end, batches
// wait for the new password: in the configuration, or in a file of libpq, which needs no reload.
func TestPostgresPasswordRotation(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	newWriter(t, db)
	passFile := filepath.Join(t.TempDir(), "pgpass")
	for _, o := range []struct {
		name  string
		url   func(t *testing.T, complete string) string
		renew func(t *testing.T, s *server, complete string)
	}{{
		name: "configuration",
		url:  func(_ *testing.T, complete string) string { return complete },
		renew: func(t *testing.T, s *server, complete string) {
			t.Helper()
			replace(t, s.file, s.addressed(keeping(complete, impatient...)+adminSection))
			must(t, s.Signal(unix.SIGHUP))
		},
	}, {
		name: "passfile",
		url: func(t *testing.T, complete string) string {
			t.Helper()
			return withPassFile(t, passFile, complete)
		},
		renew: func(t *testing.T, _ *server, complete string) {
			t.Helper()
			withPassFile(t, passFile, complete)
		},
	}} {
		ok := t.Run(o.name, func(t *testing.T) {
			db.MustExec(t, "postgres", fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", writer, writerPassword))
			complete := newDatabase(t, db, o.name, "")
			s := serve(t, keeping(o.url(t, complete), impatient...))
			l := sendNow(t, s)
			s.storing(t)
			const renewed = "another:p@ss%word"
			db.MustExec(t, "postgres", fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", writer, renewed))
			s.storing(t)
			db.MustExec(t, "postgres", fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s'", writer))
			wait.For(t, arrivalLimit, "the old password to be refused, and clients", func() bool {
				return strings.Contains(s.database(t).Error, "SQLSTATE 28P01") && len(l.refused()) >= 30
			})
			t.Logf("/status: %s", s.database(t).Error)
			o.renew(t, s, db.URLAs(writer, renewed, o.name))
			s.storing(t)
			wait.For(t, arrivalLimit, "/status to be content", func() bool { return s.database(t).Healthy })
			l.finish()
			l.wantTold(t)
			wantCleanExit(t, s)
			stored := inPostgres(t, db, o.name)
			l.wantStored(t, stored)
			wantReceipt(t, s, stored)
			wantDiscreet(t, s)
		})
		if !ok {
			return // the password may be the wrong one
		}
	}
}

// withPassFile moves the password of a URL into a file as libpq knows it.
func withPassFile(t *testing.T, path, complete string) string {
	t.Helper()
	u, err := url.Parse(complete)
	must(t, err)
	password, _ := u.User.Password()
	replace(t, path, "*:*:*:*:"+strings.NewReplacer(`\`, `\\`, ":", `\:`).Replace(password)+"\n")
	u.User = url.User(u.User.Username())
	q := u.Query()
	q.Set("passfile", path)
	u.RawQuery = q.Encode()
	return u.String()
}
