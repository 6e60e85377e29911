// Package waterfall arranges the spans of a trace: who called whom, and what the end has waited for. It is pure, and
// takes traces as they come: with spans that are missing, twice there, or out of time.
package waterfall

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// Tree is a trace.
type Tree struct {
	Roots      []*Node // in the order of their starts
	Start, End int64   // of all spans, in nanoseconds since the Unix epoch
	Spans      int
}

// Node is a span and those that it is the parent of.
type Node struct {
	Span       *row.Span
	Start, End int64   // in nanoseconds since the Unix epoch; a span that ends before it starts ends there
	Children   []*Node // in the order of their starts
	Orphan     bool    // the parent has not come

	// Critical is when the critical path is in this very span, in the order of time.
	Critical []Interval

	parent *Node
}

// Interval is a span of time, in nanoseconds since the Unix epoch.
type Interval struct{ Start, End int64 }

// Count returns how many spans failed, and how many services there are.
func (t *Tree) Count() (failed, services int) {
	seen := map[string]bool{}
	t.each(func(n *Node) {
		if n.Failed() {
			failed++
		}
		seen[string(n.Span.Service)] = true
	})
	return failed, len(seen)
}

// statusError is a span's status code of failure.
const statusError = 2

// Failed says whether the span ended with an error.
func (n *Node) Failed() bool { return n.Span.StatusCode == statusError }

// New arranges the spans of a trace. Of spans with the same ID, which some tracers make for both ends of a call, the first
// is the parent of those that name it.
func New(spans []*row.Span) *Tree {
	nodes := make([]*Node, 0, len(spans))
	byID := make(map[string]*Node, len(spans))
	for _, s := range spans {
		n := node(s)
		nodes = append(nodes, n)
		if id := string(s.SpanID); byID[id] == nil {
			byID[id] = n
		}
	}
	slices.SortStableFunc(nodes, before)
	t := &Tree{Spans: len(nodes)}
	for i, n := range nodes {
		if i == 0 {
			t.Start, t.End = n.Start, n.End
		}
		t.Start, t.End = min(t.Start, n.Start), max(t.End, n.End)
		n.adopt(byID)
	}
	t.root(nodes)
	t.findCritical()
	return t
}

func node(s *row.Span) *Node {
	start := int64(s.Start)
	if start <= 0 {
		start = int64(s.Time)
	}
	end := start + s.Duration
	if s.Duration < 0 || end < start {
		end = start
	}
	return &Node{Span: s, Start: start, End: end}
}

// before is the order of siblings: by start, the longer one first.
func before(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), bytes.Compare(a.Span.SpanID, b.Span.SpanID))
}

// adopt finds the parent of a span.
func (n *Node) adopt(byID map[string]*Node) {
	if len(n.Span.ParentSpanID) == 0 {
		return
	}
	n.parent = byID[string(n.Span.ParentSpanID)]
	n.Orphan = n.parent == nil
	if n.parent == n {
		n.parent = nil
	}
}

// root makes the tree of nodes whose parents are known. What calls itself by way of others is cut open at its earliest span.
func (t *Tree) root(nodes []*Node) {
	const (
		unknown = iota
		visited
		safe
	)
	state := make(map[*Node]int, len(nodes))
	for _, n := range nodes {
		var path []*Node
		for at := n; at != nil && state[at] != safe; at = at.parent {
			if state[at] == visited {
				slices.MinFunc(path[slices.Index(path, at):], before).parent = nil
				break
			}
			state[at] = visited
			path = append(path, at)
		}
		for _, at := range path {
			state[at] = safe
		}
	}
	for _, n := range nodes {
		if n.parent == nil {
			t.Roots = append(t.Roots, n)
		} else {
			n.parent.Children = append(n.parent.Children, n)
		}
	}
}
