package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// What is repeated of failures, in lines, so that it all fits into the end of a log.
const (
	allLines     = 80 // of all failures together, unless there are very many
	failureLines = 25
	leastLines   = 4
	entryLines   = 12
	lineBytes    = 300
)

// failure is a test, or a package, that failed.
type failure struct {
	name    string
	entries []entry
}

// entry is one thing that was said, in lines. The first begins with where, such as "    a_test.go:12: ".
type entry []string

// entriesOf finds in the output of a test what it says itself, panics, and data races. The logs of programs that a
// test has run, which it shows when it has failed, are left out.
func entriesOf(output []byte) []entry {
	said := regexp.MustCompile(`^ {4}\S+\.go:\d+: `)
	broke := regexp.MustCompile(`^(panic: |fatal error: |WARNING: DATA RACE)`)
	frame := regexp.MustCompile(`^(=== |--- |FAIL\b)`)
	var all []entry
	more := " " // what the further lines of the last entry begin with
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case said.MatchString(line):
			all, more = append(all, entry{line}), "        "
		case broke.MatchString(line):
			all, more = append(all, entry{line}), ""
		case frame.MatchString(line):
			more = " "
		case len(all) > 0 && strings.HasPrefix(line, more):
			all[len(all)-1] = append(all[len(all)-1], line)
		}
	}
	return slices.DeleteFunc(all, entry.isProgramLog)
}

// entryOf makes one entry of an output.
func entryOf(output []byte) entry {
	return strings.Split(strings.TrimSpace(string(output)), "\n")
}

// isProgramLog reports whether a test shows what a program has written: the program's name, and below it its files.
func (e entry) isProgramLog() bool {
	name := regexp.MustCompile(`^ {4}\S+\.go:\d+: \S+:$`)
	return len(e) > 1 && name.MatchString(e[0]) && strings.HasPrefix(e[1], "        --- ")
}

// clip returns both ends of an entry that has more than some lines.
func (e entry) clip(most int) entry {
	short := slices.Clone(e)
	if cut := len(e) - most; cut > 0 {
		tail := most / 3
		head := most - tail - 1
		short = slices.Concat(e[:head], entry{fmt.Sprintf("        [… %d lines]", cut+1)}, e[len(e)-tail:])
	}
	for i, line := range short {
		if len(line) > lineBytes {
			short[i] = strings.ToValidUTF8(line[:lineBytes], "") + "…"
		}
	}
	return short
}

// last returns the last entries, as far as they are no more than some lines: a test ends with why it does.
func (f failure) last(most int) []string {
	var lines []string
	for _, e := range slices.Backward(f.entries) {
		short := e.clip(min(most, entryLines))
		if len(lines)+len(short) > most {
			break
		}
		lines = slices.Concat(short, lines)
	}
	return lines
}

// repeat says again why tests have failed.
func repeat(w io.Writer, failures []failure) {
	if len(failures) == 0 {
		return
	}
	most := max(leastLines, min(failureLines, allLines/len(failures)))
	fmt.Fprintln(w, "\nWhat failed:")
	for _, f := range failures {
		fmt.Fprintf(w, "--- %s\n", f.name)
		for _, line := range f.last(most) {
			fmt.Fprintln(w, line)
		}
	}
}
