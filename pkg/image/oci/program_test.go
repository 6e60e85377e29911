package oci_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image/imagetest"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
)

func TestProgramsAreRecognised(t *testing.T) {
	f := func(p imagetest.Program, want string) {
		t.Helper()
		got, err := oci.ReadProgram("x", p.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got.Platform.String() != want {
			t.Errorf("platform %s, want %s", got.Platform, want)
		}
	}
	f(imagetest.Program{}, "linux/amd64")
	f(imagetest.Program{GOOS: "linux", Machine: elf.EM_AARCH64}, "linux/arm64")
	f(imagetest.Program{Main: "example.com/fork/cmd/otlpctl", Machine: elf.EM_RISCV}, "linux/riscv64")
}

func TestProgramsThatDoNotFitAreRefused(t *testing.T) {
	f := func(data []byte, want string) {
		t.Helper()
		_, err := oci.ReadProgram("x", data)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
			return
		}
		if h, ok := err.(interface{ Hint() string }); !ok || h.Hint() == "" {
			t.Errorf("%v: no hint", err)
		}
	}
	whole := imagetest.Program{}.Bytes()
	f(nil, "x is no program for Linux")
	f([]byte("#!/bin/sh\n"), "x is no program for Linux")
	f(whole[:100], "x is no program for Linux")
	f([]byte("MZ\x90\x00"), "x is a program for Windows")
	f([]byte("\xcf\xfa\xed\xfe\x07"), "x is a program for macOS")
	f(bytes.ReplaceAll(whole, []byte("buildinf:"), []byte("xxxxxxxxx")), "x is no otlpctl")
	f(imagetest.Program{Main: "example.com/fork/cmd/otlpctl2"}.Bytes(), `main package is "example.com/fork/cmd/otlpctl2"`)
	f(imagetest.Program{Main: "example.com/cmd/not-otlpctl"}.Bytes(), `main package is "example.com/cmd/not-otlpctl"`)
	f(imagetest.Program{GOOS: "freebsd"}.Bytes(), "x is a program for freebsd")
	f(imagetest.Program{GOARCH: "amd64", Machine: elf.EM_AARCH64}.Bytes(), "header is for arm64, and it was built for amd64")
	f(imagetest.Program{Machine: elf.EM_SPARCV9}.Bytes(), "machine that is not supported")
	f(imagetest.Program{Interpreter: "/lib64/ld-linux-x86-64.so.2"}.Bytes(), "dynamically linked")
}

func TestWhatAProgramSaysOfItself(t *testing.T) {
	f := func(p imagetest.Program, version, revision, when string) {
		t.Helper()
		got, err := oci.ReadProgram("x", p.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got.Version() != version || got.Revision() != revision || got.Time().Format(time.RFC3339) != when {
			t.Errorf("got %s %s %s, want %s %s %s", got.Version(), got.Revision(), got.Time(), version, revision, when)
		}
	}
	f(imagetest.Program{}, "dev", "", "1970-01-01T00:00:00Z")
	f(imagetest.Program{Version: "v1.2.3", Revision: "abc", Time: "2026-11-25T15:00:00+01:00"}, "v1.2.3", "abc", "2026-11-25T14:00:00Z")
	f(imagetest.Program{Time: "yesterday"}, "dev", "", "1970-01-01T00:00:00Z")
}

// packed returns an archive as releases have them.
func packed(t testing.TB, name string, data []byte) *fstest.MapFile {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, entry := range []struct {
		name string
		data []byte
	}{{"LICENSE", []byte("free")}, {name, data}} {
		if err := w.WriteHeader(&tar.Header{Name: entry.name, Size: int64(len(entry.data)), Mode: 0o755}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(entry.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

func TestReleaseFolders(t *testing.T) {
	amd64, arm64 := imagetest.Program{Version: "v1.0.0"}.Bytes(), imagetest.Program{Version: "v1.0.0", Machine: elf.EM_AARCH64}.Bytes()
	other := imagetest.Program{Version: "v2.0.0"}.Bytes()
	file := func(data []byte) *fstest.MapFile { return &fstest.MapFile{Data: data} }
	f := func(files fstest.MapFS, wanted, want string) {
		t.Helper()
		programs, err := oci.ReadRelease("dist", files, strings.Fields(wanted))
		got := []string{}
		for _, p := range programs {
			got = append(got, p.Platform.String())
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if text := strings.Join(got, " "); !strings.HasPrefix(text, want) || want == "" {
			t.Errorf("got %q, want %q", text, want)
		}
	}
	goreleaser := fstest.MapFS{
		"artifacts.json":                     file([]byte("[]")),
		"otlpctl_linux_amd64_v1/otlpctl":     file(amd64),
		"otlpctl_linux_arm64_v8.0/otlpctl":   file(arm64),
		"otlpctl_darwin_arm64_v8.0/otlpctl":  file([]byte("\xcf\xfa\xed\xfe")),
		"otlpctl_1.0.0_linux_amd64.tar.gz":   packed(t, "otlpctl", amd64),
		"otlpctl_1.0.0_darwin_arm64.tar.gz":  packed(t, "otlpctl", []byte("\xcf\xfa\xed\xfe")),
		"otlpctl_1.0.0_linux_amd64.deb":      file([]byte("!<arch>")),
		"too/deep/to/be/looked/into/otlpctl": file(other),
	}
	f(goreleaser, "", "linux/amd64 linux/arm64")
	f(goreleaser, "linux/arm64 linux/amd64", "linux/arm64 linux/amd64")
	f(goreleaser, "linux/arm64", "linux/arm64")
	f(goreleaser, "linux/riscv64", "dist has no otlpctl for linux/riscv64")
	f(fstest.MapFS{"a": file(amd64), "b": file(arm64)}, "", "linux/amd64 linux/arm64")                  // by what they are
	f(fstest.MapFS{"otlpctl_x.tar.gz": packed(t, "otlpctl_1/otlpctl", arm64)}, "", "linux/arm64")       // in a folder of its own
	f(fstest.MapFS{"a": file(amd64), "sh": file(imagetest.Program{Main: "sh"}.Bytes())}, "", "linux/a") // another program
	f(fstest.MapFS{"a": file(amd64), "b": file(other)}, "", "dist has two programs for linux/amd64: dist/a and dist/b")
	f(fstest.MapFS{}, "", "dist has no otlpctl for Linux")
	f(fstest.MapFS{"otlpctl": file([]byte("#!/bin/sh"))}, "", "dist has no otlpctl for Linux")
	f(fstest.MapFS{"otlpctl_x.tar.gz": file([]byte("no gzip"))}, "", "dist/otlpctl_x.tar.gz: ")
	cut := packed(t, "otlpctl", amd64)
	cut.Data = cut.Data[:len(cut.Data)/2]
	f(fstest.MapFS{"otlpctl_x.tar.gz": cut}, "", "dist/otlpctl_x.tar.gz: ")
}

func FuzzReadProgram(f *testing.F) {
	f.Add(imagetest.Program{}.Bytes())
	f.Add([]byte("MZ"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := oci.ReadProgram("x", data)
		if err == nil && (p.Platform.Architecture == "" || p.Time().IsZero()) {
			t.Errorf("accepted, and has no platform or time")
		}
	})
}

func FuzzReadRelease(f *testing.F) {
	f.Add(packed(f, "otlpctl", imagetest.Program{}.Bytes()).Data)
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		programs, err := oci.ReadRelease("dist", fstest.MapFS{"otlpctl_x.tar.gz": &fstest.MapFile{Data: data}}, nil)
		if err == nil && len(programs) != 1 {
			t.Errorf("%d programs in one archive", len(programs))
		}
	})
}
