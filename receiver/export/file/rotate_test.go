package file

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// names lists a directory.
func names(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// A file that would grow too large is put away under the time; nothing is lost,
// even when two are put away within a millisecond.
func TestRotateBySize(t *testing.T) {
	c := settings(t)
	c.Format, c.Rotation = formatProto, &Rotation{MaxMegabytes: 1, MaxBackups: 100}
	synctest.Test(t, func(t *testing.T) {
		e := start(t, c)
		for i := range 7 {
			if i == 6 {
				time.Sleep(time.Hour)
			}
			export(t, e, batch(wire.Traces, otlptest.Traces(1000))) // two fit
		}
		finish(t, e)
	})
	want := []string{
		"telemetry-2000-01-01T00-00-00.000.json", "telemetry-2000-01-01T00-00-00.001.json",
		"telemetry-2000-01-01T01-00-00.000.json", "telemetry.json",
	}
	if got := names(t, c.Path); !slices.Equal(got, want) {
		t.Fatalf("files %q", got)
	}
	record := otlptest.Encode(otlptest.Traces(1000))
	for i, name := range want {
		got := frames(t, read(t, filepath.Join(filepath.Dir(c.Path), name)))
		wantRecords := 2
		if i == 3 {
			wantRecords = 1
		}
		if len(got) != wantRecords || !bytes.Equal(got[0], record) {
			t.Errorf("%s holds %d records, want %d", name, len(got), wantRecords)
		}
	}
}

// A record larger than a file may be gets a file of its own.
func TestRotateLargeRecord(t *testing.T) {
	c := settings(t)
	c.Rotation = &Rotation{MaxMegabytes: 1}
	e := start(t, c)
	for range 2 {
		export(t, e, batch(wire.Traces, otlptest.Traces(3000)))
	}
	finish(t, e)
	if got := names(t, c.Path); len(got) != 2 {
		t.Errorf("files %q", got)
	}
}

// With rotation, the file is continued at the next start.
func TestRotateRestart(t *testing.T) {
	c := settings(t)
	c.Rotation = &Rotation{MaxMegabytes: 1}
	for range 3 {
		e := start(t, c)
		export(t, e, batch(wire.Logs, otlptest.Logs(1)))
		finish(t, e)
	}
	if got := len(lines(t, wire.Logs, read(t, c.Path))); got != 3 {
		t.Errorf("%d lines, want 3", got)
	}
}

// Old files are deleted when they are too many or too old; other files never are.
func TestPrune(t *testing.T) {
	others := []string{
		"other-1999-12-31T00-00-00.000.json", "telemetry-1999-12-31T00-00-00.000.txt", "telemetry-1999-12-31.json",
		"telemetry-notes.json", "telemetry.json",
	}
	f := func(r Rotation, want ...string) {
		t.Helper()
		c := settings(t)
		c.Rotation = &r
		for _, name := range append([]string{
			"telemetry-1999-12-31T23-00-00.000.json", "telemetry-1999-12-30T01-00-00.000-size.json",
			"telemetry-1999-12-29T23-00-00.000.json", "telemetry-1999-12-01T00-00-00.000.json",
		}, others...) {
			if err := os.WriteFile(filepath.Join(filepath.Dir(c.Path), name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Test(t, func(t *testing.T) { // at the beginning of 2000
			finish(t, start(t, c))
		})
		got := slices.DeleteFunc(names(t, c.Path), func(name string) bool { return slices.Contains(others, name) })
		slices.Reverse(got)
		for i := range got {
			got[i] = strings.TrimSuffix(strings.TrimPrefix(got[i], "telemetry-1999-"), ".json")
		}
		if len(names(t, c.Path)) != len(got)+len(others) || !slices.Equal(got, want) {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
	all := []string{"12-31T23-00-00.000", "12-30T01-00-00.000-size", "12-29T23-00-00.000", "12-01T00-00-00.000"}
	f(Rotation{}, all...)
	f(Rotation{MaxBackups: 3}, all[:3]...)
	f(Rotation{MaxBackups: 1}, all[:1]...)
	f(Rotation{MaxDays: 2}, all[:2]...)
	f(Rotation{MaxDays: 3}, all[:3]...)
	f(Rotation{MaxDays: 2, MaxBackups: 1}, all[:1]...)
	f(Rotation{MaxDays: 999_999, MaxMegabytes: math.MaxInt}, all...) // more than a time.Duration holds
}

func TestBackupNames(t *testing.T) {
	at := time.Date(2026, 9, 21, 14, 13, 20, 5_000_000, time.UTC)
	f := func(path string, local bool, want string) {
		t.Helper()
		dir := t.TempDir()
		s := sink{path: filepath.Join(dir, path), rotation: &Rotation{LocalTime: local}}
		name, err := s.backupName(at)
		if err != nil || name != filepath.Join(dir, want) {
			t.Errorf("%s: %s, %v", path, name, err)
		}
	}
	f("data.json", false, "data-2026-09-21T14-13-20.005.json")
	f("data", false, "data-2026-09-21T14-13-20.005")
	f("data.json", true, "data-"+at.In(time.Local).Format(stamp)+".json")
}
