package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	sigsjson "sigs.k8s.io/json"
)

// Strategic merges are done here and not by apimachinery's strategicpatch: that one links the schemas of
// OpenAPI, which are not needed where there are types, and with them 0.8 MB. A test holds both to the
// same results.

// What a patch can say beside fields and their values.
const (
	directive        = "$patch"      // in an object: replace or delete it
	retainKeys       = "$retainKeys" // in an object: the only fields to be left
	deleteFromPrefix = "$deleteFromPrimitiveList/"
	orderPrefix      = "$setElementOrder/"
)

// strategicMerge returns an object of a type, in JSON, changed by a patch.
func strategicMerge(object, patch []byte, typ any) ([]byte, error) {
	var now, changes map[string]any
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(object, &now); err != nil {
		return nil, err
	}
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(patch, &changes); err != nil {
		return nil, err
	}
	merged, err := mergeFields(now, changes, reflect.TypeOf(typ), "")
	if err != nil {
		return nil, err
	}
	return json.Marshal(merged)
}

// mergeFields changes an object by a patch as kubectl does: objects are merged field by field, and so are
// the lists that the type of the object says to merge; whatever else the patch has replaces what was
// there, and null removes it. The type is nil if it is not known, and at is the path of the object.
// Both maps are used up.
func mergeFields(now, patch map[string]any, typ reflect.Type, at string) (map[string]any, error) {
	if what, ok := patch[directive]; ok {
		return directed(patch, what, at)
	}
	if err := retain(now, patch, at); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if list, ok := strings.CutPrefix(name, deleteFromPrefix); ok {
			if before, ok := now[list].([]any); ok {
				now[list] = without(before, patch[name])
			}
			continue
		}
		if strings.HasPrefix(name, orderPrefix) {
			return nil, fmt.Errorf("%s is not supported: what a patch names comes in the order of the patch", below(at, name))
		}
		if patch[name] == nil {
			delete(now, name)
			continue
		}
		merged, err := mergeValue(now[name], patch[name], ruleOf(typ, name), below(at, name))
		if err != nil {
			return nil, err
		}
		if merged == nil {
			delete(now, name)
			continue
		}
		now[name] = merged
	}
	return now, nil
}

// mergeValue returns the new value of a field; nil is none.
func mergeValue(now, patch any, r rule, at string) (any, error) {
	switch p := patch.(type) {
	case map[string]any:
		if before, ok := now.(map[string]any); ok && !r.replaced {
			return mergeFields(before, p, r.typ, at)
		}
	case []any:
		if before, ok := now.([]any); ok && r.merged {
			return mergeLists(before, p, r, at)
		}
	}
	return plain(patch), nil
}

// directed returns what a directive leaves of an object.
func directed(patch map[string]any, what any, at string) (map[string]any, error) {
	switch what {
	case "replace":
		delete(patch, directive)
		return patch, nil
	case "delete":
		return map[string]any{}, nil
	}
	return nil, fmt.Errorf("%s is %v, and must be replace or delete", below(at, directive), what)
}

// retain removes the fields that $retainKeys does not list.
func retain(now, patch map[string]any, at string) error {
	listed, ok := patch[retainKeys]
	if !ok {
		return nil
	}
	delete(patch, retainKeys)
	keys, ok := listed.([]any)
	if !ok {
		return fmt.Errorf("%s must be a list of fields", below(at, retainKeys))
	}
	kept := func(name string) bool {
		return slices.ContainsFunc(keys, func(key any) bool { return key == name })
	}
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if patch[name] != nil && !strings.HasPrefix(name, "$") && !kept(name) {
			return fmt.Errorf("%s does not list %s, which the patch sets", below(at, retainKeys), name)
		}
	}
	maps.DeleteFunc(now, func(name string, _ any) bool { return !kept(name) })
	return nil
}

// plain returns a value of a patch without nulls and without what is only there to direct; nil is nothing.
func plain(patch any) any {
	switch p := patch.(type) {
	case map[string]any:
		if _, ok := p[directive]; ok {
			return nil
		}
		for name, v := range p {
			if p[name] = plain(v); p[name] == nil {
				delete(p, name)
			}
		}
	case []any:
		left := make([]any, 0, len(p))
		for _, v := range p {
			if v = plain(v); v != nil {
				left = append(left, v)
			}
		}
		return left
	}
	return patch
}

// below returns the path of a field.
func below(at, name string) string { return strings.TrimPrefix(at+"."+name, ".") }

// rule is how a field is merged. The zero rule is that of a field whose type is not known.
type rule struct {
	typ      reflect.Type // of its value, or of an element of its list
	replaced bool         // an object is replaced whole
	merged   bool         // a list is merged
	key      string       // which field of an element tells it from others; empty if the elements are values
}

// ruleOf returns the rule of a field, which is in its tags.
func ruleOf(typ reflect.Type, name string) rule {
	if typ == nil {
		return rule{}
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return rule{}
	}
	for _, f := range reflect.VisibleFields(typ) {
		if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != name {
			continue
		}
		strategies := strings.Split(f.Tag.Get("patchStrategy"), ",")
		r := rule{
			typ:      f.Type,
			replaced: slices.Contains(strategies, "replace"),
			merged:   slices.Contains(strategies, "merge"),
			key:      f.Tag.Get("patchMergeKey"),
		}
		if f.Type.Kind() == reflect.Slice {
			r.typ = f.Type.Elem()
		}
		return r
	}
	return rule{}
}
