package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// largeLog is a batch of one item of 1 MiB.
func largeLog(i int) *pipeline.Batch {
	m := otlptest.Logs(1)
	r := m.ResourceLogs[0].ScopeLogs[0].LogRecords[0]
	r.SeverityText = fmt.Sprintf("%d ", i) + strings.Repeat("x", 1<<20)
	return batch(wire.Logs, 1, otlptest.Encode(m))
}

func TestOpenReaderRefuses(t *testing.T) {
	dir := t.TempDir()
	f := func(path, problem, next string) {
		t.Helper()
		c, err := OpenReader(path)
		if err == nil {
			_ = c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.Contains(hint(err), next) {
			t.Errorf("%s: %v; hint: %s", path, err, hint(err))
		}
	}
	none := filepath.Join(dir, "none.db")
	f(none, none+": no telemetry here yet", "start otlpctl serve")
	f(filepath.Join(dir, "no", "folder.db"), "no telemetry here yet", "start otlpctl serve")
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if _, err := OpenReader(none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	f(dir, "is a directory", "")
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	f(text, "file is not a database", "name another file")
	f(":memory:", "not the path of a file", "")
	if err := os.WriteFile(none, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f(none, "no telemetry here yet", "start otlpctl serve")
	foreign := filepath.Join(dir, "foreign.db")
	script(t, foreign, "CREATE TABLE places (url TEXT)")
	f(foreign, "database of another program", "another file")
	older := filepath.Join(dir, "older.db")
	script(t, older, versions, "INSERT INTO otlp_migrations VALUES (99, 'tomorrow', 0)")
	f(older, "has version 99", "newer otlpctl")
}

// A reader sees what was committed, changes nothing, and sees one moment within a transaction.
func TestReadWhileWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "what? #1 100%.db") // a name that is none in a URL
	e := open(t, Config{Path: path})
	c := read(t, path)
	for hour := range uint64(5) {
		export(t, e, sample(wire.Logs, 10).another(hour))
		if n, err := once(c, "SELECT count(*) FROM otlp_logs"); err != nil || n != int64(10*(hour+1)) {
			t.Errorf("%d logs after %d batches, %v", n, hour+1, err)
		}
	}
	if err := execute(c, "DELETE FROM otlp_logs"); sqlite.ErrCode(err).ToPrimary() != sqlite.ResultReadOnly {
		t.Errorf("a reader deleted: %v", err)
	}
	if err := execute(c, "BEGIN"); err != nil {
		t.Fatal(err)
	}
	for want := int64(50); want == 50; {
		n, err := once(c, "SELECT count(*) FROM otlp_logs")
		if err != nil || n != want {
			t.Errorf("%d logs, %v", n, err)
		}
		if items(t, path) > 50 {
			break
		}
		export(t, e, sample(wire.Logs, 10).another(7))
	}
	if err := execute(c, "COMMIT"); err != nil {
		t.Error(err)
	}
}

// While somebody reads for long, the log grows to its bound and no further; what is in the file is not deleted.
func TestStuckReader(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path, MaxBytes: 64 << 20})
	export(t, e, sample(wire.Logs, 10).another(0))
	c := read(t, path)
	if err := execute(c, "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if n, err := once(c, "SELECT count(*) FROM otlp_logs"); err != nil || n != 10 {
		t.Fatal(n, err)
	}
	var err error
	for i := 0; err == nil && i < 200; i++ {
		_, err = e.Export(t.Context(), largeLog(i))
	}
	if _, ok := errors.AsType[*pipeline.RetryableError](err); !ok || !strings.Contains(err.Error(), "is being read for long") || hint(err) == "" {
		t.Errorf("%v", err)
	}
	if log, err := e.conn.logSize(); err != nil || log > 68<<20 {
		t.Errorf("a log of %d bytes, %v", log, err)
	}
	if n := items(t, path); n < 20 {
		t.Errorf("%d items are left", n)
	}
	if err := execute(c, "COMMIT"); err != nil {
		t.Fatal(err)
	}
	export(t, e, largeLog(1000))
	if log, err := e.conn.logSize(); err != nil || log > 16<<20 {
		t.Errorf("a log of %d bytes after the reader has ended, %v", log, err)
	}
}
