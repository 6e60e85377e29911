package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestTaken(t *testing.T) {
	f := func(code, where string, want int, known bool) {
		t.Helper()
		if got, ok := taken(&pgconn.PgError{Code: code, Where: where}); got != want || ok != known {
			t.Errorf("%s: %d, %t, want %d, %t", where, got, ok, want, known)
		}
	}
	f("22P05", "COPY otlp_logs, line 17, column body", 16, true)
	f("22P02", "JSON data, line 1: 1e999999\nCOPY otlp_new, line 1, column attributes", 0, true)
	f("22P05", "COPY otlp_logs, Zeile 20000, Spalte body", 19999, true)
	f("22P05", "COPY otlp_logs, 第17行, 列 body", 16, true)
	f("22P05", "unnamed portal parameter $1", 0, false)
	f("22P05", "COPY otlp_logs, line 0, column body", 0, false)
	f("22P05", "COPY otlp_logs, line 99999999999999999999, column body", 0, false)
	f("23514", "COPY otlp_logs, line 17", 0, false)
	f("54000", "COPY otlp_logs, line 17, column body", 0, false) // of rows that are written many at a time
	f("22000", "", 0, false)
}

// A server that names the row which it refuses is asked some times for each, and no more often than there are rows; one
// that does not, no more often than bisection would.
func TestHalveAsksSeldom(t *testing.T) {
	const rows = 1024
	f := func(name string, says string, bad func(i int) bool, most int) {
		t.Helper()
		calls, next, refusals := 0, 0, 0
		err := halve(rows, func(from, to int) error {
			if calls++; from != next || to <= from || to > rows {
				t.Fatalf("%s: asked for %d to %d when %d was next", name, from, to, next)
			}
			for i := from; i < to; i++ {
				if bad(i) {
					where := ""
					if says != "" {
						where = fmt.Sprintf(says, i-from+1)
					}
					return &pgconn.PgError{Code: "22P05", Where: where}
				}
			}
			next = to
			return nil
		}, func(i int, _ *pgconn.PgError) {
			if refusals++; i != next || !bad(i) {
				t.Fatalf("%s: refused %d when %d was next", name, i, next)
			}
			next++
		})
		if err != nil || next != rows || calls > most {
			t.Errorf("%s: %d of %d rows in %d tries, want %d at most; %v", name, next, rows, calls, most, err)
		}
	}
	const named = "COPY otlp_logs, line %d, column body"
	f("none", named, func(int) bool { return false }, 1)
	f("one", named, func(i int) bool { return i == 700 }, 5)
	f("every hundredth", named, func(i int) bool { return i%100 == 42 }, 50)
	f("all", named, func(int) bool { return true }, rows)
	f("one, unnamed", "", func(i int) bool { return i == 700 }, 32)
	f("all, unnamed", "", func(int) bool { return true }, rows+10)
	f("wrong line", "COPY otlp_logs, line 9%d, column body", func(i int) bool { return i == 700 }, 32)
}
