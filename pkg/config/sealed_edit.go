package config

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// Edit is a file whose encrypted values are open while somebody edits it.
type Edit struct {
	original *Text
	plain    *Text
	texts    map[string]string // of the encrypted values, by path
}

// Edited is what became of an edit.
type Edited struct {
	*Text

	// Encrypted are the paths of the values that were encrypted anew.
	Encrypted []string
	// Opened are those that were encrypted before and are references now.
	Opened []string
}

// Open decrypts a file for an edit.
func (t *Text) Open(keys *Keys) (*Edit, error) {
	texts, err := t.revealAll(keys)
	if err != nil {
		return nil, err
	}
	plain, err := t.Decrypt(keys)
	if err != nil {
		return nil, err
	}
	return &Edit{t, plain, texts}, nil
}

// Plain is the text to edit.
func (e *Edit) Plain() []byte { return e.plain.Data }

// Secret reports whether the text to edit has anything that was encrypted.
func (e *Edit) Secret() bool { return len(e.texts) > 0 }

// Close makes the file of the edited text: what was encrypted is encrypted again.
// A value that is the same keeps the bytes that it had in the file, so that the
// file differs only where the edit does. A text that was encrypted and stands
// under another key now is encrypted for that one. An error of type Errors says
// why the edited text cannot be taken.
func (e *Edit) Close(edited []byte, to Recipients) (Edited, error) {
	if bytes.Equal(edited, e.plain.Data) {
		return Edited{Text: e.original}, nil
	}
	text, err := ParseText(File{Name: e.original.Name, Data: edited})
	if err != nil {
		return Edited{}, e.discreet(err)
	}
	c := closing{Edit: e, result: Edited{Text: text}, to: to, known: map[string]string{}}
	for path, plain := range e.texts {
		c.known[plain] = path
	}
	for _, v := range text.values {
		if err := c.value(v.path.String()); err != nil {
			return Edited{}, err
		}
	}
	return c.result, c.leaks()
}

// discreet leaves the lines out of faults of a text that is no configuration: what
// of it is secret nobody knows.
func (e *Edit) discreet(err error) error {
	faults, ok := errors.AsType[Errors](err)
	if !ok || !e.Secret() {
		return err
	}
	r := report{}
	for _, text := range e.texts {
		r.unsealed = append(r.unsealed, text)
	}
	var all []located
	for _, f := range faults {
		f.Source, f.Caret = "", ""
		all = append(all, located{Finding: f})
	}
	return Errors(render(r.concealed(all), nil))
}

// closing is an edit on its way back into the file.
type closing struct {
	*Edit

	result Edited
	to     Recipients
	known  map[string]string // the path that a text was or is encrypted for
}

// value encrypts one value of the edited text if it has to be.
func (c *closing) value(path string) error {
	v, fault := c.result.lookup(path)
	if fault != nil {
		if _, was := c.texts[path]; was {
			return c.result.failure(*fault)
		}
		return nil
	}
	old, was := c.texts[path]
	text, refers := withoutEscapes(v.node.Value)
	switch _, moved := c.known[text]; {
	case v.sealed() || v.isNull():
		return nil
	case was && refers:
		c.result.Opened = append(c.result.Opened, path)
		return nil
	case was && text == old:
		return c.restore(v)
	case !was && (!moved || refers || len(text) < concealedLength || c.wasPlain(path, v.node.Value)):
		return nil
	}
	if fault := c.result.replaceable(v); fault != nil {
		return c.result.failure(*fault)
	}
	next, err := c.result.sealValue(v, text, c.to)
	if err != nil {
		return err
	}
	c.known[text] = path
	c.result.Text, c.result.Encrypted = next, append(c.result.Encrypted, path)
	return nil
}

// wasPlain reports whether the value was in the file for everybody to read.
func (c *closing) wasPlain(path, text string) bool {
	v, fault := c.original.lookup(path)
	return fault == nil && v.node.Value == text
}

// restore gives a value the bytes that it had in the file.
func (c *closing) restore(v written) error {
	before, fault := c.original.lookup(v.path.String())
	if fault != nil {
		return c.original.failure(*fault)
	}
	if fault := c.result.replaceable(v); fault != nil {
		return c.result.failure(*fault)
	}
	forms := c.result.sealedForms(v, before.node.Value)
	was, found := c.original.spanOf(before)
	if at, ok := c.result.spanOf(v); ok && found {
		token := string(c.original.Data[was.from:was.to])
		if now := c.result.Data[at.from:at.to]; len(now) > 0 && (now[0] == '|' || now[0] == '>') {
			token += afterIndicator(now)
		}
		forms = slices.Insert(forms, 0, form{at, token})
	}
	next, err := c.result.put(v, before.node.Value, forms)
	if err != nil {
		return err
	}
	c.result.Text = next
	return nil
}

// Texts that are searched for in what is written back: shorter ones are found by
// chance.
const (
	leakLength     = 6
	leakLineLength = 16 // of a line of a text with several
)

// leaks reports decrypted texts that are left in the result, such as in a comment
// or as a part of another value. It is nil if there are none.
func (c *closing) leaks() error {
	var faults []located
	for text, path := range c.known {
		for _, form := range leakForms(text) {
			count := bytes.Count(c.result.Data, []byte(form))
			if count <= bytes.Count(c.original.Data, []byte(form)) {
				continue
			}
			place := markOf(c.result.Data, bytes.LastIndex(c.result.Data, []byte(form)))
			faults = append(faults, located{Finding: Finding{
				Position: Position{File: c.result.Name, Line: place.line, Column: place.col}, Path: path,
				Problem: "the decrypted value stands here in plain text", Hint: "remove it: comments and parts of other values are not encrypted",
			}})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return c.result.failure(faults...)
}

func leakForms(text string) []string {
	quoted := quoteText(text)
	forms := []string{text, quoted[1 : len(quoted)-1], withEscapes(text), strings.ReplaceAll(text, "'", "''")}
	forms = slices.DeleteFunc(forms, func(form string) bool { return len(form) < leakLength })
	if strings.Contains(strings.TrimSpace(text), "\n") {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if len(line) >= leakLineLength && !strings.HasPrefix(line, "-----") {
				forms = append(forms, line)
			}
		}
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}
