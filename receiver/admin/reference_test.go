package admin

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

//go:generate go test -run ^TestReference$ . -update

const (
	referencePage = "../../docs/metrics.md"
	// generatedBelow parts the page: what is above is written by hand.
	generatedBelow = "<!-- What follows is generated from the code: run make generate. -->\n"
)

// TestReference holds the page's table to what is exposed.
func TestReference(t *testing.T) {
	page, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []fmt.Stringer
	for _, reason := range pipeline.Reasons() {
		reasons = append(reasons, reason)
	}
	for _, reason := range pipeline.AllRefusals() {
		reasons = append(reasons, reason)
	}
	for _, reason := range reasons {
		if !strings.Contains(string(page), "\n| `"+reason.String()+"` | ") {
			t.Errorf("docs/metrics.md does not explain the reason %s", reason)
		}
	}
	written, _, found := strings.Cut(string(page), generatedBelow)
	if !found {
		t.Fatalf("%s does not say where its generated part begins", referencePage)
	}
	want := written + generatedBelow + reference(t)
	if *update {
		if err := os.WriteFile(referencePage, []byte(want), 0o644); err != nil { //nolint:gosec // for everyone to read
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Error("docs/metrics.md is not what the code says: run 'make generate'")
	}
}

// reference describes every metric. Types are those of a scrape.
func reference(t *testing.T) string {
	t.Helper()
	golden, err := os.ReadFile("testdata/metrics.txt") // all metrics of all systems: TestMetrics holds it to the code
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(string(golden), -1) {
		types[m[1]] = m[2]
	}
	var b strings.Builder
	b.WriteString("\n## Every metric\n\n| name | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range families() {
		labels := ""
		if len(f.labels) > 0 {
			labels = "`" + strings.Join(f.labels, "`, `") + "`"
		}
		if types[f.name] == "" {
			t.Errorf("%s is in no scrape", f.name)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, types[f.name], labels, f.help)
	}
	return b.String()
}
