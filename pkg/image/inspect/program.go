package inspect

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxProgram is how large a program may be to be looked at, in bytes. It is kept in memory meanwhile.
const maxProgram = 256 << 20

// defaultPath is where engines look for a program if the image does not say.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// programName returns what a container runs, or nothing.
func programName(c v1.Config) string {
	if line := commandLine(c); len(line) > 0 {
		return line[0]
	}
	return ""
}

func commandLine(c v1.Config) []string {
	return append(append([]string{}, c.Entrypoint...), c.Cmd...)
}

// findProgram returns the path of the program and the file that it leads to, or nil.
func findProgram(t *tree, c v1.Config) (string, *file) {
	name := programName(c)
	switch {
	case name == "":
		return "", nil
	case path.IsAbs(name):
		return name, t.resolve(name)
	case strings.Contains(name, "/"):
		at := path.Join("/", c.WorkingDir, name)
		return at, t.resolve(at)
	}
	folders := defaultPath
	for _, pair := range c.Env {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			folders = value
		}
	}
	for folder := range strings.SplitSeq(folders, ":") {
		at := path.Join("/", folder, name)
		if f := t.resolve(at); f != nil && f.content != nil {
			return at, f
		}
	}
	return name, nil
}

// describeProgram looks at the program of an image. It is nil if it is not there.
func describeProgram(t *tree, c v1.Config, layers []v1.Layer) (*Program, error) {
	at, f := findProgram(t, c)
	if f == nil || f.content == nil {
		return nil, nil //nolint:nilnil // an image may have none
	}
	p := &Program{Path: at, Size: f.content.size}
	if p.Size > maxProgram {
		return p, nil
	}
	data, err := readFile(layers[f.content.layer], f.content.path, maxProgram)
	if err != nil {
		return nil, fmt.Errorf("program %s: %w", at, err)
	}
	p.look(data)
	return p, nil
}

// look reads the headers of the program. What is no ELF file, such as a script, needs something else to
// run.
func (p *Program) look(data []byte) {
	// The decoders are not made for what others prepared, and may panic.
	defer func() { _ = recover() }()
	if f, err := elf.NewFile(bytes.NewReader(data)); err == nil {
		p.Static = isStatic(f)
	}
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil {
		return
	}
	p.Module, p.Version, p.Go = info.Main.Path, info.Main.Version, info.GoVersion
	p.Modules = len(info.Deps)
}

func isStatic(f *elf.File) bool {
	for _, header := range f.Progs {
		if header.Type == elf.PT_INTERP {
			return false
		}
	}
	libraries, err := f.ImportedLibraries()
	return err != nil || len(libraries) == 0
}
