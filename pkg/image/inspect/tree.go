package inspect

import (
	"archive/tar"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
)

// The bounds of a tree. A short name makes many folders, and through links it makes them deep.
const (
	maxLinks = 40 // that lead to one file, as on Linux
	maxNodes = 2 * maxFiles
	maxDepth = maxPath
)

// tree is what a container sees of the layers.
type tree struct {
	root  *node
	nodes int
	lost  []Lost
}

func newTree() *tree { return &tree{root: &node{}} }

// node is a file or a folder.
type node struct {
	children map[string]*node
	// file is nil for a folder that is only implied by what is in it.
	file *file
}

// file is an entry as a container sees it. That of a hard link is the entry that it links to.
type file struct {
	entry
	content *content
}

// content is that of one regular file, which may have several names.
type content struct {
	path  string // in its layer
	layer int    // counted from 0
	size  int64
	names int
}

// apply puts a layer on top. What it deletes is deleted first, wherever the layer says so: its own
// files stay.
func (t *tree) apply(s scanned, layer int) error {
	for _, at := range s.gone {
		folder, base := path.Split(at)
		if n := t.walk(folder, false); n != nil && n.children[base] != nil {
			t.drop(n.children[base], "deleted")
			delete(n.children, base)
		}
	}
	for _, at := range s.cleared {
		if n := t.walk(at, false); n != nil {
			t.dropChildren(n, "deleted")
		}
	}
	for _, e := range s.entries {
		t.put(e, layer)
		if t.nodes > maxNodes {
			return fmt.Errorf("more than %d files and folders", maxNodes)
		}
	}
	return nil
}

func (t *tree) put(e entry, layer int) {
	if e.path == "" {
		t.root.file = &file{entry: e}
		return
	}
	made := &file{entry: e}
	switch e.kind {
	case tar.TypeReg:
		made.content = &content{path: e.path, layer: layer, size: e.size, names: 1}
	case tar.TypeLink:
		target := t.find(e.target)
		if target == nil || target.isFolder() {
			return // it links to nothing
		}
		made.entry, made.content = target.entry, target.content
		made.path = e.path
		if made.content != nil {
			made.content.names++
		}
	}
	folder, base := path.Split(e.path)
	parent := t.walk(folder, true)
	if parent == nil {
		return // below a file: no engine unpacks that
	}
	old := parent.children[base]
	if old == nil {
		t.add(parent, base).file = made
		return
	}
	t.release(old, "overwritten")
	if !e.isFolder() {
		t.dropChildren(old, "overwritten")
	}
	old.file = made
}

// add makes a child that is not there.
func (t *tree) add(parent *node, name string) *node {
	if parent.children == nil {
		parent.children = map[string]*node{}
	}
	child := &node{}
	parent.children[name] = child
	t.nodes++
	return child
}

// drop forgets a file, or a folder with all that is in it.
func (t *tree) drop(n *node, how string) {
	t.release(n, how)
	t.dropChildren(n, how)
}

func (t *tree) dropChildren(n *node, how string) {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		t.drop(n.children[name], how)
	}
	n.children = nil
}

// release takes a name from its content, which is lost with the last one.
func (t *tree) release(n *node, how string) {
	if n.file == nil || n.file.content == nil {
		return
	}
	c := n.file.content
	if c.names--; c.names == 0 && c.size > 0 {
		t.lost = append(t.lost, Lost{Path: "/" + c.path, Size: c.size, Layer: c.layer + 1, How: how})
	}
}

// walk returns the folder at a path, and makes it if told to. Links on the way are followed within the
// image. It is nil if there is none.
func (t *tree) walk(at string, create bool) *node {
	way, left := []*node{t.root}, strings.Split(at, "/")
	for links := 0; len(left) > 0; {
		name := left[0]
		left = left[1:]
		here := way[len(way)-1]
		switch name {
		case "", ".":
			continue
		case "..":
			way = way[:max(1, len(way)-1)]
			continue
		}
		next := here.children[name]
		switch {
		case next == nil && !create:
			return nil
		case next == nil:
			next = t.add(here, name)
		case next.file != nil && next.file.kind == tar.TypeSymlink:
			if links++; links > maxLinks {
				return nil
			}
			if path.IsAbs(next.file.target) {
				way = way[:1]
			}
			left = append(strings.Split(next.file.target, "/"), left...)
			continue
		case next.file != nil && !next.file.isFolder():
			return nil
		}
		if way = append(way, next); len(way) > maxDepth {
			return nil
		}
	}
	return way[len(way)-1]
}

// find returns the file at a path, which may be a link, or nil.
func (t *tree) find(at string) *file {
	folder, base := path.Split(at)
	parent := t.walk(folder, false)
	if parent == nil || parent.children[base] == nil {
		return nil
	}
	return parent.children[base].file
}

// resolve returns the file that a path leads to, or nil.
func (t *tree) resolve(at string) *file {
	at = cleaned(at)
	for range maxLinks {
		f := t.find(at)
		if f == nil || f.kind != tar.TypeSymlink {
			return f
		}
		if path.IsAbs(f.target) {
			at = cleaned(f.target)
		} else {
			at = cleaned(path.Join(path.Dir(at), f.target))
		}
	}
	return nil
}

// files returns all files and folders by their paths, in order.
func (t *tree) files() iter.Seq2[string, *file] {
	return func(yield func(string, *file) bool) { walkFiles(t.root, "", yield) }
}

func walkFiles(n *node, at string, yield func(string, *file) bool) bool {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child := n.children[name]
		if child.file != nil && !yield(at+name, child.file) {
			return false
		}
		if !walkFiles(child, at+name+"/", yield) {
			return false
		}
	}
	return true
}
