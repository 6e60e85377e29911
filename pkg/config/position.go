package config

import (
	"fmt"
	"strconv"
)

// Position is a place in a configuration file. Line and Column start at 1, and
// Column counts characters; both are 0 when only the file is known. The zero
// Position belongs to a value that no file sets.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String returns file:line:column, as far as known.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// path is the place of a value in the configuration: a chain towards the root,
// which is nil.
type path struct {
	up    *path
	key   string
	index int // of a list element; -1 if key counts
	// component marks the configuration of one receiver, processor or exporter:
	// a fault inside it says nothing about its neighbours.
	component bool
}

func (p *path) child(key string) *path { return &path{up: p, key: key, index: -1} }
func (p *path) item(index int) *path   { return &path{up: p, index: index} }

func (p *path) String() string {
	if p == nil {
		return ""
	}
	if p.index >= 0 {
		return p.up.String() + "[" + strconv.Itoa(p.index) + "]"
	}
	return joinPath(p.up.String(), printable(p.key))
}

func joinPath(base, rel string) string {
	if base == "" || rel == "" || rel[0] == '[' {
		return base + rel
	}
	return base + "." + rel
}

// printable keeps a path on one line whatever the key is.
func printable(key string) string {
	if key == "" {
		return `""`
	}
	for _, r := range key {
		if !strconv.IsPrint(r) {
			quoted := strconv.Quote(key)
			return quoted[1 : len(quoted)-1]
		}
	}
	return key
}
