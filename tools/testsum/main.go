// Command testsum reads the events of "go test -json" on standard input, prints what a person wants
// to see of them, and closes with why tests have failed, once more, and the totals. It fails if a test failed or
// none ran.
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
	s, err := summarize(os.Stdin, os.Stdout)
	repeat(os.Stdout, s.failures)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	if s.failed > 0 || s.passed == 0 {
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

	ImportPath  string // what is compiled
	FailedBuild string // that of what the package could not be tested for
}

type totals struct {
	passed, failed, skipped int
}

// summary is what the events so far come to.
type summary struct {
	totals
	failures []failure

	w       io.Writer
	running map[string]*run   // by package
	builds  map[string][]byte // what the compiler has said, by what it compiled
}

// run is a package whose tests are not over.
type run struct {
	output map[string][]byte // by test; "" is the package itself
	failed bool              // one of its tests has
}

// summarize copies to w what is not an event, such as the words of make, the result of every
// package, and the output of failed and skipped tests.
func summarize(r io.Reader, w io.Writer) (*summary, error) {
	s := &summary{w: w, running: make(map[string]*run), builds: make(map[string][]byte)}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		var e event
		if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
			fmt.Fprint(w, line)
		} else {
			s.add(e)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return s, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.running)) {
		s.failed++
		fmt.Fprintf(w, "FAIL %s: ended without a result\n", name)
	}
	return s, nil
}

func (s *summary) add(e event) {
	if e.Package == "" {
		fmt.Fprint(s.w, e.Output) // the compiler's words
		s.builds[e.ImportPath] = append(s.builds[e.ImportPath], e.Output...)
		return
	}
	p := s.running[e.Package]
	if p == nil {
		p = &run{output: make(map[string][]byte)}
		s.running[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output...)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(p, e)
			delete(s.running, e.Package)
			return
		}
		s.endTest(p, e)
	}
}

func (s *summary) endTest(p *run, e event) {
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
		_, _ = s.w.Write(p.output[e.Test])
	case "fail":
		s.failed++
		p.failed = true
		_, _ = s.w.Write(p.output[e.Test])
		s.failures = append(s.failures, failure{e.Test, entriesOf(p.output[e.Test])})
	}
	delete(p.output, e.Test)
}

// endPackage counts a package that failed outside its tests, by a panic or while compiling, as one
// failure. Tests without a result of their own were cut off: their output tells why.
func (s *summary) endPackage(p *run, e event) {
	if e.Action != "fail" {
		if e.Action == "pass" {
			fmt.Fprintf(s.w, "ok   %s %.1fs\n", e.Package, e.Elapsed)
		}
		return
	}
	var said []byte
	for _, test := range slices.Sorted(maps.Keys(p.output)) {
		said = append(said, p.output[test]...)
	}
	_, _ = s.w.Write(said)
	why := entriesOf(said)
	if !p.failed {
		s.failed++
		if why == nil {
			why = []entry{entryOf(append(s.builds[e.FailedBuild], said...))}
		}
	}
	if why != nil {
		s.failures = append(s.failures, failure{e.Package, why})
	}
	fmt.Fprintf(s.w, "FAIL %s %.1fs\n", e.Package, e.Elapsed)
}
