package waterfall

import (
	"cmp"
	"slices"
)

// findCritical finds the critical path: what the end of the trace has waited for. From the end of the root it goes back in
// time. At each moment it is in that child which was the last to end before then, and within that in its
// children by the same rule; or, while there was none, in the span itself. A child counts as long as its parent runs:
// what goes on after that, or by a clock that is wrong, was not waited for.
func (t *Tree) findCritical() {
	if len(t.Roots) == 0 {
		return
	}
	main := slices.MinFunc(t.Roots, func(a, b *Node) int {
		if a.Orphan != b.Orphan {
			if a.Orphan {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(b.End, a.End), cmp.Compare(a.Start, b.Start))
	})
	main.goBack(main.Start, main.End)
}

// goBack follows the path from one moment back to another, while it is in a span or below it.
func (n *Node) goBack(start, end int64) {
	last := slices.Clone(n.Children)
	slices.SortStableFunc(last, func(a, b *Node) int {
		return cmp.Or(cmp.Compare(min(b.End, end), min(a.End, end)), cmp.Compare(a.Start, b.Start))
	})
	at := end
	for _, child := range last {
		childStart, childEnd := max(child.Start, start), min(child.End, end)
		if childEnd > at || childStart >= childEnd {
			continue
		}
		n.critical(childEnd, at)
		child.goBack(childStart, childEnd)
		at = childStart
	}
	n.critical(start, at)
	slices.Reverse(n.Critical)
}

func (n *Node) critical(start, end int64) {
	if start < end {
		n.Critical = append(n.Critical, Interval{start, end})
	}
}

// Share is how much of the critical path a service has.
type Share struct {
	Service string
	Nanos   int64
}

// Shares returns the services on the critical path, the one with most of it first.
func (t *Tree) Shares() []Share {
	nanos := map[string]int64{}
	t.each(func(n *Node) {
		for _, i := range n.Critical {
			nanos[string(n.Span.Service)] += i.End - i.Start
		}
	})
	var shares []Share
	for service, n := range nanos {
		shares = append(shares, Share{service, n})
	}
	slices.SortFunc(shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Nanos, a.Nanos), cmp.Compare(a.Service, b.Service))
	})
	return shares
}

// each calls f for every span, parents first.
func (t *Tree) each(f func(*Node)) {
	var walk func([]*Node)
	walk = func(nodes []*Node) {
		for _, n := range nodes {
			f(n)
			walk(n.Children)
		}
	}
	walk(t.Roots)
}
