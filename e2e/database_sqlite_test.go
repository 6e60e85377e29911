package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/disk"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// A receiver that is killed takes nothing along for which it has answered, and leaves a file that is sound and that the next
// one writes on to.
func TestSQLiteSurvivesKills(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "telemetry.db")
	var all []*loads
	for round := range uint64(3) {
		s := serve(t, keeping("sqlite:"+path, unqueued))
		pace := steady()
		pace.after = round * 1_000_000
		l := sendAt(t, s, pace)
		s.storing(t)
		must(t, s.Signal(syscall.SIGKILL))
		l.finish()
		all = append(all, l)
		stored := inSQLite(t, path)
		for _, l := range all {
			l.wantStored(t, stored)
		}
	}
	wantCleanExit(t, serve(t, keeping("sqlite:"+path, unqueued)))
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the log is there after a clean end")
	}
	for _, l := range all {
		l.wantStored(t, inSQLite(t, path))
	}
}

// The second receiver of a file is told who has it, and the first one does not notice.
func TestSQLiteHasOneWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "telemetry.db")
	first := serve(t, keeping("sqlite:"+path, unqueued))
	l := sendNow(t, first)
	first.storing(t)
	config := filepath.Join(t.TempDir(), "second.yaml")
	must(t, os.WriteFile(config, []byte("database: {url: \"sqlite:"+path+"\"}\n"), 0o600))
	got := run(t, process.Spec{Name: "second", Path: otlpctl(t), Args: []string{"serve", "--config", config}})
	says := fmt.Sprintf("second.yaml:1:17: database.url: database %s is written by otlpctl serve, pid %d, since ", path, first.PID())
	if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, says) || !strings.Contains(got.stderr, "\nhint: end that process, or name another file") {
		t.Errorf("exit %d, stdout %q\n%s", got.code, got.stdout, got.stderr)
	}
	first.storing(t)
	l.finish()
	l.wantAllAcked(t)
	wantCleanExit(t, first)
	l.wantStored(t, inSQLite(t, path))
}

// A disk that is full makes clients wait, until there is room.
func TestSQLiteOnAFullDisk(t *testing.T) {
	t.Parallel()
	small := disk.New(t, 32<<20)
	path := filepath.Join(small.Path(), "telemetry.db")
	s := serve(t, keeping("sqlite:"+path, impatient...))
	l := sendNow(t, s)
	s.storing(t)
	must(t, small.Fill())
	wait.For(t, arrivalLimit, "/status to say that the disk is full, and clients to be refused", func() bool {
		e := s.database(t).Error
		return strings.Contains(e, path) && strings.Contains(e, "full") && strings.Contains(e, "hint: make room on the disk") && len(l.refused()) >= 30
	})
	t.Logf("/status: %s", s.database(t).Error)
	must(t, small.Empty())
	s.storing(t)
	wait.For(t, arrivalLimit, "/status to be content", func() bool { return s.database(t).Healthy })
	l.finish()
	l.wantTold(t)
	wantCleanExit(t, s)
	stored := inSQLite(t, path)
	l.wantStored(t, stored)
	wantReceipt(t, s, stored)
}

// A disk without room for the tables is no fault of the configuration, and nothing is left on it.
func TestSQLiteStartsOnAFullDisk(t *testing.T) {
	t.Parallel()
	for _, room := range []int64{4 << 10, 8 << 10, 24 << 10, 48 << 10, 96 << 10, 192 << 10} {
		small := disk.New(t, room)
		path := filepath.Join(small.Path(), "telemetry.db")
		config := filepath.Join(t.TempDir(), "full.yaml")
		must(t, os.WriteFile(config, []byte("database: {url: \"sqlite:"+path+"\"}\n"), 0o600))
		got := run(t, process.Spec{Name: "full", Path: otlpctl(t), Args: []string{"serve", "--config", config}})
		if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, path) || !strings.Contains(got.stderr, "\nhint: make room on the disk, or name another file") {
			t.Errorf("with %d bytes: exit %d, stdout %q\n%s", room, got.code, got.stdout, got.stderr)
		}
		left, err := os.ReadDir(small.Path())
		if err != nil || len(left) > 0 {
			t.Errorf("with %d bytes: left %v, %v", room, left, err)
		}
	}
}

// A change of how much is kept hands the file over under load: it is never open twice, no client notices, nothing is lost.
func TestSQLiteReload(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "telemetry.db")
	config := func(hours int) string {
		return keeping("sqlite:"+path, fmt.Sprintf("retention: {max_age: %dh}", hours)) + adminSection
	}
	s := start(t, "otlpctl", otlpctl(t), []string{"serve", "--config"}, config(24))
	s.waitReady(t)
	l := sendNow(t, s)
	s.storing(t)
	for n := range int64(10) {
		replace(t, s.file, s.addressed(config(25+int(n))))
		s.hangUp(t)
		wait.For(t, arrivalLimit, "the reload", func() bool {
			if open := opened(t, s, path); open > 1 {
				t.Fatalf("the file is open %d times", open)
			}
			return s.status(t).Config.Reloads > n
		})
		if c := s.status(t).Config; c.Failed > 0 || c.Problem != "" {
			t.Fatalf("%+v", c)
		}
		s.storing(t)
	}
	l.finish()
	l.wantAllAcked(t)
	wantCleanExit(t, s)
	if n := s.countLogged(t, "exporter fails"); n > 0 {
		t.Errorf("%d times an export failed", n)
	}
	stored := inSQLite(t, path)
	l.wantStored(t, stored)
	wantReceipt(t, s, stored)
}

// opened returns how often a process has a file open.
func opened(t *testing.T, s *server, path string) int {
	t.Helper()
	folder := fmt.Sprintf("/proc/%d/fd", s.PID())
	all, err := os.ReadDir(folder)
	must(t, err)
	n := 0
	for _, fd := range all {
		if to, err := os.Readlink(filepath.Join(folder, fd.Name())); err == nil && to == path { // it may be closed by now
			n++
		}
	}
	return n
}
