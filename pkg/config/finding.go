package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Finding is one fault or doubt, and where it is.
type Finding struct {
	Position
	// Path names the value, such as exporters.otlp.tls.min_version. It is empty
	// for the file as a whole.
	Path string `json:"path,omitempty"`
	// Problem says what is wrong, Hint what to do about it, if that is known.
	Problem string `json:"problem"`
	Hint    string `json:"hint,omitempty"`
	// Related lists the other places of the same fault.
	Related []Related `json:"related,omitempty"`
	// Source is the line at Position, with secret values masked and, if very
	// long, cut; Caret goes below it and marks the place. Empty if no line is
	// known.
	Source string `json:"source,omitempty"`
	Caret  string `json:"-"`
}

// Related is a further place of a Finding.
type Related struct {
	Position
	Path string `json:"path,omitempty"`
	Note string `json:"note,omitempty"`
}

// String returns the finding on one line: "file:line:column: path: problem".
func (f Finding) String() string {
	return line(f.Position, f.Path, f.Problem)
}

// Detail returns the finding with its line, caret, related places and hint,
// without a final newline.
func (f Finding) Detail() string {
	var b strings.Builder
	b.WriteString(f.String())
	if f.Source != "" {
		number := "" // a variable or a flag has no lines
		if f.Line > 0 {
			number = strconv.Itoa(f.Line)
		}
		fmt.Fprintf(&b, "\n%5s | %s\n      | %s", number, f.Source, f.Caret)
	}
	for _, r := range f.Related {
		fmt.Fprintf(&b, "\n  see %s", line(r.Position, r.Path, r.Note))
	}
	if f.Hint != "" {
		fmt.Fprintf(&b, "\n  hint: %s", f.Hint)
	}
	return b.String()
}

func line(pos Position, path, text string) string {
	parts := slices.DeleteFunc([]string{pos.String(), path, text}, func(s string) bool { return s == "" })
	return strings.Join(parts, ": ")
}

// Errors are all faults of a configuration, in the order of files and lines.
// As an error it prints every one in detail; CLIs that print another way range
// over it, and encoding/json renders it as a list.
type Errors []Finding

func (e Errors) Error() string { return details(e) }

// Warnings are what is accepted but should change, in the order of files and
// lines.
type Warnings []Finding

func (w Warnings) String() string { return details(w) }

func details(findings []Finding) string {
	texts := make([]string, len(findings))
	for i, f := range findings {
		texts[i] = f.Detail()
	}
	return strings.Join(texts, "\n")
}

// report collects findings.
type report struct {
	errs  []located
	warns []located
	// wrong holds the paths that have a fault.
	wrong map[string]bool
	// blocked holds the paths below which something is missing that the file
	// tries to set: validating the whole would blame the wrong thing.
	blocked map[string]bool
	// unsealed are the texts of encrypted values. No finding has them.
	unsealed []string
}

// located is a finding whose line is rendered last, when all secrets are known.
type located struct {
	Finding
	at *node
}

func newReport() *report {
	return &report{wrong: map[string]bool{}, blocked: map[string]bool{}}
}

// fault records that the value n at p is wrong.
func (r *report) fault(n *node, p *path, problem, hint string) {
	f := Finding{Path: p.String(), Problem: problem, Hint: hint}
	r.wrong[f.Path] = true
	if n.alias != "" {
		if f.Path = n.alias; r.wrong[n.alias] {
			return // and has been reported there
		}
	}
	r.errs = append(r.errs, locate(n, f))
}

// lost records that the value n at p is wrong in a way that loses what the user
// meant to set.
func (r *report) lost(n *node, p *path, problem, hint string) {
	r.fault(n, p, problem, hint)
	r.block(p)
}

// block marks p and what holds it, up to the enclosing component.
func (r *report) block(p *path) {
	for ; p != nil; p = p.up {
		r.blocked[p.String()] = true
		if p.component {
			return
		}
	}
	r.blocked[""] = true
}

// explained reports whether path is wrong already, or part of what is.
func (r *report) explained(path string) bool {
	for wrong := range r.wrong {
		rest, ok := strings.CutPrefix(path, wrong)
		if ok && wrong != "" && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

func locate(n *node, f Finding) located {
	if n == nil {
		return located{Finding: f}
	}
	at := n.pointed()
	f.Position = at.position()
	return located{Finding: f, at: at}
}

// shownLines is how many findings come with their line. More help nobody, and
// a file of one long line would be copied for each.
const shownLines = 100

// render sorts findings by place, drops repetitions and fills in the lines.
func render(from []located, order map[string]int) []Finding {
	slices.SortStableFunc(from, func(a, b located) int {
		return cmp.Or(
			cmp.Compare(order[a.File], order[b.File]),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
		)
	})
	type identity struct {
		at            Position
		path, problem string
	}
	seen := map[identity]bool{}
	var out []Finding
	for _, f := range from {
		id := identity{f.Position, f.Path, f.Problem}
		if seen[id] {
			continue
		}
		seen[id] = true
		if f.at != nil && len(out) < shownLines {
			f.Source, f.Caret = f.at.src.excerpt(f.at.mark, f.at.width)
		}
		out = append(out, f.Finding)
	}
	return out
}
