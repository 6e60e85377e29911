package config

import (
	"slices"
	"strconv"
	"strings"
)

// unseals gives n the text of the encrypted value that it has, and reports
// whether it has one.
func (b *builder) unseals(n *node, p *path) bool {
	if b.refs.keys == nil || !looksSealed(n.text) {
		return false
	}
	n.src.hidden[n.mark] = true
	n.raw, n.quoted, n.sealed = n.text, true, true
	text, fault := b.refs.keys.unseal(p, n.text)
	if fault != nil {
		n.kind = invalid
		b.fault(n, p, fault.problem, fault.hint)
		return true
	}
	n.kind, n.text = scalar, text
	b.unsealed = append(b.unsealed, text)
	return true
}

// concealedLength is the least length of a text that is cut out of messages. A
// shorter one is no secret, and its letters are in every message.
const concealedLength = 4

// concealed takes the texts of encrypted values out of findings, wherever a
// message got them from: the value of one key may be in a message about another.
func (r *report) concealed(findings []located) []located {
	var forms []string
	for _, text := range r.unsealed {
		quoted := strconv.Quote(text)
		forms = append(forms, text, strings.TrimSpace(text), quoted[1:len(quoted)-1])
		for part := range strings.SplitSeq(text, ",") { // a list
			forms = append(forms, strings.TrimSpace(part))
		}
	}
	forms = slices.DeleteFunc(forms, func(text string) bool { return len(text) < concealedLength })
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, mask)
	}
	conceal := strings.NewReplacer(pairs...).Replace
	for i := range findings {
		f := &findings[i]
		f.Problem, f.Hint = conceal(f.Problem), conceal(f.Hint)
		for j := range f.Related {
			f.Related[j].Note = conceal(f.Related[j].Note)
		}
	}
	return findings
}
