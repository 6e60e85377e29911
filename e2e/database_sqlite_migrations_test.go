package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// sqliteMigrations is the table in which receivers write down what they have done to a file.
const sqliteMigrations = `CREATE TABLE otlp_migrations (
	version INTEGER PRIMARY KEY,
	name    TEXT    NOT NULL,
	applied INTEGER NOT NULL -- nanoseconds since the Unix epoch
) STRICT;
`

// Files of every version that there has been are brought up to date with all their rows, and are as new ones then.
func TestSQLiteMigrations(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	all := migrationsOf(t, "sqlite")
	fresh := filepath.Join(folder, "fresh.db")
	upgrade(t, fresh)
	want := schemaOf(t, fresh)
	for n := 1; n <= len(all); n++ {
		t.Run(fmt.Sprint("version ", n), func(t *testing.T) {
			path := filepath.Join(folder, fmt.Sprintf("version-%d.db", n))
			sqlite3(t, path, sqliteAt(all[:n]))
			keys := fillSQLite(t, path)
			upgrade(t, path)
			if got := schemaOf(t, path); !reflect.DeepEqual(got, want) {
				t.Errorf("the schema is\n%q\nwant\n%q", got, want)
			}
			for table, old := range keys {
				wantRows(t, table, old, sqlite3(t, path, keysOf(table, old.columns)))
			}
		})
	}
	t.Run("newer", func(t *testing.T) { testNewerFile(t, fresh, len(all)) })
}

// testNewerFile has a receiver refuse a file of a version to come, and leave it as it is.
func testNewerFile(t *testing.T, path string, known int) {
	sqlite3(t, path, fmt.Sprintf("INSERT INTO otlp_migrations VALUES (%d, 'later', 1)", known+1))
	before := sqlite3(t, path, ".sha3sum")
	config := filepath.Join(t.TempDir(), "newer.yaml")
	must(t, os.WriteFile(config, []byte("database: {url: \"sqlite:"+path+"\"}\n"), 0o600))
	got := run(t, process.Spec{Name: "newer", Path: otlpctl(t), Args: []string{"serve", "--config", config}})
	says := fmt.Sprintf("newer.yaml:1:17: database.url: database %s: has version %d of the schema, and this otlpctl knows %d", path, known+1, known)
	if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, says) {
		t.Errorf("exit %d, stdout %q\n%s", got.code, got.stdout, got.stderr)
	}
	if after := sqlite3(t, path, ".sha3sum"); !reflect.DeepEqual(after, before) {
		t.Error("the file has changed")
	}
}

// upgrade runs a receiver on a file that writes items of every signal.
func upgrade(t *testing.T, path string) {
	t.Helper()
	s := serve(t, keeping("sqlite:"+path, unqueued))
	writeSome(t, s)
	wantCleanExit(t, s)
}

// sqliteAt returns SQL that brings an empty file to a version as receivers do.
func sqliteAt(all []migration) string {
	var b strings.Builder
	b.WriteString(sqliteMigrations)
	for _, m := range all {
		fmt.Fprintf(&b, "BEGIN;\n%s;\nINSERT INTO otlp_migrations VALUES (%d, '%s', 1);\nCOMMIT;\n", m.sql, m.version, m.name)
	}
	return b.String()
}

// schemaOf returns the definitions of everything in a file.
func schemaOf(t *testing.T, path string) [][]string {
	t.Helper()
	return sqlite3(t, path, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
}

// fillSQLite writes rows into every table of a file, whatever its columns are, and returns their keys.
func fillSQLite(t *testing.T, path string) map[string]keyed {
	t.Helper()
	byType := map[string]string{"INTEGER": "i", "TEXT": "'text ' || i", "BLOB": "CAST(printf('%016d', i) AS BLOB)", "REAL": "i / 7.0"}
	filled := make(map[string]keyed)
	for _, table := range sqlite3(t, path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'otlp%' AND name <> 'otlp_migrations'") {
		var names, values, key []string
		for _, c := range sqlite3(t, path, "SELECT name, type, pk FROM pragma_table_info('"+table[0]+"') ORDER BY cid") {
			value, ok := byType[c[1]]
			if !ok {
				t.Fatalf("there is no value for columns of type %s: add one", c[1])
			}
			names, values = append(names, c[0]), append(values, value)
			if c[2] != "0" {
				key = append(key, "quote("+c[0]+")")
			}
		}
		sqlite3(t, path, fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO %s (%s) SELECT %s FROM n",
			oldRows, table[0], strings.Join(names, ", "), strings.Join(values, ", ")))
		old := keyed{columns: strings.Join(key, ", ")}
		if old.rows = sqlite3(t, path, keysOf(table[0], old.columns)); len(old.rows) != oldRows {
			t.Fatalf("%s has %d rows", table[0], len(old.rows))
		}
		filled[table[0]] = old
	}
	return filled
}

// wantRows checks that the rows that were in a table are there now.
func wantRows(t *testing.T, table string, old keyed, now [][]string) {
	t.Helper()
	there := make(map[string]bool, len(now))
	for _, row := range now {
		there[strings.Join(row, "\x00")] = true
	}
	missing := slices.DeleteFunc(old.rows, func(row []string) bool { return there[strings.Join(row, "\x00")] })
	if len(missing) > 0 {
		t.Errorf("%s: %d rows are missing, such as %v", table, len(missing), missing[0])
	}
}
