package config

import (
	"bytes"
	"unicode/utf8"
)

// Encrypt returns the file with the values at the paths encrypted.
func (t *Text) Encrypt(paths []string, to Recipients) (*Text, error) {
	var faults []located
	for _, path := range paths {
		v, fault := t.lookup(path)
		text := ""
		if fault == nil {
			text, fault = t.encryptable(v)
		}
		if fault != nil {
			faults = append(faults, *fault)
			continue
		}
		if len(faults) > 0 {
			continue
		}
		next, err := t.sealValue(v, text, to)
		if err != nil {
			return nil, err
		}
		t = next
	}
	if len(faults) > 0 {
		return nil, t.failure(faults...)
	}
	return t, nil
}

// Set returns the file with an encrypted value at a key that is there already.
func (t *Text) Set(path, value string, to Recipients) (*Text, error) {
	if err := t.Settable(path); err != nil {
		return nil, err
	}
	v, _ := t.lookup(path)
	if looksSealed(value) || !utf8.ValidString(value) {
		return nil, t.failure(t.fault(path, v.node, "the new value is encrypted already or is not UTF-8 text", ""))
	}
	return t.sealValue(v, value, to)
}

// Settable returns why there can be no new value at a path, if there cannot.
func (t *Text) Settable(path string) error {
	v, fault := t.lookup(path)
	if fault == nil {
		fault = t.replaceable(v)
	}
	if fault != nil {
		return t.failure(*fault)
	}
	return nil
}

// encryptable returns the text that a value stands for.
func (t *Text) encryptable(v written) (string, *located) {
	var problem, hint string
	text, refers := withoutEscapes(v.node.Value)
	switch {
	case v.isNull():
		problem, hint = "has no value", "give it one with --value-from"
	case v.sealed():
		problem, hint = "is encrypted already", "'otlpctl config rotate' encrypts it for others, --value-from sets it anew"
	case refers:
		problem, hint = "has a reference in it, and what is encrypted is taken to the letter", "encrypt the value itself with --value-from, or leave the reference"
	default:
		return text, t.replaceable(v)
	}
	f := t.fault(v.path.String(), v.node, problem, hint)
	return "", &f
}

func (t *Text) sealValue(v written, text string, to Recipients) (*Text, error) {
	sealed, err := seal(v.path, text, to)
	if err != nil {
		return nil, err
	}
	return t.put(v, sealed, t.sealedForms(v, sealed))
}

// Narrowed returns which of the paths had an encrypted value for more recipients
// before: who they were cannot be seen, and nobody may have meant to shut them out.
func (t *Text) Narrowed(before *Text, paths []string) []string {
	var narrowed []string
	for _, path := range paths {
		was, fault := before.lookup(path)
		if fault != nil {
			continue
		}
		is, fault := t.lookup(path)
		if fault == nil && recipientsOf(is.node.Value) < recipientsOf(was.node.Value) {
			narrowed = append(narrowed, path)
		}
	}
	return narrowed
}

// recipientsOf counts the recipients of an encrypted value.
func recipientsOf(text string) int {
	file, _ := sealedFile(text)
	header, _, _ := bytes.Cut(file, []byte("\n--- "))
	return bytes.Count(header, []byte("\n-> "))
}
