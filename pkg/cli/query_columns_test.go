package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func TestTelemetryTableFits(t *testing.T) {
	columns := []telemetryColumn{
		{name: "ID"}, {name: "N", right: true, spare: 1}, {name: "SERVICE", bends: true}, {name: "NAME", bends: true, spare: 2},
	}
	rows := [][]telemetryCell{
		{{text: "a1"}, {text: "5"}, {text: "checkout"}, {text: "GET /a/path/that/is/long"}},
		{{text: "b2"}, {text: "12"}, {text: "a service with a long name"}, {text: "x"}},
	}
	f := func(width int, want ...string) {
		t.Helper()
		table := telemetryTable{out: term.Plain(nil, io.Discard, io.Discard).Out, columns: columns}
		shown, widths := table.fit(table.measure(rows), width)
		var b strings.Builder
		for _, row := range rows {
			table.line(&b, row, shown, widths)
		}
		if got := b.String(); got != strings.Join(want, "\n")+"\n" {
			t.Errorf("in %d columns:\n%swant\n%s", width, got, strings.Join(want, "\n"))
		}
		for line := range strings.Lines(b.String()) {
			if n := term.Width(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns in %d: %s", n, width, line)
			}
		}
	}
	f(60, "a1   5  checkout                    GET /a/path/that/is/long", "b2  12  a service with a long name  x")
	f(50, "a1   5  checkout              GET /a/path/that/is…", "b2  12  a service with a lo…  x")
	f(42, "a1   5  checkout          GET /a/path/tha…", "b2  12  a service with …  x")
	f(40, "a1  checkout           GET /a/path/that…", "b2  a service with a…  x")
	f(36, "a1  checkout", "b2  a service with a long name")
	f(20, "a1  checkout", "b2  a service with …")
	f(10, "a1  check…", "b2  a ser…")
}
