package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestRemedies(t *testing.T) {
	f := func(code, constraint string, want remedy) {
		t.Helper()
		err := fmt.Errorf("somewhere: %w", &pgconn.PgError{Code: code, ConstraintName: constraint})
		if got := remedyOf(err); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
	f("22P05", "", refuse)
	f("22021", "", refuse)
	f("54000", "", refuse)
	f("23502", "", refuse)
	f("23505", "otlp_spans_20261125_pkey", deduplicate)
	f("23514", "", again)
	f("23514", "short", refuse)
	f("40001", "", again)
	f("40P01", "", again)
	f("42P01", "", migrate)
	for _, code := range []string{"08006", "25006", "28P01", "3D000", "42501", "42703", "53100", "53300", "55P03", "57014", "57P01", "57P03", "58030", "XX000", "XX001", "?", ""} {
		f(code, "", wait)
	}
	for where, want := range map[string]remedy{
		"COPY otlp_points, line 1, column detail":                                    refuse,
		"unnamed portal parameter $4":                                                refuse,
		"COPY otlp_logs, Zeile 3, Spalte body":                                       refuse,
		"unbenanntes Portal, Parameter $4":                                           refuse,
		"SQL statement \"SELECT $1\"\nPL/pgSQL function f() line 3 at SQL statement": wait,
		"COPY otlp_points, line 1":                                                   wait, // in an index
	} {
		err := &pgconn.PgError{Code: "XX000", Message: "invalid memory alloc request size 1073741824", Where: where}
		if got := remedyOf(err); got != want {
			t.Errorf("%s: %d, want %d", where, got, want)
		}
	}
	if remedyOf(nil) != wait || remedyOf(context.DeadlineExceeded) != wait {
		t.Error("an error of the connection is one to wait for")
	}
}

func TestExplain(t *testing.T) {
	target, err := parse("postgres://otlp:s3cret-word@db.example:6543/telemetry?sslmode=require")
	if err != nil {
		t.Fatal(err)
	}
	f := func(err error, want, hint string) {
		t.Helper()
		got := target.explain(err)
		advised, ok := errors.AsType[*reply.AdvisedError](got)
		text := got.Error()
		if ok {
			text = advised.Problem()
		}
		if text != "database telemetry on db.example:6543 as otlp: "+want || (hint != "") != ok || ok && !strings.HasPrefix(advised.Hint(), hint) {
			t.Errorf("%q", got)
		}
		if again := target.explain(got); again.Error() != got.Error() {
			t.Errorf("explained twice: %q", again)
		}
	}
	f(&pgconn.PgError{Code: "53100", Message: "could not\nextend file", Detail: "telemetry"}, "could not extend file (SQLSTATE 53100)", "make room")
	f(&pgconn.PgError{Code: "XX000", Message: "repeats s3cret-word"}, "repeats *** (SQLSTATE XX000)", "")
	f(&pgconn.PgError{Code: "28000", Message: `no pg_hba.conf entry for host "::1", SSL off`}, `no pg_hba.conf entry for host "::1", SSL off (SQLSTATE 28000)`, "the server may want TLS")
	f(fmt.Errorf("%w: %w", context.DeadlineExceeded, errors.New("use of closed network connection")), "no answer in time", "")
	f(context.Canceled, "interrupted", "")
	f(checkVersion("11.22"), "the server is PostgreSQL 11.22", "use PostgreSQL 12 or newer")
	f(errors.Join(errPreparing, context.DeadlineExceeded), errPreparing.Error(), "")
}

func TestVersions(t *testing.T) {
	for version, ok := range map[string]bool{
		"15.18 (Debian 15.18-0+deb12u1)": true, "12.0": true, "19beta1": true, "11.22": false, "9.6.24": false, "8.0.2": false, "": false,
	} {
		if err := checkVersion(version); (err == nil) != ok {
			t.Errorf("%q: %v", version, err)
		}
	}
}

func TestURLDefaults(t *testing.T) {
	t.Setenv("PGPASSWORD", "of-the-environment")
	t.Setenv("PGAPPNAME", "")
	target, err := parse("postgresql://otlp@a,b:5433/telemetry?target_session_attrs=read-write&sslmode=disable&search_path=x&client_encoding=latin1")
	if err != nil {
		t.Fatal(err)
	}
	c := target.config
	if c.Password != "of-the-environment" || c.ConnectTimeout != 5*time.Second || c.RuntimeParams["application_name"] != "otlpctl" ||
		c.RuntimeParams["search_path"] != "x" || c.RuntimeParams["client_encoding"] != "UTF8" || c.ValidateConnect == nil {
		t.Errorf("%+v", c)
	}
	if target.name != "database telemetry on a:5432,b:5433 as otlp" {
		t.Error(target.name)
	}
	special, err := parse("postgres://us%40er:p%40ss%2Fw%3Ard%3F%23%25@h/db?connect_timeout=2&application_name=mine")
	if err != nil {
		t.Fatal(err)
	}
	if c := special.config; c.User != "us@er" || c.Password != "p@ss/w:rd?#%" || c.ConnectTimeout != 2*time.Second || c.RuntimeParams["application_name"] != "mine" {
		t.Errorf("%+v", c)
	}
}

func TestHalve(t *testing.T) {
	bad := []int{0, 6, 7}
	var taken, refused []int
	calls := 0
	err := halve(10, func(from, to int) error {
		calls++
		for i := from; i < to; i++ {
			if slices.Contains(bad, i) {
				return &pgconn.PgError{Code: "22P05"}
			}
		}
		for i := from; i < to; i++ {
			taken = append(taken, i)
		}
		return nil
	}, func(i int, _ *pgconn.PgError) { refused = append(refused, i) })
	if err != nil || !slices.Equal(taken, []int{1, 2, 3, 4, 5, 8, 9}) || !slices.Equal(refused, bad) {
		t.Errorf("taken %v, refused %v, %v", taken, refused, err)
	}
	lost := errors.New("lost")
	if err := halve(4, func(from, to int) error {
		if to-from > 1 {
			return &pgconn.PgError{Code: "22000"}
		}
		return lost
	}, nil); !errors.Is(err, lost) {
		t.Errorf("a lost connection: %v", err)
	}
}

func TestReasonOfRefusal(t *testing.T) {
	f := func(want pipeline.Refusal, e *pgconn.PgError) {
		t.Helper()
		if got := reasonOf(e); got != want || remedyOf(e) != refuse {
			t.Errorf("%s: %s, want %s", e.Code, got, want)
		}
	}
	f(pipeline.RefusedInvalid, &pgconn.PgError{Code: "22P05"})                             // untranslatable_character
	f(pipeline.RefusedConstraint, &pgconn.PgError{Code: "23514", ConstraintName: "short"}) // check_violation
	f(pipeline.RefusedTooLarge, &pgconn.PgError{Code: "54000"})                            // program_limit_exceeded
	f(pipeline.RefusedTooLarge, &pgconn.PgError{Code: "XX000", Message: "invalid memory alloc request size 2147483652", Where: "COPY otlp_spans, line 1, column attributes"})
}

func TestVerdict(t *testing.T) {
	target, err := parse("postgres://otlp@db/telemetry")
	if err != nil {
		t.Fatal(err)
	}
	v := verdict{target: target}
	if got := v.Partial(wire.Logs, target.name); got != (pipeline.Partial{}) {
		t.Errorf("%+v", got)
	}
	v.refuse(&pgconn.PgError{Code: "22P05", Message: "no such character"})
	v.refuse(&pgconn.PgError{Code: "54000", Message: "too large"})
	v.refuse(&pgconn.PgError{Code: "22P05", Message: "no other character"})
	want := pipeline.Partial{Rejected: 3, Message: "database telemetry on db:5432 as otlp: 3 log records refused: 2 for no such character (SQLSTATE 22P05); 1 for too large (SQLSTATE 54000)"}
	want.Reasons[pipeline.RefusedInvalid], want.Reasons[pipeline.RefusedTooLarge] = 2, 1
	if got := v.Partial(wire.Logs, target.name); got != want {
		t.Errorf("%+v", got)
	}
}
