package e2e_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// sqlite3 runs SQL on a file with the program of that name, which shares no code with the product, and returns the rows.
func sqlite3(t *testing.T, path, sql string) [][]string {
	t.Helper()
	program := programs.Need(t, func(context.Context) (string, error) {
		found, err := exec.LookPath("sqlite3")
		if err != nil {
			return "", fmt.Errorf("%w (Debian: sqlite3)", err)
		}
		return found, nil
	})
	cmd := exec.CommandContext(t.Context(), program, "-batch", "-bail", "-csv", path)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(sql), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("sqlite3: %v: %s", err, stderr.String())
	}
	rows, err := csv.NewReader(&stdout).ReadAll()
	must(t, err)
	return rows
}

// copied returns a copy of a database as it is on disk, with its log: to look into it changes nothing of the original.
func copied(t *testing.T, path string) string {
	t.Helper()
	other := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if errors.Is(err, fs.ErrNotExist) && suffix != "" {
			continue // all of it is in the file
		}
		must(t, err)
		must(t, os.WriteFile(other+suffix, content, 0o600))
	}
	return other
}

// inSQLite returns the numbers of all items in a file that nobody writes to, and checks that the file is sound.
func inSQLite(t *testing.T, path string) map[signal.Signal][]uint64 {
	t.Helper()
	path = copied(t, path)
	if got := sqlite3(t, path, "PRAGMA integrity_check"); len(got) != 1 || got[0][0] != "ok" {
		t.Errorf("integrity_check: %v", got)
	}
	stored := make(map[signal.Signal][]uint64)
	for sig, column := range map[signal.Signal]string{signal.Traces: "hex(span_id)", signal.Metrics: "value_int", signal.Logs: "body"} {
		for _, row := range sqlite3(t, path, fmt.Sprintf("SELECT %s FROM %s", column, itemTable(sig))) {
			stored[sig] = append(stored[sig], numberOf(t, sig, row[0]))
		}
		dangling := fmt.Sprintf("SELECT count(*) FROM %s WHERE resource_id NOT IN (SELECT id FROM otlp_resources) OR scope_id NOT IN (SELECT id FROM otlp_scopes)", itemTable(sig))
		if got := sqlite3(t, path, dangling); got[0][0] != "0" {
			t.Errorf("%s: %s items refer to nothing", sig, got[0][0])
		}
	}
	return stored
}
