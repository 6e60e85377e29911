package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/image/inspect"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// printComparison writes what differs in one piece, and nothing if nothing does.
func printComparison(w *term.Output, c inspect.Comparison) error {
	if c.Same {
		return nil
	}
	p := &sheet{out: w}
	for i, d := range c.Platforms {
		if i > 0 {
			p.WriteString("\n")
		}
		p.difference(c, d)
	}
	var only [][]string
	for _, platform := range c.OnlyA {
		only = append(only, []string{platform, "only in " + c.A})
	}
	for _, platform := range c.OnlyB {
		only = append(only, []string{platform, "only in " + c.B})
	}
	if len(only) > 0 {
		p.title("Platforms")
		p.table(only)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *sheet) difference(c inspect.Comparison, d inspect.Difference) {
	p.WriteString(p.out.Paint(term.Bold, printable(d.Platform)) + "\n")
	p.table([][]string{
		{"", c.A, c.B},
		{"digest", shortDigest(d.A.Digest), shortDigest(d.B.Digest)},
		{"compressed", sizeText(d.A.Size), sizeText(d.B.Size) + " (" + signed(d.B.Size-d.A.Size) + ")"},
		{"unpacked", sizeText(d.A.Unpacked), sizeText(d.B.Unpacked) + " (" + signed(d.B.Unpacked-d.A.Unpacked) + ")"},
		{"layers", fmt.Sprint(d.A.Layers), fmt.Sprintf("%d (%d shared)", d.B.Layers, d.SharedLayers)},
	})
	if len(d.Config) > 0 {
		p.title("Configuration")
		p.table(fieldRows(d.Config))
	}
	if len(d.Files) > 0 {
		p.title("Files")
		p.table(changeRows(d.Files))
	}
	if d.Times > 0 {
		p.title("Times")
		p.table([][]string{{counted(d.Times, "file") + " and folders differ in nothing but their time"}})
	}
}

func shortDigest(digest string) string {
	const enough = len("sha256:") + 12
	return digest[:min(enough, len(digest))]
}

func signed(bytes int64) string {
	switch {
	case bytes > 0:
		return "+" + sizeText(bytes)
	case bytes < 0:
		return "-" + sizeText(-bytes)
	}
	return "equal"
}

func fieldRows(fields []inspect.Field) [][]string {
	var rows [][]string
	for _, f := range fields {
		a, b := fieldCell(f.A), fieldCell(f.B)
		if a == b {
			b += " (differs)" // both are secret
		}
		rows = append(rows, []string{f.Name, a, b})
	}
	return rows
}

func fieldCell(value *string) string {
	if value == nil {
		return "-"
	}
	return *value
}

func changeRows(changes []inspect.Change) [][]string {
	var rows [][]string
	for _, c := range changes {
		row := []string{c.Kind, c.Path, sizeCell(c.ASize), sizeCell(c.BSize), strings.Join(c.What, ", ")}
		rows = append(rows, row)
	}
	return rows
}

func sizeCell(size *int64) string {
	if size == nil {
		return "-"
	}
	return sizeText(*size)
}
