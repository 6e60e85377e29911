package config

import (
	"slices"
	"strings"
)

// Said is what one layer says about a key.
type Said struct {
	Origin
	// Path is where it says so: the key, another name for it, or an element of it.
	Path string `json:"path"`
	// Value is the text of the value, and "nothing" where a later layer has a key
	// without a value.
	Value string `json:"value"`
	// InEffect says that this is what holds. If it holds in part only, For says
	// in which; if not, ShadowedBy names the place that has a say instead.
	InEffect   bool   `json:"in_effect"`
	For        string `json:"for,omitempty"`
	ShadowedBy string `json:"shadowed_by,omitempty"`
}

// slot is something that a key decides: mostly itself.
type slot struct {
	label string
	path  string // of what it is about, if that is another key
	// by is what decides; nil is the default.
	by *node
}

// saying is one mention of a key, before it is known which of them hold.
type saying struct {
	path  string
	steps []step
	value *node
	// element says that only a part of a list is set.
	element bool
}

// layersOf returns the other names of a key and what every layer says about it.
func (l Loaded) layersOf(at spot) (twins []string, said []Said) {
	slots, twins := l.slots(at)
	if preset := l.presetOf(at); preset != nil {
		row := Said{Origin: Origin{Layer: Builtin}, Path: at.path().String(), Value: presetText(at.field, at.preset)}
		row.judge(slots, func(s slot) bool { return s.by == nil || s.by.kind == null }, l.doc)
		said = append(said, row)
	}
	replaced := 0
	for _, from := range l.doc.layers {
		for _, s := range l.sayings(from, at.steps, twins) {
			if s.value.kind == null && replaced == 0 {
				continue // there is nothing to take back
			}
			replaced++
			row := Said{Origin: l.doc.origin(s.value), Path: s.path, Value: l.textOf(s.value, at)}
			if s.element {
				by := slot{"the element", s.path, l.doc.root.decisive(s.steps)}
				row.judge([]slot{by, slots[0]}, func(by slot) bool { return by.by.sameAs(s.value) }, l.doc)
			} else {
				row.judge(slots, func(by slot) bool { return by.by.sameAs(s.value) }, l.doc)
			}
			said = append(said, row)
		}
	}
	return twins, said
}

// slots returns what the key at a spot decides, and its other names.
func (l Loaded) slots(at spot) (slots []slot, twins []string) {
	s := shortener{l.doc}
	path := at.path().String()
	host, port := slot{"the host", shortHost, s.half(shortHost)}, slot{"the port", shortPort, s.half(shortPort)}
	switch path {
	case longEndpoint().String():
		return []slot{host, port}, []string{shortEndpoint, shortHost, shortPort}
	case shortEndpoint:
		return []slot{host, port}, []string{longEndpoint().String(), shortHost, shortPort}
	case shortHost:
		return []slot{{by: host.by}}, []string{longEndpoint().String(), shortEndpoint}
	case shortPort:
		return []slot{{by: port.by}}, []string{longEndpoint().String(), shortEndpoint}
	}
	for _, t := range s.twins() {
		switch path {
		case t.short:
			slots = append(slots, slot{t.long.String(), t.long.String(), l.doc.root.decisive(t.long.steps())})
			twins = append(twins, t.long.String())
		case t.long.String():
			twins = append(twins, t.short)
		}
	}
	if len(twins) == 0 && len(at.steps) == 3 && at.steps[0].key.text == "exporters" && at.key() == "timeout" {
		twins = []string{"otlp.timeout_seconds"} // for an exporter that there is not
	}
	if len(slots) == 0 {
		slots = []slot{{by: l.doc.root.decisive(at.steps)}}
	}
	return slots, twins
}

// judge fills in whether what is said holds. holds says so for one slot.
func (s *Said) judge(slots []slot, holds func(slot) bool, doc *document) {
	var labels []string
	var over *node
	for _, by := range slots {
		if holds(by) {
			labels = append(labels, by.label)
		} else if over == nil || by.path == s.Path {
			over = by.by
		}
	}
	s.InEffect = len(labels) > 0
	switch {
	case len(labels) == len(slots), slices.Equal(labels, []string{s.Path}):
	case s.InEffect:
		s.For = strings.Join(labels, ", ")
	default:
		s.ShadowedBy = doc.origin(over).String()
	}
}

// sayings returns what a layer says about the key that steps lead to and about
// its other names.
func (l Loaded) sayings(from layer, steps []step, twins []string) []saying {
	all := sayingsOf(from, steps)
	for _, twin := range twins {
		at, fault := spotAt(l.doc.whole(l.doc.root), twin)
		if fault == nil {
			all = append(all, sayingsOf(from, at.steps)...)
		}
	}
	return all
}

func sayingsOf(from layer, steps []step) []saying {
	var all []saying
	path := pathOf(steps).String()
	if n := from.root.decisive(steps); n != nil && n.kind != invalid {
		all = append(all, saying{path: path, steps: steps, value: n})
	}
	for _, set := range from.sets {
		switch {
		case begins(steps, set.steps):
			if n := set.value.decisive(steps[len(set.steps):]); n != nil {
				all = append(all, saying{path: path, steps: steps, value: n})
			}
		case begins(set.steps, steps):
			all = append(all, saying{path: pathOf(set.steps).String(), steps: set.steps, value: set.value, element: true})
		}
	}
	return all
}

// begins reports whether steps begin with others.
func begins(steps, with []step) bool {
	return len(with) <= len(steps) && slices.EqualFunc(steps[:len(with)], with, func(a, b step) bool {
		if a.key == nil || b.key == nil {
			return a.key == nil && b.key == nil && a.index == b.index
		}
		return a.key.text == b.key.text
	})
}

// textOf returns what a layer says as text, without what must not be shown.
func (l Loaded) textOf(n *node, at spot) string {
	switch n.kind {
	case null:
		return "nothing"
	case sequence:
		texts := make([]string, len(n.items))
		for i, item := range n.items {
			texts[i] = l.textOf(item, at)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case mapping:
		return "{…}"
	}
	switch {
	case at.field.secret, n.sealed, n.src.hidden[n.mark]:
		return mask
	case n.text == "":
		return `""`
	}
	return withoutUserinfo(printable(n.text))
}
