package conformance

import (
	"bytes"
	"fmt"
	"strings"
)

// Column is a system and what was seen of it, by the IDs of the lines.
type Column struct {
	System  string
	Results map[string]Result
}

// Page renders docs/conformance.md, which says what was measured and which tests hold each line.
func Page(tests Proofs, columns ...Column) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(introduction(columns))
	b.WriteString(policies())
	lines := make(map[string]bool)
	for _, s := range Specified() {
		if err := section(&b, s, tests, true, columns); err != nil {
			return nil, err
		}
		for _, l := range s.Lines {
			lines[l.ID] = true
		}
	}
	if err := tests.unclaimed(lines); err != nil {
		return nil, err
	}
	for _, s := range []Section{InTheField(), Exceptions()} {
		if err := section(&b, s, tests, false, columns); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// section renders a table. Every line of the protocol must have a test.
func section(b *bytes.Buffer, s Section, tests Proofs, specified bool, columns []Column) error {
	fmt.Fprintf(b, "\n## %s\n\n", s.Title)
	if s.About != "" {
		fmt.Fprintf(b, "%s\n\n", s.About)
	}
	b.WriteString("| | requirement | level |")
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", c.System)
	}
	fmt.Fprintf(b, " tests of otlpctl |\n|---|---|---|%s---|\n", strings.Repeat("---|", len(columns)))
	for _, l := range s.Lines {
		held, err := tests.of(&l, specified)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "| %s | %s | %s |", l.ID, cell(l.Requirement), l.Level)
		for _, c := range columns {
			fmt.Fprintf(b, " %s |", cell(c.Results[l.ID].String()))
		}
		var links []string
		for _, t := range held {
			links = append(links, fmt.Sprintf("[`%s`](../%s)", t, t.file))
		}
		fmt.Fprintf(b, " %s |\n", strings.Join(links, "<br>"))
	}
	return nil
}

// String returns the verdict and what was seen.
func (r Result) String() string {
	if r.Verdict == Observed {
		return r.Seen
	}
	return strings.TrimSuffix("**"+r.Verdict.String()+"** "+r.Seen, " ")
}

// cell returns a text that fits into a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\r", " ", "\n", " ").Replace(text)
}
