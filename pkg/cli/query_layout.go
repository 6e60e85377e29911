package cli

import (
	"slices"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// Rows that come later do not move columns: where they begin depends on the width of the terminal alone, and not on what
// is in them. There is usual room for each column, and those that may be cut share what is left.

// layout returns which columns are shown, and how wide they are, for rows of which most are still to come.
func (t *telemetryTable) layout(width int) (shown, widths []int) {
	usual := make([]int, len(t.columns))
	for i, c := range t.columns {
		usual[i] = max(c.usual, term.Width(c.name))
	}
	shown, widths = t.fit(usual, width)
	for rest := width - total(shown, widths); rest > 0; rest-- {
		i := t.neediest(shown, widths)
		if i < 0 {
			break
		}
		widths[i]++
	}
	return shown, widths
}

// neediest returns the column that may be cut and has least in proportion to what is usual, or -1.
func (t *telemetryTable) neediest(shown, widths []int) int {
	found := -1
	for _, i := range shown {
		if t.columns[i].bends && (found < 0 || widths[i]*t.columns[found].usual < widths[found]*t.columns[i].usual) {
			found = i
		}
	}
	return found
}

// lend returns the widths for one row: a cell that may not be cut and has no room gets it from those behind it that may.
func (t *telemetryTable) lend(row []telemetryCell, shown, widths []int) []int {
	lent := slices.Clone(widths)
	for n, i := range shown {
		if t.columns[i].bends {
			continue
		}
		for room := term.Width(oneLine(t.out, row[i].text)); lent[i] < room; lent[i]++ {
			if from := t.widestOf(shown[n:], lent, narrowest); from >= 0 {
				lent[from]--
			}
		}
	}
	return lent
}
