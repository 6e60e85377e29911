package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An ID names one line, and every line can be checked.
func TestLines(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range Sections() {
		for _, l := range s.Lines {
			if seen[l.ID] || l.check == nil || l.Requirement == "" || l.Level == "" {
				t.Errorf("line %s: %+v", l.ID, l)
			}
			seen[l.ID] = true
		}
	}
}

func TestResult(t *testing.T) {
	f := func(want string, see func(*probe)) {
		t.Helper()
		var p probe
		see(&p)
		if got := p.result().String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f("seen", func(p *probe) { p.say("seen") })
	f("**pass** seen; noted", func(p *probe) {
		p.want(true, "a", "missing")
		p.say("seen")
		p.note("noted")
	})
	f("**partial** a, b: missing; c late; noted", func(p *probe) {
		p.want(true, "d:", "missing")
		p.want(false, "a:", "missing")
		p.want(false, "b:", "missing")
		p.want(false, "b:", "missing")
		p.want(false, "c", "late")
		p.say("seen")
		p.note("noted")
	})
	f("**fail** missing", func(p *probe) { p.want(false, "", "missing") })
	f("**fail** no answer", func(p *probe) {
		p.want(true, "", "missing")
		p.broken = "no answer"
	})
}

func TestProofs(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "receiver", "ingest")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const source = "package ingest\nfunc TestR1_First() {}\nfunc TestR1Second() {}\nfunc TestR12_Other() {}\nfunc TestOther() {}\nfunc (x) TestR1_None() {}\n"
	if err := os.WriteFile(filepath.Join(dir, "a_test.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	tests, err := ReadProofs(root)
	if err != nil {
		t.Fatal(err)
	}
	f := func(l Line, required bool, want string) {
		t.Helper()
		found, err := tests.of(&l, required)
		var got []string
		for _, p := range found {
			got = append(got, p.String())
		}
		if err != nil {
			got = append(got, err.Error())
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %q, want %q", l.ID, text, want)
		}
	}
	f(Line{ID: "R1"}, true, "ingest.TestR1_First ingest.TestR1Second")
	f(Line{ID: "R12", Tests: []string{"ingest.TestOther"}}, true, "ingest.TestR12_Other ingest.TestOther")
	f(Line{ID: "R2"}, true, "line R2: no test below receiver is named TestR2_…")
	f(Line{ID: "F1"}, false, "")
	f(Line{ID: "F1", Tests: []string{"ingest.TestGone"}}, false, "line F1: there is no test ingest.TestGone")
	if err := tests.unclaimed(map[string]bool{"R1": true}); err == nil || err.Error() != "ingest.TestR12_Other is named after R12, which is no line" {
		t.Error(err)
	}
}
