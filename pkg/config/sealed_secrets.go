package config

import (
	"reflect"
	"slices"

	"github.com/otlpctl/otlpctl/receiver"
)

// Secrets returns the paths of the plain values that are secret by their key.
// referring are those that have a reference in them: what is secret about them is
// elsewhere.
func (t *Text) Secrets() (plain, referring []string) {
	opts := receiverOptions(nil)
	root := rootSpot(reflect.ValueOf(Model{Config: receiver.BaseConfig()}), nil, &opts)
	for _, v := range t.values {
		text, refers := withoutEscapes(v.node.Value)
		switch path := v.path.String(); {
		case v.sealed() || v.isNull() || !isSecret(root, v.path.steps()):
		case refers:
			referring = append(referring, path)
		case text != "":
			plain = append(plain, path)
		}
	}
	return plain, referring
}

// isSecret reports whether a value that steps lead to is secret by its key.
func isSecret(at spot, steps []any) bool {
	for i, s := range steps {
		key, named := s.(string)
		switch {
		case at.field.secret && at.typ.Kind() == reflect.Map && !named:
			return steps[len(steps)-1] == "value" // a list of pairs: a name is no secret
		case at.field.secret:
			return true
		case named:
			next, ok := at.below(key)
			if !ok {
				return false
			}
			at = next
		case at.isList():
			at = spot{opts: at.opts, steps: append(slices.Clip(at.steps), step{index: i}), typ: at.typ.Elem(), field: at.field}.settle()
		default:
			return false
		}
	}
	return at.field.secret
}

// below returns the spot of a key, if there is or could be one.
func (s spot) below(key string) (spot, bool) {
	for _, c := range s.children() {
		if c.key() == key {
			return c, true
		}
	}
	if s.takesNewKey() {
		return s.element(key), true
	}
	return spot{}, false
}
