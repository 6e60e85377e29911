package balance

// heaped are members that know their places, for container/heap. What they are ordered by is the affair of the
// types that are made of it.
type heaped []*member

func (h heaped) Len() int { return len(h) }

func (h heaped) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push puts a member at the end.
func (h *heaped) Push(v any) {
	m := v.(*member) //nolint:forcetypeassert // nothing else is pushed
	m.at = len(*h)
	*h = append(*h, m)
}

// Pop takes the last one off.
func (h *heaped) Pop() any {
	old := *h
	m := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return m
}

// absent are members that are away, those that are back first on top.
type absent struct{ heaped }

// Less compares when they are back.
func (a absent) Less(i, j int) bool { return a.heaped[i].until.Before(a.heaped[j].until) }

// byLoad orders members by requests in flight, then by when they were taken last.
type byLoad struct{ *heaped }

// Less compares their loads.
func (l byLoad) Less(i, j int) bool {
	a, b := (*l.heaped)[i], (*l.heaped)[j]
	if a.inFlight != b.inFlight {
		return a.inFlight < b.inFlight
	}
	return a.turn < b.turn
}
