package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	file "github.com/otlpctl/otlpctl/receiver/export/database/sqlite"
)

// sqliteFile is a file of SQLite. If it is gone, the next query looks for another one at its path.
type sqliteFile struct {
	path string
	conn *sqlite.Conn // nil if the file is gone
	info fs.FileInfo  // of the file that is open
}

func openSQLite(path string) (connection, error) {
	f := &sqliteFile{path: path}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *sqliteFile) open() error {
	info, _ := os.Stat(f.path) // what is wrong with it is said by who opens it
	conn, err := file.OpenReader(f.path)
	if err != nil {
		return err
	}
	f.conn, f.info = conn, info
	return nil
}

func (f *sqliteFile) close() error {
	if f.conn == nil {
		return nil
	}
	err := f.conn.Close()
	f.conn = nil
	return err
}

// errReplaced is the error of the first query after another file has come to the path.
var errReplaced = errors.New("was replaced by another file, which is read from now on")

// reopen sees to it that the open file is the one at the path. Its error says that it was not, or that there is none. As
// long as a file is open, no other is the same to the system.
func (f *sqliteFile) reopen() error {
	info, err := os.Stat(f.path)
	if err == nil && f.conn != nil && os.SameFile(info, f.info) {
		return nil
	}
	if end := f.close(); end != nil {
		return end
	}
	if errors.Is(err, fs.ErrNotExist) {
		return hinted.New(fmt.Errorf("database %s was deleted or moved away", f.path), "another file is waited for there: otlpctl serve begins one when something comes")
	}
	if err := f.open(); err != nil {
		return err
	}
	return fmt.Errorf("database %s %w", f.path, errReplaced)
}

func (f *sqliteFile) query(ctx context.Context, text string, args []any, row func(columns) error) error {
	if err := f.reopen(); err != nil {
		return err
	}
	f.conn.SetInterrupt(ctx.Done())
	defer f.conn.SetInterrupt(nil)
	err := f.run(text, args, row)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (f *sqliteFile) run(text string, args []any, row func(columns) error) (err error) {
	stmt, _, err := f.conn.PrepareTransient(text)
	if err != nil {
		return err
	}
	defer func() {
		if end := stmt.Finalize(); err == nil {
			err = end
		}
	}()
	for i := 1; i <= stmt.BindParamCount(); i++ {
		n, err := strconv.Atoi(strings.TrimPrefix(stmt.BindParamName(i), "$")) // they are counted as they stand in the text
		if err != nil {
			return fmt.Errorf("parameter %q: %w", stmt.BindParamName(i), err)
		}
		bind(stmt, i, args[n-1])
	}
	for {
		if more, err := stmt.Step(); err != nil || !more {
			return err
		}
		if err := row(sqliteRow{stmt}); err != nil {
			return err
		}
	}
}

func bind(stmt *sqlite.Stmt, i int, arg any) {
	switch v := arg.(type) {
	case int64:
		stmt.BindInt64(i, v)
	case instant:
		stmt.BindInt64(i, int64(v))
	case string:
		stmt.BindText(i, v)
	case []byte:
		stmt.BindBytes(i, v)
	default:
		panic(fmt.Sprintf("argument of type %T", arg))
	}
}

// holds looks at each key, as a path would give a meaning to some characters in it.
func (*sqliteFile) holds(q *query, column string, a Attribute) string {
	return "EXISTS (SELECT 1 FROM json_each(" + column + ") WHERE key = " + q.arg(a.Key) +
		" AND CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(value AS TEXT) END = " + q.arg(a.Value) + ")"
}

func (*sqliteFile) matches(q *query, column string, g glob) string {
	if g.literal() {
		return column + " = " + q.arg(string(g))
	}
	return column + " GLOB " + q.arg(g.unix())
}

func (*sqliteFile) contains(q *query, column, part string) string {
	return "instr(" + column + ", " + q.arg(part) + ") > 0"
}

// keys knows that no time there is later than the year 2262.
func (*sqliteFile) keys(q *query, items []row.PrimaryKey) string {
	rows := make([]string, len(items))
	for i := range items {
		rows[i] = "(" + q.arg(instant(min(items[i].Time, math.MaxInt64))) + ", " + q.arg(items[i].Key[:]) + ")"
	}
	return "(time, key) IN (VALUES " + strings.Join(rows, ", ") + ")"
}

// using is obeyed: SQLite does not know that few rows are in some indexes.
func (*sqliteFile) using(table, index string) string { return table + " INDEXED BY " + index }

// mark is the number of the last row: one process writes, and numbers its rows in the order in which they come.
func (f *sqliteFile) mark(ctx context.Context, table string) (last int64, err error) {
	err = f.query(ctx, "SELECT max(rowid) FROM "+table, nil, func(c columns) error {
		last = c.integer(0)
		return nil
	})
	return last, err
}

// arrived keeps SQLite from taking an index for the other conditions: it knows no better than that they
// leave less.
func (*sqliteFile) arrived(q *query, table string, mark int64, since instant) (from, condition string) {
	return table + " NOT INDEXED", "rowid > " + q.arg(mark) + " AND time >= " + q.arg(since)
}

// sqliteRow is a row of an answer.
type sqliteRow struct{ stmt *sqlite.Stmt }

func (r sqliteRow) null(i int) bool      { return r.stmt.ColumnIsNull(i) }
func (r sqliteRow) integer(i int) int64  { return r.stmt.ColumnInt64(i) }
func (r sqliteRow) number(i int) float64 { return r.stmt.ColumnFloat(i) }

func (r sqliteRow) bytes(i int) []byte {
	if r.stmt.ColumnIsNull(i) {
		return nil
	}
	value := make([]byte, r.stmt.ColumnLen(i))
	r.stmt.ColumnBytes(i, value)
	return value
}
