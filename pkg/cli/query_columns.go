package cli

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// telemetryTable is a table of what came from elsewhere. On a terminal it keeps within its width; in a pipe it is one of
// output, and complete.
type telemetryTable struct {
	out     *term.Output
	columns []telemetryColumn
	follow  bool // rows come as long as somebody looks: see layout
	drawn   int  // in how many columns of the terminal the header was, or 0
}

type telemetryColumn struct {
	name string
	// bends says that the column may be cut.
	bends bool
	// spare is when the column is left out of a terminal that is too narrow: the lowest first; 0 is never.
	spare int
	right bool // aligned
	usual int  // how wide most of its cells are at most
}

// How far a column is cut before another is left out, how far in the end, and how wide it ever is, in columns of the
// terminal.
const (
	narrow    = 16
	narrowest = 4
	widest    = 1000
)

// telemetryCell is a text, and how it looks; full is what a pipe gets if that is more.
type telemetryCell struct {
	text, full string
	style      func(string) string // nil is plain
}

// oneLine returns foreign text as one line without what would command a terminal.
func oneLine(out *term.Output, text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, out.Printable(text))
}

func (t *telemetryTable) write(rows [][]telemetryCell) error {
	if !t.out.IsTerminal() {
		table := output.Table
		return table.Write(t.out, nil, func(r *output.Rows) {
			for _, row := range rows {
				cells := make([]string, len(row))
				for i, c := range row {
					cells[i] = cmp.Or(c.full, c.text)
				}
				r.Add(cells...)
			}
		})
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := t.out.Write([]byte(t.text(rows, t.out.Width())))
	return err
}

// text returns rows for a terminal of a width, below their header unless that stands above them as it is.
func (t *telemetryTable) text(rows [][]telemetryCell, width int) string {
	var shown, widths []int
	if t.follow {
		shown, widths = t.layout(width)
	} else {
		shown, widths = t.fit(t.measure(rows), width)
	}
	var b strings.Builder
	if t.drawn != width {
		t.drawn = width
		header := make([]telemetryCell, len(t.columns))
		for i, c := range t.columns {
			header[i].text = c.name
		}
		t.line(&b, header, shown, widths)
	}
	for _, row := range rows {
		t.line(&b, row, shown, t.lend(row, shown, widths))
	}
	return b.String()
}

// measure returns how wide the widest cell of each column is, or its name.
func (t *telemetryTable) measure(rows [][]telemetryCell) []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = term.Width(c.name)
	}
	for _, row := range rows {
		for i, c := range row {
			widths[i] = min(max(widths[i], term.Width(oneLine(t.out, c.text))), widest)
		}
	}
	return widths
}

// fit returns which columns are shown within a width, and how wide they are: as wanted, if there is room.
func (t *telemetryTable) fit(wanted []int, width int) (shown, widths []int) {
	widths = slices.Clone(wanted)
	for i := range t.columns {
		shown = append(shown, i)
	}
	least := narrow
	for total(shown, widths) > width {
		if i := t.widestOf(shown, widths, least); i >= 0 {
			widths[i]--
			continue
		}
		i := t.sparest(shown)
		if i < 0 && least == narrowest {
			break
		}
		if i < 0 {
			least = narrowest
			continue
		}
		shown = slices.DeleteFunc(shown, func(j int) bool { return j == i })
		for _, j := range shown { // there is room again
			widths[j] = wanted[j]
		}
	}
	return shown, widths
}

// total returns how wide lines of some columns are.
func total(shown, widths []int) int {
	const gap = 2
	sum := -gap
	for _, i := range shown {
		sum += widths[i] + gap
	}
	return sum
}

// widestOf returns the widest column that may be cut and is wider than least, or -1.
func (t *telemetryTable) widestOf(shown, widths []int, least int) int {
	found := -1
	for _, i := range shown {
		if t.columns[i].bends && widths[i] > least && (found < 0 || widths[i] > widths[found]) {
			found = i
		}
	}
	return found
}

// sparest returns the next column to leave out, or -1.
func (t *telemetryTable) sparest(shown []int) int {
	found := -1
	for _, i := range shown {
		if spare := t.columns[i].spare; spare > 0 && (found < 0 || spare < t.columns[found].spare) {
			found = i
		}
	}
	return found
}

func (t *telemetryTable) line(b *strings.Builder, row []telemetryCell, shown, widths []int) {
	for n, i := range shown {
		text := term.Fit(oneLine(t.out, row[i].text), widths[i])
		last := n == len(shown)-1
		if trimmed := strings.TrimRight(text, " "); t.columns[i].right {
			text = strings.Repeat(" ", term.Width(text)-term.Width(trimmed)) + trimmed
		} else if last {
			text = trimmed
		}
		if row[i].style != nil {
			text = row[i].style(text)
		}
		b.WriteString(text)
		if !last {
			b.WriteString("  ")
		}
	}
	b.WriteByte('\n')
}
