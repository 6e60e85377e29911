package oci

import (
	"bytes"
	"cmp"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// mainPackage is the end of the path of the package that is the program, in any fork.
const mainPackage = "cmd/otlpctl"

// Program is an otlpctl for Linux, as it goes into an image.
type Program struct {
	// Name says where it is from.
	Name     string
	Data     []byte
	Platform v1.Platform
	Info     *debug.BuildInfo
}

// ReadProgram checks that data is an otlpctl that runs in an empty image: for Linux, and statically
// linked.
func ReadProgram(name string, data []byte) (Program, error) {
	if system := foreign(data); system != "" {
		return Program{}, unfit(name, "is a program for "+system, "an image needs one for Linux: name it with --binary, as it is in a release")
	}
	if !bytes.HasPrefix(data, []byte(elfMagic)) {
		return Program{}, unfit(name, "is no program for Linux", "name an otlpctl built with GOOS=linux")
	}
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return Program{}, unfit(name, "is no program for Linux, or a damaged one: "+err.Error(), "get it again, or name another otlpctl")
	}
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil {
		return Program{}, unfit(name, "is no otlpctl: "+err.Error(), "name an otlpctl as it is in a release")
	}
	p := Program{Name: name, Data: data, Info: info}
	return p, p.check(file)
}

// check finds the platform, and what keeps the program from running in an empty image.
func (p *Program) check(file *elf.File) error {
	if !strings.HasSuffix("/"+p.Info.Path, "/"+mainPackage) {
		return unfit(p.Name, fmt.Sprintf("is no otlpctl: its main package is %q", p.Info.Path), "name an otlpctl as it is in a release")
	}
	if system := p.setting("GOOS"); system != "" && system != "linux" {
		return unfit(p.Name, "is a program for "+system, "name an otlpctl built with GOOS=linux")
	}
	architecture, err := machine(file)
	if err != nil {
		return unfit(p.Name, err.Error(), "name an otlpctl for linux/amd64 or linux/arm64")
	}
	if said := p.setting("GOARCH"); said != "" && said != architecture {
		return unfit(p.Name, fmt.Sprintf("is damaged: its header is for %s, and it was built for %s", architecture, said), "get it again")
	}
	p.Platform = v1.Platform{OS: "linux", Architecture: architecture}
	for _, section := range file.Progs {
		if section.Type == elf.PT_INTERP {
			return unfit(p.Name, "is dynamically linked, and the image has no libraries", "build it with CGO_ENABLED=0")
		}
	}
	return nil
}

// machine returns the architecture that a program is for, by its name in Go.
func machine(file *elf.File) (string, error) {
	names := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_RISCV: "riscv64", elf.EM_S390: "s390x"}
	name, ok := names[file.Machine]
	if file.Machine == elf.EM_PPC64 && file.Data == elf.ELFDATA2LSB {
		name, ok = "ppc64le", true
	}
	if !ok || file.Class != elf.ELFCLASS64 {
		return "", fmt.Errorf("is for a machine that is not supported: %s, %s", file.Machine, file.Class)
	}
	return name, nil
}

// foreign names the system of a program that is not for Linux, by how it begins.
func foreign(data []byte) string {
	for magic, system := range map[string]string{
		"\xcf\xfa\xed\xfe": "macOS", "\xca\xfe\xba\xbe": "macOS", "MZ": "Windows",
	} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return system
		}
	}
	return ""
}

// Version is that of the module, or "dev" for a program built elsewhere than in a clean repository.
func (p *Program) Version() string {
	if v := p.Info.Main.Version; v != "(devel)" {
		return cmp.Or(v, "dev")
	}
	return "dev"
}

// Revision is the commit that the program was built from, or empty.
func (p *Program) Revision() string { return p.setting("vcs.revision") }

// Time is that of the commit, or that of the beginning of 1970.
func (p *Program) Time() time.Time {
	t, err := time.Parse(time.RFC3339, p.setting("vcs.time"))
	if err != nil {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC()
}

func (p *Program) setting(key string) string {
	for _, s := range p.Info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// unfit says why something does not go into an image, and what would.
func unfit(name, problem, hint string) error {
	return hinted.New(errors.New(name+" "+problem), hint)
}
