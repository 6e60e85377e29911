package inspect

import (
	"archive/tar"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// flattened applies layers and returns what is there and what is lost: "a=content b/".
func flattened(t testing.TB, layers ...[]made) (files, lost string) {
	t.Helper()
	tr := newTree()
	for i, layer := range layers {
		var found scanned
		s := scanner{}
		check(t, s.entries(strings.NewReader(string(tarOf(t, layer...))), &found))
		check(t, tr.apply(found, i))
	}
	var there, gone []string
	for at, f := range tr.files() {
		switch {
		case f.isFolder():
			at += "/"
		case f.kind == tar.TypeSymlink:
			at += "->" + f.target
		default:
			at += fmt.Sprintf("=%d", f.content.size)
		}
		there = append(there, at)
	}
	for _, l := range tr.lost {
		gone = append(gone, fmt.Sprintf("%s %d %d %s", l.Path, l.Size, l.Layer, l.How))
	}
	return strings.Join(there, " "), strings.Join(gone, "; ")
}

func TestFlatten(t *testing.T) {
	f := func(name, want, wantLost string, layers ...[]made) {
		t.Helper()
		got, lost := flattened(t, layers...)
		if got != want || lost != wantLost {
			t.Errorf("%s: files %q, lost %q; want %q and %q", name, got, lost, want, wantLost)
		}
	}
	file := func(name, content string) made { return made{name: name, content: content} }
	symlink := func(name, target string) made { return made{name: name, kind: tar.TypeSymlink, link: target} }
	hard := func(name, target string) made { return made{name: name, kind: tar.TypeLink, link: target} }

	f("overwritten", "a=2", "/a 1 1 overwritten", []made{file("a", "1")}, []made{file("a", "22")})
	f("twice in a layer", "a=2", "/a 1 1 overwritten", []made{file("a", "1"), file("./a", "22")})
	f("deleted", "b=1", "/a 1 1 deleted", []made{file("a", "1"), file("b", "1")}, []made{file(".wh.a", "")})
	f("folder deleted", "", "/d/a 1 1 deleted; /d/e/b 2 1 deleted",
		[]made{file("d/a", "1"), file("d/e/b", "22")}, []made{file(".wh.d", "")})
	f("only what is below is deleted", "a=2", "/a 1 1 deleted", []made{file("a", "1")}, []made{file("a", "22"), file(".wh.a", "")})
	f("opaque", "d/ d/new=2", "/d/old 1 1 deleted", []made{file("d/old", "1")}, []made{{name: "d/"}, file("d/new", "22"), file("d/.wh..wh..opq", "")})
	f("opaque root", "b=1", "/a 1 1 deleted", []made{file("a", "1")}, []made{file(".wh..wh..opq", ""), file("b", "1")})
	f("of a storage driver", "a=1", "", []made{file("a", "1")}, []made{file(".wh..wh.plnk/x", ""), file(".wh..wh.aufs", "")})
	f("whiteout of nothing", "a=1", "", []made{file("a", "1")}, []made{file("x/y/.wh.z", "")})
	f("hard link", "a=1 b=1", "", []made{file("a", "1"), hard("b", "a")})
	f("hard link outlives", "b=1", "", []made{file("a", "1"), hard("b", "/a")}, []made{file(".wh.a", "")})
	f("both names deleted", "", "/a 1 1 deleted", []made{file("a", "1"), hard("b", "a")}, []made{file(".wh.a", ""), file(".wh.b", "")})
	f("hard link to nothing", "", "", []made{hard("b", "a")})
	f("hard link to itself", "a=1", "", []made{file("a", "1"), hard("a", "a")})
	f("hard link to a link", "a->x b->x", "", []made{symlink("a", "x"), hard("b", "a")})
	f("file for a folder", "d=1", "/d/a 2 1 overwritten", []made{{name: "d/"}, file("d/a", "22")}, []made{file("d", "1")})
	f("folder for a file", "d/ d/a=2", "/d 1 1 overwritten", []made{file("d", "1")}, []made{{name: "d/"}, file("d/a", "22")})
	f("folder again", "d/ d/a=1", "", []made{{name: "d/"}, file("d/a", "1")}, []made{{name: "d/"}})
	f("below a file", "d=1", "", []made{file("d", "1")}, []made{file("d/a", "22")})
	f("through a link", "bin->usr/bin usr/bin/a=2", "/usr/bin/a 1 1 overwritten",
		[]made{file("usr/bin/a", "1"), symlink("bin", "usr/bin")}, []made{file("bin/a", "22")})
	f("deleted through a link", "bin->/usr/bin usr/bin/", "/usr/bin/a 1 1 deleted",
		[]made{{name: "usr/bin/"}, file("usr/bin/a", "1"), symlink("bin", "/usr/bin")}, []made{file("bin/.wh.a", "")})
	f("link out of the root", "a->../../../b b/ b/c=1", "", []made{{name: "b/"}, symlink("a", "../../../b"), file("a/c", "1")})
	f("loop", "a->b b->a", "", []made{symlink("a", "b"), symlink("b", "a"), file("a/c", "1")})
	f("names that lead out", "x=1", "", []made{file("../../x", "1")})
	f("empty files are no loss", "a=1", "", []made{file("a", "")}, []made{file("a", "1")})
}

func TestResolve(t *testing.T) {
	v := imageOf(t, nil, []made{
		{name: "usr/bin/sh", content: "x"},
		{name: "bin", kind: tar.TypeSymlink, link: "usr/bin"},
		{name: "usr/bin/bash", kind: tar.TypeSymlink, link: "../bin/sh"},
		{name: "usr/bin/abs", kind: tar.TypeSymlink, link: "/bin/bash"},
		{name: "usr/bin/loop", kind: tar.TypeSymlink, link: "loop"},
	})
	fl, err := flatten(v, false)
	check(t, err)
	f := func(at string, want bool) {
		t.Helper()
		if got := fl.tree.resolve(at); (got != nil && got.path == "usr/bin/sh") != want {
			t.Errorf("%s leads to %v, want %v", at, got, want)
		}
	}
	f("/usr/bin/sh", true)
	f("/bin/sh", true)
	f("/bin/bash", true)
	f("/bin/abs", true)
	f("/bin/loop", false)
	f("/bin/none", false)
	f("/none/sh", false)
	f("/", false)
}

func TestFindProgram(t *testing.T) {
	v := imageOf(t, nil, []made{{name: "usr/bin/run", content: "x"}, {name: "srv/run", content: "x"}, {name: "opt/bin/", content: ""}})
	fl, err := flatten(v, false)
	check(t, err)
	f := func(c v1.Config, want string, wantThere bool) {
		t.Helper()
		at, there := findProgram(fl.tree, c)
		if at != want || (there != nil) != wantThere {
			t.Errorf("%v: %q, %v; want %q, %v", c, at, there != nil, want, wantThere)
		}
	}
	f(v1.Config{Entrypoint: []string{"/usr/bin/run", "x"}}, "/usr/bin/run", true)
	f(v1.Config{Cmd: []string{"run"}}, "/usr/bin/run", true)
	f(v1.Config{Cmd: []string{"run"}, Env: []string{"PATH=/opt/bin:/srv"}}, "/srv/run", true)
	f(v1.Config{Cmd: []string{"./run"}, WorkingDir: "/srv"}, "/srv/run", true)
	f(v1.Config{Cmd: []string{"gone"}}, "gone", false)
	f(v1.Config{}, "", false)
}
