package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Difference is a value that two configurations do not have in common. The names
// of its JSON fields are API.
type Difference struct {
	Path string `json:"path"`
	// A and B are the values; nil is none.
	A *Value `json:"a"`
	B *Value `json:"b"`
	// Secret says that the values are not shown.
	Secret bool `json:"secret,omitempty"`
}

// Side reads one side of a comparison: the defaults and what a name stands for.
// That is a file if the name has an extension or a path in it, else an
// environment: the files of the folder for all environments and for this one.
// Variables and flags have no part in it, and references stay as they are
// written, so that the result does not depend on who asks. An error is of type
// Errors.
func Side(name string) (Loaded, error) {
	paths := []string{name}
	if filepath.Ext(name) == "" && !strings.ContainsAny(name, `/\`) {
		var err error
		if paths, err = environmentFiles(name); err != nil {
			return Loaded{}, err
		}
	}
	files, err := ReadFiles(paths)
	if err != nil {
		return Loaded{}, err
	}
	return LoadWritten(files, nil)
}

// LoadWritten reads a configuration that is to run elsewhere: files and path=value
// settings over the defaults, but no variables of this process. References and
// encrypted values are left as they are, and what they stand for is not checked.
// An error is of type Errors.
func LoadWritten(files []File, set []string) (Loaded, error) {
	from := Sources{Set: set}
	doc := open(receiverOptions(from.lookup()))
	doc.written = map[string]string{}
	return doc.load(files, from)
}

// environmentFiles returns the files of an environment, whose own must exist.
func environmentFiles(name string) ([]string, error) {
	from := Sources{Folder: defaultFolder, Environment: name}
	paths, err := from.optional()
	if err != nil {
		return nil, err
	}
	if len(paths) > 0 && strings.TrimSuffix(filepath.Base(paths[len(paths)-1]), filepath.Ext(paths[len(paths)-1])) == name {
		return paths, nil
	}
	return nil, Errors{{
		Position: Position{File: filepath.Join(defaultFolder, name+".yaml")},
		Problem:  fmt.Sprintf("no such file, nor %s: there is no environment %q", filepath.Join(defaultFolder, name+".toml"), name),
		Hint:     "name an environment that has a file in " + defaultFolder + ", or the path of a file",
	}}
}

// Environments lists those that have a file in the folder.
func Environments() []string {
	var names []string
	for _, extension := range fileExtensions() {
		paths, _ := filepath.Glob(filepath.Join(defaultFolder, "*"+extension)) // the pattern is well-formed
		for _, path := range paths {
			names = append(names, strings.TrimSuffix(filepath.Base(path), extension))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Diff compares what two configurations mean: how they are written, in which
// order and form, and whether a default is spelled out, makes no difference.
func Diff(a, b Loaded) []Difference {
	before, after := a.longForm(), b.longForm()
	return append([]Difference{}, before.diff(after)...) // an empty list is a list, in JSON too
}

// longForm shows a configuration without the short form, which says nothing of
// its own but what there is no long form for.
func (l Loaded) longForm() *Value {
	s := shower{doc: l.doc}
	whole := s.whole(l.model(l.short))
	whole.Items = slices.DeleteFunc(whole.Items, func(v *Value) bool { return isShort(v.Key) })
	return whole
}

// diff compares two values at one path; either may be nil.
func (v *Value) diff(other *Value) []Difference {
	switch {
	case v == nil && other == nil:
		return nil
	case v == nil || other == nil:
		return oneSided(v, other)
	case v.Kind == SectionValue && other.Kind == SectionValue:
		var all []Difference
		for _, key := range v.keysWith(other) {
			all = append(all, v.item(key).diff(other.item(key))...)
		}
		return all
	case v.equal(other):
		return nil
	case v.Kind == ListValue && other.Kind == ListValue && !v.isFlat() && !other.isFlat():
		var all []Difference
		for i := range max(len(v.Items), len(other.Items)) {
			all = append(all, v.element(i).diff(other.element(i))...)
		}
		return all
	}
	if v.hasSecret() || other.hasSecret() || v.isSealed() != other.isSealed() {
		// What one side encrypts is no less secret on the other.
		return []Difference{{Path: v.Path, A: v.concealed(), B: other.concealed(), Secret: true}}
	}
	// Where only what is masked differs, such as a password in a URL, that is to be said.
	return []Difference{{Path: v.Path, A: v, B: other, Secret: v.Text() == other.Text()}}
}

// oneSided lists what only one side has: the section itself, and of what is in
// it only what somebody says.
func oneSided(a, b *Value) []Difference {
	there := a
	if a == nil {
		there = b
	}
	on := func(v *Value) Difference {
		if a == nil {
			return Difference{Path: v.Path, B: v, Secret: v.hasSecret()}
		}
		return Difference{Path: v.Path, A: v, Secret: v.hasSecret()}
	}
	if there.Kind == ScalarValue || there.Kind == ListValue && there.isFlat() {
		return []Difference{on(there)}
	}
	all := []Difference{on(&Value{Path: there.Path, Key: there.Key, Kind: SectionValue})}
	var walk func(*Value)
	walk = func(v *Value) {
		switch {
		case v.Kind == SectionValue || v.Kind == ListValue && !v.isFlat():
			for _, item := range v.Items {
				walk(item)
			}
		case v.said():
			all = append(all, on(v))
		}
	}
	walk(there)
	return all
}

// said reports whether a layer says the value, or a part of it.
func (v *Value) said() bool {
	return v.Origin.Layer != Builtin || slices.ContainsFunc(v.Items, (*Value).said)
}

// keysWith returns the keys of two sections, in the order of the first.
func (v *Value) keysWith(other *Value) []string {
	var keys []string
	for _, items := range [][]*Value{v.Items, other.Items} {
		for _, item := range items {
			if !slices.Contains(keys, item.Key) {
				keys = append(keys, item.Key)
			}
		}
	}
	return keys
}

func (v *Value) item(key string) *Value {
	for _, item := range v.Items {
		if item.Key == key {
			return item
		}
	}
	return nil
}

func (v *Value) element(i int) *Value {
	if i < len(v.Items) {
		return v.Items[i]
	}
	return nil
}

// isFlat reports whether a list has scalars only.
func (v *Value) isFlat() bool {
	return !slices.ContainsFunc(v.Items, func(item *Value) bool { return item.Kind != ScalarValue })
}

// concealed returns the value with all that is in it masked.
func (v *Value) concealed() *Value {
	c := *v
	c.Items = make([]*Value, len(v.Items))
	for i, item := range v.Items {
		c.Items[i] = item.concealed()
	}
	if c.Kind == ScalarValue && c.actual != "" {
		c.Scalar, c.Secret = mask, true
	}
	return &c
}

func (v *Value) hasSecret() bool {
	return v.Secret || slices.ContainsFunc(v.Items, (*Value).hasSecret)
}

// isSealed reports whether the value, or a part of it, is an encrypted one as it is written.
func (v *Value) isSealed() bool {
	return looksSealed(v.actual) || slices.ContainsFunc(v.Items, (*Value).isSealed)
}

// equal compares what is behind the masks.
func (v *Value) equal(other *Value) bool {
	return v.Kind == other.Kind && v.actual == other.actual && slices.EqualFunc(v.Items, other.Items, (*Value).equal)
}
