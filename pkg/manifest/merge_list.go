package manifest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// mergeLists changes a list by that of a patch: elements with the same key are merged, other ones are
// added. The lists are used up.
func mergeLists(now, patch []any, r rule, at string) ([]any, error) {
	now, patch, err := directLists(now, patch, r, at)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Concat(now, patch) {
		if _, ok := keyOf(e, r.key); !ok {
			return nil, noKey(r, at)
		}
	}
	merged := slices.Clone(now)
	for _, p := range patch {
		i := indexOf(merged, p, r.key)
		switch {
		case i < 0:
			merged = append(merged, plain(p))
		case r.key != "":
			if merged[i], err = mergeFields(merged[i].(map[string]any), p.(map[string]any), r.typ, at); err != nil {
				return nil, err
			}
		}
	}
	return arrange(merged, now, patch, r.key), nil
}

// directLists does what directives among the elements of a patch say, and returns the lists without
// these.
func directLists(now, patch []any, r rule, at string) (before, changes []any, err error) {
	replaced := false
	for _, e := range patch {
		fields, _ := e.(map[string]any)
		what, ok := fields[directive]
		switch {
		case !ok:
			changes = append(changes, e)
		case what == "replace":
			replaced = true
		case what != "delete":
			return nil, nil, fmt.Errorf("%s of an element is %v, and must be replace or delete", below(at, directive), what)
		default:
			if _, ok := keyOf(e, r.key); !ok {
				return nil, nil, noKey(r, at)
			}
			now = slices.DeleteFunc(now, func(other any) bool { return sameKey(other, e, r.key) })
		}
	}
	if replaced {
		return nil, changes, nil
	}
	return now, changes, nil
}

// arrange puts the elements of a merged list into their order: those of the patch in the order of the
// patch, the others in the order that they had, and between these two what was before stays before, if
// both have been there.
func arrange(merged, now, patch []any, key string) []any {
	var ours, others []any
	for _, e := range merged {
		if indexOf(patch, e, key) >= 0 {
			ours = append(ours, e)
		} else {
			others = append(others, e)
		}
	}
	slices.SortStableFunc(ours, func(a, b any) int {
		return cmp.Compare(indexOf(patch, a, key), indexOf(patch, b, key))
	})
	all := make([]any, 0, len(merged))
	for len(ours) > 0 && len(others) > 0 {
		if indexOf(now, others[0], key) < indexOf(now, ours[0], key) {
			all, others = append(all, others[0]), others[1:]
		} else {
			all, ours = append(all, ours[0]), ours[1:]
		}
	}
	return append(append(all, ours...), others...)
}

// without returns a list without the values of another one.
func without(list []any, values any) []any {
	gone, _ := values.([]any)
	return slices.DeleteFunc(list, func(e any) bool {
		return slices.ContainsFunc(gone, func(v any) bool { return reflect.DeepEqual(v, e) })
	})
}

// indexOf returns where an element with the key of another one is, or -1.
func indexOf(list []any, e any, key string) int {
	return slices.IndexFunc(list, func(other any) bool { return sameKey(other, e, key) })
}

func sameKey(a, b any, key string) bool {
	one, ok := keyOf(a, key)
	other, also := keyOf(b, key)
	return ok && also && one == other
}

// keyOf returns what tells an element of a list from others: the value of a field, or the element if it
// is no object. It can be compared.
func keyOf(e any, key string) (any, bool) {
	if key != "" {
		fields, _ := e.(map[string]any)
		e = fields[key]
	}
	switch e.(type) {
	case nil, map[string]any, []any:
		return nil, false
	}
	return e, true
}

func noKey(r rule, at string) error {
	if r.key == "" {
		return fmt.Errorf("%s takes values only", at)
	}
	return fmt.Errorf("%s: an element has no %s, by which it is merged", at, r.key)
}
