package e2e_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// oldRows is how many rows each table has before an upgrade.
const oldRows = 500

// migration is a file of the schema's history, and what a receiver of that time has written down of it.
type migration struct {
	version   int
	name, sql string
}

// migrationsOf returns the history of a kind of database, from the files that the product embeds.
func migrationsOf(t *testing.T, kind string) []migration {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "receiver", "export", "database", kind, "migrations", "*.sql"))
	must(t, err)
	var all []migration
	for _, file := range files {
		sql, err := os.ReadFile(file)
		must(t, err)
		number, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".sql"), "_")
		version, err := strconv.Atoi(number)
		must(t, err)
		all = append(all, migration{version, name, string(sql)})
	}
	if len(all) == 0 {
		t.Fatalf("no migrations of %s", kind)
	}
	return all
}

// Tables of every version that there has been are brought up to date with all their rows, and are the same as new ones then.
func TestPostgresMigrations(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	newWriter(t, db)
	all := migrationsOf(t, "postgres")
	fresh := newDatabase(t, db, "fresh", "")
	writeSome(t, serve(t, keeping(fresh, unqueued)))
	want := db.Schema(t, "fresh", "otlp_*_20*") // the partitions of days
	for n := 1; n <= len(all); n++ {
		t.Run(fmt.Sprint("version ", n), func(t *testing.T) {
			database := fmt.Sprint("version_", n)
			url := newDatabase(t, db, database, "")
			db.MustExec(t, database, "SET ROLE "+writer+"; "+postgresAt(all[:n]))
			keys := fillPostgres(t, db, database)
			s := serve(t, keeping(url, unqueued))
			writeSome(t, s)
			wantCleanExit(t, s)
			if got := db.Schema(t, database, "otlp_*_20*"); got != want {
				t.Errorf("the schema differs from that of a new database:\n%s", firstDifference(got, want))
			}
			for table, old := range keys {
				wantRows(t, table, old, db.Query(t, database, keysOf(table, old.columns)))
			}
		})
	}
	t.Run("newer", func(t *testing.T) { testNewerTables(t, db, len(all)) })
}

// Tables of a version to come are left alone: what arrives waits until there is a receiver that knows them, or until they are
// what they were.
func testNewerTables(t *testing.T, db *postgres.Server, known int) {
	const database = "fresh"
	db.MustExec(t, database, fmt.Sprintf("INSERT INTO otlp_migrations VALUES (%d, 'later', '\\x00', now())", known+1))
	before := db.Schema(t, database, "")
	s := serve(t, keeping(db.URLAs(writer, writerPassword, database), impatient...))
	l := sendNow(t, s)
	says := fmt.Sprintf("the tables have version %d, and this otlpctl knows %d; hint: ", known+1, known)
	wait.For(t, arrivalLimit, "/status to say "+says, func() bool {
		return strings.Contains(s.database(t).Error, says) && len(l.refused()) >= 30
	})
	if code, body, err := get(t.Context(), "http://"+s.admin+"/ready"); err != nil || code != http.StatusOK {
		t.Errorf("/ready: %d %s %v", code, body, err)
	}
	if db.Schema(t, database, "") != before {
		t.Error("the schema has changed")
	}
	db.MustExec(t, database, fmt.Sprintf("DELETE FROM otlp_migrations WHERE version = %d; TRUNCATE otlp_spans, otlp_points, otlp_logs", known+1))
	s.storing(t)
	l.finish()
	l.wantTold(t)
	wantCleanExit(t, s)
	stored := inPostgres(t, db, database)
	l.wantStored(t, stored)
	wantReceipt(t, s, stored)
}

// writeSome has a receiver write items of every signal, after which the tables are up to date.
func writeSome(t *testing.T, s *server) {
	t.Helper()
	c := s.client(t, signal.GRPC, "")
	ctx, cancel := context.WithTimeout(t.Context(), arrivalLimit)
	defer cancel()
	for _, sig := range signal.All() {
		send := client.Retrying{Client: c, Attempt: arrivalLimit}
		must(t, send.Export(ctx, sig, numbered.Request(sig, 1, 10)))
	}
}

// postgresAt returns SQL that brings an empty database to a version as receivers do.
func postgresAt(all []migration) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE otlp_migrations (version integer PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL, applied timestamptz NOT NULL);\n")
	for _, m := range all {
		fmt.Fprintf(&b, "%s;\nINSERT INTO otlp_migrations VALUES (%d, '%s', '\\x%x', now());\n", m.sql, m.version, m.name, sha256.Sum256([]byte(m.sql)))
	}
	return b.String()
}

// keyed is the rows of a table by their primary keys.
type keyed struct {
	columns string
	rows    [][]string
}

func keysOf(table, columns string) string { return fmt.Sprintf("SELECT %s FROM %s", columns, table) }

// values are what rows are filled with, by the types of their columns. i is the number of the row.
var values = map[string]string{ //nolint:gochecknoglobals // a table
	"uuid": "md5(i::text)::uuid", "text": "'text ' || i", "jsonb": "jsonb_build_object('i', i)", "bytea": "sha256(i::text::bytea)",
	"date": "current_date - i", "timestamp with time zone": "now() - make_interval(hours => i)", "bigint": "i", "integer": "i", "smallint": "i % 10",
	"double precision": "i / 7.0", "boolean": "i % 2 = 0",
}

// fillPostgres writes rows into every table of a database, whatever its columns are, and returns their keys.
func fillPostgres(t *testing.T, db *postgres.Server, database string) map[string]keyed {
	t.Helper()
	filled := make(map[string]keyed)
	tables := db.Query(t, database, "SELECT c.relname, (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_index x "+
		"JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey) WHERE x.indrelid = c.oid AND x.indisprimary) "+
		"FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname LIKE 'otlp%' AND c.relname <> 'otlp_migrations'")
	for _, row := range tables {
		table, key := row[0], row[1]
		var names, values []string
		for _, c := range db.Query(t, database, "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '"+table+"'") {
			names, values = append(names, c[0]), append(values, valueOf(t, c[1]))
		}
		db.MustExec(t, database, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %d) AS i",
			table, strings.Join(names, ", "), strings.Join(values, ", "), oldRows))
		old := keyed{columns: key, rows: db.Query(t, database, keysOf(table, key))}
		if key == "" || len(old.rows) != oldRows {
			t.Fatalf("%s has %d rows with the key %q", table, len(old.rows), key)
		}
		filled[table] = old
	}
	return filled
}

func valueOf(t *testing.T, typ string) string {
	t.Helper()
	v, ok := values[typ]
	if !ok {
		t.Fatalf("there is no value for columns of type %s: add one", typ)
	}
	return v
}

// firstDifference returns the first line in which two texts differ.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is %q, want %q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}
