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
	f("22012", "PL/pgSQL function checked() line 1 at RAISE\nCOPY otlp_logs, line 17", 0, false)
	f("22P02", "COPY mine, line 1, column n: \"x\"\nSQL statement \"COPY mine FROM '/x'\"\nPL/pgSQL function checked() line 3 at SQL statement\nCOPY otlp_logs, line 17", 0, false)
	f("22P02", "COPY otlp_logs, line 1, column n\nwhile executing on worker", 0, false)
}

// A server that names the row which it refuses is asked some times for each; one that does not, no more often than
// bisection would. What it says is not believed.
func TestHalveAsksSeldom(t *testing.T) {
	const rows = 1024
	f := func(name string, says func(line int) string, code string, bad func(i int) bool, most int) {
		t.Helper()
		calls, next, refusals := 0, 0, 0
		err := halve(rows, func(from, to int) error {
			if calls++; from != next || to <= from || to > rows {
				t.Fatalf("%s: asked for %d to %d when %d was next", name, from, to, next)
			}
			for i := from; i < to; i++ {
				if bad(i) {
					return &pgconn.PgError{Code: code, Where: says(i - from + 1)}
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
	const invalid, duplicate = "22P05", "23505"
	line := func(n int) string { return fmt.Sprintf("COPY otlp_logs, line %d, column body", n) }
	silent := func(int) string { return "" }
	no, all := func(int) bool { return false }, func(int) bool { return true }
	one := func(i int) bool { return i == 700 }
	f("none", line, invalid, no, 1)
	f("one", line, invalid, one, 5)
	f("every hundredth", line, invalid, func(i int) bool { return i%100 == 42 }, 50)
	f("all", line, invalid, all, rows+20)
	f("one, unnamed", silent, invalid, one, 32)
	f("all, unnamed", silent, invalid, all, rows+10)
	f("one that is no duplicate by its key", silent, duplicate, one, 32)
	for _, wrong := range []int{1, 2, 17, 9999} {
		f(fmt.Sprintf("always line %d", wrong), func(int) string { return line(wrong) }, invalid, one, 120)
	}
	f("the line before", func(n int) string { return line(n - 1) }, invalid, one, 120)
	f("the line behind", func(n int) string { return line(n + 1) }, invalid, one, 120)
}
