package conformance_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/conformance"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

const page = "../../docs/conformance.md"

var update = flag.Bool("update", false, "write docs/conformance.md") //nolint:gochecknoglobals // a flag of the test binary

// otlpctl keeps every line, and the page says what was measured of it and of the Collector.
func TestConformance(t *testing.T) {
	path, err := programs.Otlpctl(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	product := measure(t, conformance.Otlpctl(path))
	for _, s := range conformance.Sections() {
		for _, l := range s.Lines {
			t.Run(l.ID, func(t *testing.T) { judge(t, l, product.Results[l.ID]) })
		}
	}
	t.Run("page", func(t *testing.T) {
		peer := programs.Need(t, programs.Collector)
		compare(t, product, measure(t, conformance.Collector(peer, programs.CollectorVersion)))
	})
}

func measure(t *testing.T, system conformance.System) conformance.Column {
	t.Helper()
	results := conformance.Measure(t.Context(), system, t.TempDir())
	return conformance.Column{System: system.Name, Results: results}
}

func judge(t *testing.T, l conformance.Line, r conformance.Result) {
	for _, question := range r.Untried {
		if os.Getenv("OTLPCTL_E2E_REQUIRE") == "1" {
			t.Errorf("not tried: %s", question)
		} else {
			t.Logf("not tried: %s", question)
		}
	}
	if r.Verdict != conformance.Pass && r.Verdict != conformance.Observed {
		t.Errorf("%s\n%s: %s", l.Requirement, r.Verdict, r.Seen)
	}
}

// compare holds the page against what was measured, or writes it.
func compare(t *testing.T, columns ...conformance.Column) {
	t.Helper()
	tests, err := conformance.ReadProofs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	want, err := conformance.Page(tests, columns...)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	t.Errorf("%s is not what was measured; in the folder e2e, run: %s", filepath.Base(page), conformance.Command)
	was := make(map[string]bool)
	for line := range strings.Lines(string(got)) {
		was[line] = true
	}
	for line := range strings.Lines(string(want)) {
		if !was[line] {
			t.Logf("measured: %s", line)
		}
	}
}
