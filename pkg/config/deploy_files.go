package config

import (
	"slices"
	"strings"
)

// FileUse is a file that a configuration names.
type FileUse struct {
	// Path is the key that does; Name is the file.
	Path, Name string
	// Writes says that it is written to.
	Writes bool
}

// named notes a file that a value is the name of.
func (p *packing) named(n *node, at *path) {
	if n.text == "" || refers(n.raw) || at == nil || at.index >= 0 || at.up == nil {
		return
	}
	switch {
	case strings.HasSuffix(at.key, "_file"):
		p.files = append(p.files, FileUse{Path: at.String(), Name: n.text})
	case at.key == "path" && at.up.up != nil && at.up.up.key == "exporters" && typeOf(at.up.key) == "file":
		p.files = append(p.files, FileUse{Path: at.String(), Name: n.text, Writes: true})
	}
}

// filesIn returns the files that a text refers to, each once.
func filesIn(text string) []string {
	var names []string
	for inside := range insides(text) {
		if name, ok := strings.CutPrefix(inside, "file:"); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
