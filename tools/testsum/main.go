// Command testsum reads the events of "go test -json" on standard input, prints what a person wants
// to see of them, and closes with the totals. It fails if a test failed or none ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

func main() {
	t, err := summarize(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	if t.failed > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

// event is one line of "go test -json"; see "go doc test2json".
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

type totals struct {
	passed, failed, skipped int
}

// run is a package whose tests are not over.
type run struct {
	output map[string][]byte // by test; "" is the package itself
	failed bool              // one of its tests has
}

// summarize copies to w what is not an event, such as the words of make, the result of every
// package, and the output of failed and skipped tests.
func summarize(r io.Reader, w io.Writer) (totals, error) {
	var t totals
	running := make(map[string]*run)
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		var e event
		if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
			fmt.Fprint(w, line)
		} else {
			t.add(w, running, e)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return t, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(running)) {
		t.failed++
		fmt.Fprintf(w, "FAIL %s: ended without a result\n", name)
	}
	return t, nil
}

func (t *totals) add(w io.Writer, running map[string]*run, e event) {
	if e.Package == "" {
		fmt.Fprint(w, e.Output) // the compiler's words
		return
	}
	p := running[e.Package]
	if p == nil {
		p = &run{output: make(map[string][]byte)}
		running[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output...)
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.endPackage(w, p, e)
			delete(running, e.Package)
			return
		}
		t.endTest(w, p, e)
	}
}

func (t *totals) endTest(w io.Writer, p *run, e event) {
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		_, _ = w.Write(p.output[e.Test])
	case "fail":
		t.failed++
		p.failed = true
		_, _ = w.Write(p.output[e.Test])
	}
	delete(p.output, e.Test)
}

// endPackage counts a package that failed outside its tests, by a panic or while compiling, as one
// failure. Tests without a result of their own were cut off: their output tells why.
func (t *totals) endPackage(w io.Writer, p *run, e event) {
	if e.Action != "fail" {
		if e.Action == "pass" {
			fmt.Fprintf(w, "ok   %s %.1fs\n", e.Package, e.Elapsed)
		}
		return
	}
	if !p.failed {
		t.failed++
	}
	for _, test := range slices.Sorted(maps.Keys(p.output)) {
		_, _ = w.Write(p.output[test])
	}
	fmt.Fprintf(w, "FAIL %s %.1fs\n", e.Package, e.Elapsed)
}
