package output

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// gap separates the columns of an aligned table.
const gap = "  "

// Rows is a table that is being filled in. On a terminal it is written aligned, under its header;
// in a pipe the header is left out and a tab separates the cells, so that cut and awk can read it.
type Rows struct {
	header []string
	rows   [][]string
}

// Header names the columns.
func (r *Rows) Header(names ...string) { r.header = names }

// Add appends a row. Control characters become spaces: a cell is one cell whatever its data holds,
// and data does not command the terminal.
func (r *Rows) Add(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = strings.Map(printable, cell)
	}
	r.rows = append(r.rows, row)
}

func printable(c rune) rune {
	if unicode.IsControl(c) {
		return ' '
	}
	return c
}

func (r *Rows) write(w Stream) error {
	var b strings.Builder
	if w.IsTerminal() {
		r.align(&b)
	} else {
		for _, row := range r.rows {
			b.WriteString(strings.Join(row, "\t") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// align writes every column as wide as its widest cell. The last cell of a row is not padded.
func (r *Rows) align(b *strings.Builder) {
	rows := r.rows
	if len(r.header) > 0 {
		rows = append([][]string{r.header}, rows...)
	}
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				pad := widths[i] - utf8.RuneCountInString(cell)
				b.WriteString(strings.Repeat(" ", pad) + gap)
			}
		}
		b.WriteByte('\n')
	}
}
