package inspect

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/compression"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestScanCompressions(t *testing.T) {
	content := tarOf(t, made{name: "a", content: "hello"}, made{name: "d/"}, made{name: "d/b", content: "x"})
	f := func(c compression.Compression) {
		t.Helper()
		layer := layerOf(t, content, tarball.WithCompression(c))
		id, err := layer.DiffID()
		check(t, err)
		s := scanner{}
		found, err := s.scan(layer, id)
		check(t, err)
		if found.files != 2 || found.unpacked != 6 || len(found.entries) != 3 {
			t.Errorf("%s: %+v", c, found)
		}
		if _, err := s.scan(layer, v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}); err == nil {
			t.Errorf("%s: another content than the configuration says is not missed", c)
		}
	}
	f(compression.GZip)
	f(compression.ZStd)
	f(compression.None)
}

func TestScanBounds(t *testing.T) {
	f := func(want string, files ...made) {
		t.Helper()
		s := scanner{files: maxFiles - 1}
		err := s.entries(bytes.NewReader(tarOf(t, files...)), &scanned{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	f("more than 1048576 files", made{name: "a"}, made{name: "b"})
	f("a path of more than 4096 bytes", made{name: strings.Repeat("a", maxPath+1)})
	f("a path of more than 4096 bytes", made{name: "a", kind: tar.TypeSymlink, link: strings.Repeat("a", maxPath+1)})
}

// Short names make deep folders through links. There is an end to that.
func TestTreeBounds(t *testing.T) {
	tr := newTree()
	folders := strings.Repeat("d/", maxPath/2-1)
	for i := range 4 {
		name := fmt.Sprintf("l%d", i)
		target := folders
		if i > 0 {
			target = fmt.Sprintf("/l%d/%s", i-1, folders[:maxPath-10])
		}
		tr.put(entry{path: folders + "x", kind: tar.TypeReg}, 0)
		tr.put(entry{path: name, kind: tar.TypeSymlink, target: target}, 0)
		tr.put(entry{path: name + "/" + folders[:maxPath-10] + "x", kind: tar.TypeReg}, 0)
	}
	depth := 0
	for at := range tr.files() {
		depth = max(depth, strings.Count(at, "/"))
	}
	if depth > maxDepth {
		t.Errorf("%d folders deep, want at most %d", depth, maxDepth)
	}
	tr.nodes = maxNodes
	if err := tr.apply(scanned{entries: []entry{{path: "new", kind: tar.TypeReg}}}, 0); err == nil {
		t.Error("a tree without bounds")
	}
}

// Whatever a layer holds, reading it ends with its files or an error.
func FuzzLayer(f *testing.F) {
	f.Add(tarOf(f, goodFiles()...), tarOf(f, made{name: "app/.wh.otlpctl"}, made{name: "etc/.wh..wh..opq"}))
	f.Add(tarOf(f, made{name: "a", kind: tar.TypeSymlink, link: "b"}, made{name: "b", kind: tar.TypeSymlink, link: "a"}),
		tarOf(f, made{name: "a/c"}, made{name: "d", kind: tar.TypeLink, link: "a"}, made{name: "x.pem", content: "PRIVATE KEY-----"}))
	f.Fuzz(func(_ *testing.T, lower, upper []byte) {
		tr := newTree()
		s := scanner{sums: true}
		for i, content := range [][]byte{lower, upper} {
			var found scanned
			_ = s.entries(bytes.NewReader(content), &found) // what came before the fault counts
			_ = tr.apply(found, i)
		}
		for at := range tr.files() {
			tr.resolve(at)
		}
	})
}

// Whatever a program holds, looking at it ends.
func FuzzProgram(f *testing.F) {
	f.Add([]byte(goodFiles()[1].content))
	f.Fuzz(func(_ *testing.T, data []byte) { new(Program).look(data) })
}

func TestReadSBOM(t *testing.T) {
	f := func(text, wantFormat string, wantPackages int) {
		t.Helper()
		got, err := readSBOM(strings.NewReader(text))
		if wantFormat == "" {
			if err == nil {
				t.Errorf("%s: %+v, want an error", text, got)
			}
			return
		}
		check(t, err)
		if got.Format != wantFormat || got.Packages != wantPackages {
			t.Errorf("%s: %+v", text, got)
		}
	}
	f(`{"spdxVersion":"SPDX-2.3","packages":[{"name":"a"},{"name":"b"}]}`, "SPDX-2.3", 2)
	f(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a"}]}`, "CycloneDX-1.6", 1)
	f(`{}`, "", 0)
	f(`[`, "", 0)
	f(`{"spdxVersion":"SPDX-2.3","packages":7}`, "", 0)
}

// Whatever a bill of materials holds, reading it ends.
func FuzzSBOM(f *testing.F) {
	f.Add([]byte(`{"spdxVersion":"SPDX-2.3","packages":[{"name":"a"}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = readSBOM(bytes.NewReader(data)) })
}
