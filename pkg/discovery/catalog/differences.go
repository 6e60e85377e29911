package catalog

import (
	"maps"
	"reflect"
	"slices"
)

// Difference is what has become of one thing between two lists. Before is nil if it has come, After if it has gone.
type Difference[T any] struct{ Before, After *T }

// Differences returns what is different between two lists, in the order of keys.
func Differences[T any](before, after []T, key func(T) string, same func(a, b T) bool) []Difference[T] {
	all := map[string]Difference[T]{}
	for i := range before {
		all[key(before[i])] = Difference[T]{Before: &before[i]}
	}
	for i := range after {
		k := key(after[i])
		d := all[k]
		d.After = &after[i]
		if d.Before != nil && same(*d.Before, *d.After) {
			delete(all, k)
			continue
		}
		all[k] = d
	}
	var different []Difference[T]
	for _, k := range slices.Sorted(maps.Keys(all)) {
		different = append(different, all[k])
	}
	return different
}

// InstanceDifferences returns what is different between two lists of instances. That a check says the same in other words is no
// difference.
func InstanceDifferences(before, after []Instance) []Difference[Instance] {
	return Differences(before, after, Instance.key, func(a, b Instance) bool {
		return reflect.DeepEqual(a.bare(), b.bare())
	})
}

// ServiceDifferences returns what is different between two lists of services.
func ServiceDifferences(before, after []Service) []Difference[Service] {
	return Differences(before, after, func(s Service) string { return s.Name }, func(a, b Service) bool { return reflect.DeepEqual(a, b) })
}

// bare is an instance without what may change without meaning.
func (i Instance) bare() Instance {
	i.created, i.changed = 0, 0
	i.Checks = slices.Clone(i.Checks)
	for n := range i.Checks {
		i.Checks[n].Output = ""
	}
	return i
}
