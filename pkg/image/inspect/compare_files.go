package inspect

import (
	"maps"
	"slices"
)

// compareFiles returns the files that differ, in order, and counts those that differ in their time only.
func compareFiles(a, b *tree) (changes []Change, times int) {
	changes = []Change{}
	inA, inB := maps.Collect(a.files()), maps.Collect(b.files())
	paths := slices.Collect(maps.Keys(inA))
	for at := range inB {
		if _, ok := inA[at]; !ok {
			paths = append(paths, at)
		}
	}
	slices.Sort(paths)
	for _, at := range paths {
		fa, fb := inA[at], inB[at]
		c := Change{Path: "/" + at, Kind: "changed", ASize: size(fa), BSize: size(fb)}
		switch {
		case fa == nil:
			c.Kind = "added"
		case fb == nil:
			c.Kind = "removed"
		default:
			c.What = whatDiffers(fa, fb)
		}
		if c.Kind == "changed" && len(c.What) == 0 {
			if !fa.time.Equal(fb.time) {
				times++
			}
			continue
		}
		if fa != nil && fa.isFolder() || fa == nil && fb.isFolder() {
			c.Path += "/"
		}
		changes = append(changes, c)
	}
	return changes, times
}

// size returns that of the content, if the file has one.
func size(f *file) *int64 {
	if f == nil || f.content == nil {
		return nil
	}
	return &f.content.size
}

func whatDiffers(a, b *file) []string {
	if a.kind != b.kind {
		return []string{"type"}
	}
	var what []string
	add := func(differs bool, name string) {
		if differs {
			what = append(what, name)
		}
	}
	add(a.content != nil && (a.size != b.size || a.sum != b.sum), "content")
	add(a.content == nil && a.target != b.target, "target")
	add(a.mode != b.mode, "mode")
	add(a.uid != b.uid || a.gid != b.gid, "owner")
	return what
}
