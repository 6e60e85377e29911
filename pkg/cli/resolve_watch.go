package cli

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// The kinds of changes. They are API.
const (
	changeAdded   = "added"
	changeRemoved = "removed"
	changeUpdated = "changed"
)

// instanceChange is one document of resolve --watch. The names of its fields are API.
type instanceChange struct {
	Change   string           `json:"change"`
	At       time.Time        `json:"at"`
	Instance resolve.Instance `json:"instance"`
}

// sign is what people read instead of the kind.
func (c instanceChange) sign() string {
	switch c.Change {
	case changeAdded:
		return "+"
	case changeRemoved:
		return "-"
	}
	return "~"
}

// watchResolve prints all instances, and then what changes, until ctx ends.
func watchResolve(ctx context.Context, s term.Streams, o resolveOptions, source resolve.Source) error {
	following, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(o.timeout, func() { cancel(errSlow) })
	defer timer.Stop()
	w := resolveWatch{streams: s, options: o}
	source.Follow(following, func(a resolve.Answer) {
		timer.Stop()
		if err := w.tell(a); err != nil {
			cancel(err)
		}
	})
	if ctx.Err() != nil {
		return reported{coded{ctx.Err(), exitInterrupted}} // whoever ends it this way needs not be told
	}
	return slow(following, o)
}

// resolveWatch prints the changes from one answer to the next.
type resolveWatch struct {
	streams term.Streams
	options resolveOptions

	shown   []resolve.Instance
	begun   bool // a list has been shown, if an empty one
	failing bool
}

func (w *resolveWatch) tell(a resolve.Answer) error {
	if a.Err != nil {
		w.failing = true
		w.note(term.Warn, "warning:", a.Err.Error()+w.meanwhile())
		for _, hint := range hints(a.Err) {
			printHint(w.streams.Err, hint)
		}
		return nil
	}
	if w.failing {
		w.failing = false
		w.note(term.OK, "note:", "the registry answers again")
	}
	changes := changesBetween(w.shown, a.Instances, a.At)
	if len(a.Instances) == 0 && (len(changes) > 0 || !w.begun) {
		defer w.note(term.Warn, "note:", "there are no instances")
	}
	first := !w.begun
	w.shown, w.begun = a.Instances, true
	return w.print(changes, first)
}

func (w *resolveWatch) meanwhile() string {
	if len(w.shown) == 0 {
		return ""
	}
	return fmt.Sprintf("; what is known stands: %s", counted(len(w.shown), "instance"))
}

func (w *resolveWatch) note(style term.Style, label, text string) {
	e := w.streams.Err
	_, _ = fmt.Fprintln(e, e.Paint(style, label), e.Printable(text))
}

// print prints a table of the changes, or a document for each.
func (w *resolveWatch) print(changes []instanceChange, first bool) error {
	out, format := w.streams.Out, w.options.format
	if format == output.Table {
		return format.Write(out, nil, func(r *output.Rows) {
			if first {
				r.Header("TIME", " ", "ID", "ADDRESS", "ZONE", "VERSION", "TAGS")
			}
			for _, c := range changes {
				r.Add(changeCells(out, c)...)
			}
		})
	}
	for _, c := range changes {
		if format == output.YAML {
			if _, err := fmt.Fprintln(out, "---"); err != nil {
				return err
			}
		}
		if err := format.Write(out, c, nil); err != nil {
			return err
		}
	}
	return nil
}

// changeCells leaves no cell empty: later rows are not aligned with the first ones.
func changeCells(out *term.Output, c instanceChange) []string {
	cells := append([]string{changeTime(out, c.At), c.sign()}, instanceCells(c.Instance)...)
	for i, cell := range cells {
		cells[i] = cmp.Or(cell, "-")
	}
	return cells
}

func changeTime(out *term.Output, at time.Time) string {
	if out.IsTerminal() {
		return at.Local().Format(time.TimeOnly)
	}
	return at.Format(time.RFC3339)
}

// changesBetween returns what is different between two lists in the order of their IDs, in that order.
func changesBetween(before, after []resolve.Instance, at time.Time) []instanceChange {
	var changes []instanceChange
	find := func(in []resolve.Instance, i resolve.Instance) (int, bool) {
		return slices.BinarySearchFunc(in, i, func(a, b resolve.Instance) int { return cmp.Compare(a.ID, b.ID) })
	}
	for _, i := range before {
		if _, there := find(after, i); !there {
			changes = append(changes, instanceChange{changeRemoved, at, i})
		}
	}
	for _, i := range after {
		place, known := find(before, i)
		switch {
		case !known:
			changes = append(changes, instanceChange{changeAdded, at, i})
		case !reflect.DeepEqual(before[place], i):
			changes = append(changes, instanceChange{changeUpdated, at, i})
		}
	}
	slices.SortStableFunc(changes, func(a, b instanceChange) int { return cmp.Compare(a.Instance.ID, b.Instance.ID) })
	return changes
}
