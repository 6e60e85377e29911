package ingest

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/metrics.md says of every reason how it is answered, and of no other.
func TestReasonsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "`otlpctl_receiver_refused_requests_total` counts")
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| [^|]+ \\| `(\\w+)` \\| (\\d+) \\|").FindAllStringSubmatch(section, -1)
	documented := map[string]string{}
	for _, r := range rows {
		documented[r[1]] = r[2] + " " + r[3]
	}
	for c := range numCauses {
		want := fmt.Sprintf("%s %d", spelled(answers[c].grpc.String()), answers[c].http)
		if got := documented[c.String()]; got != want {
			t.Errorf("%s is answered with %s, and the page says %q", c, want, got)
		}
	}
	if len(documented) != int(numCauses) {
		t.Errorf("the page has %d reasons of %d", len(documented), numCauses)
	}
}

// spelled turns Go's name of a code into that of the specification.
func spelled(name string) string {
	if name == "Canceled" {
		return "CANCELLED"
	}
	return strings.ToUpper(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(name, "${1}_$2"))
}
