package waterfall

import (
	"cmp"
	"slices"
)

// Line is a line of a waterfall: a span, or how much is left out.
type Line struct {
	Node *Node
	// Guides says for each level above whether more follows there; the last is that of the line itself.
	Guides []bool

	Hidden, HiddenErrors int // how many spans are left out here, if Node is nil, and how many of them failed
}

// Lines returns the spans in the order in which they are shown, up to a limit. Those on the critical path come before
// those that failed, and these before the longest.
func (t *Tree) Lines(limit int) []Line {
	l := lines{shown: t.choose(limit)}
	l.add(t.Roots, nil)
	return l.all
}

// choose returns the spans to show: with each, those above it.
func (t *Tree) choose(limit int) map[*Node]bool {
	var nodes []*Node
	t.each(func(n *Node) { nodes = append(nodes, n) })
	slices.SortStableFunc(nodes, func(a, b *Node) int {
		return cmp.Or(first(len(a.Critical) > 0, len(b.Critical) > 0), first(a.Failed(), b.Failed()),
			cmp.Compare(b.End-b.Start, a.End-a.Start))
	})
	shown := make(map[*Node]bool, min(limit, len(nodes)))
	for _, n := range nodes {
		var path []*Node
		for at := n; at != nil && !shown[at] && len(path) <= limit; at = at.parent {
			path = append(path, at)
		}
		if len(shown)+len(path) > limit {
			continue
		}
		for _, at := range path {
			shown[at] = true
		}
	}
	return shown
}

// first orders what has a property before what has not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// lines puts lines together.
type lines struct {
	shown map[*Node]bool
	all   []Line
}

func (l *lines) add(siblings []*Node, guides []bool) {
	var hidden Line
	var shown []*Node
	for _, n := range siblings {
		if l.shown[n] {
			shown = append(shown, n)
			continue
		}
		(&Tree{Roots: []*Node{n}}).each(func(n *Node) {
			hidden.Hidden++
			if n.Failed() {
				hidden.HiddenErrors++
			}
		})
	}
	for i, n := range shown {
		more := i < len(shown)-1 || hidden.Hidden > 0
		own := append(slices.Clip(guides), more)
		l.all = append(l.all, Line{Node: n, Guides: own})
		l.add(n.Children, own)
	}
	if hidden.Hidden > 0 {
		hidden.Guides = append(slices.Clip(guides), false)
		l.all = append(l.all, hidden)
	}
}
