// Package imagetest makes what tests of images are made of.
package imagetest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"runtime/debug"
	"strings"
)

// Program is a program for Linux as far as its headers and its build information go: it cannot be run.
// The zero value is an otlpctl for amd64.
type Program struct {
	Machine elf.Machine
	// Main is the path of the main package.
	Main string
	// Interpreter is the dynamic linker, if it needs one.
	Interpreter string
	// Version, Revision, Time, GOOS and GOARCH are what the build information says, if anything.
	Version, Revision, Time, GOOS, GOARCH string
	Deps                                  []*debug.Module
	// Size pads the program, in bytes.
	Size int
}

// address is where the only segment is loaded.
const address = 0x400000

// Bytes returns the program as a file.
func (p Program) Bytes() []byte {
	if p.Machine == elf.EM_NONE {
		p.Machine = elf.EM_X86_64
	}
	progs := 1
	if p.Interpreter != "" {
		progs = 2
	}
	const sections = 3
	info := p.buildInfo()
	names := "\x00.go.buildinfo\x00.shstrtab\x00"
	infoAt := align(64 + progs*56)
	namesAt := infoAt + len(info)
	sectionsAt := align(namesAt + len(names) + len(p.Interpreter))
	var b bytes.Buffer
	write := func(part any) { _ = binary.Write(&b, binary.LittleEndian, part) } // a buffer takes everything
	write(elf.Header64{
		Ident:   [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_EXEC),
		Machine: uint16(p.Machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64,
		Phoff: 64, Phentsize: 56, Phnum: uint16(progs),
		Shoff: uint64(sectionsAt), Shentsize: 64, Shnum: sections, Shstrndx: 2,
	})
	write(elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Off: uint64(infoAt),
		Vaddr: address, Filesz: uint64(len(info)), Memsz: uint64(len(info)), Align: 16,
	})
	if progs == 2 {
		write(elf.Prog64{Type: uint32(elf.PT_INTERP), Off: uint64(namesAt + len(names)), Filesz: uint64(len(p.Interpreter))})
	}
	b.Write(make([]byte, infoAt-b.Len()))
	b.Write(info)
	b.WriteString(names + p.Interpreter)
	b.Write(make([]byte, sectionsAt-b.Len()))
	write(elf.Section64{})
	write(elf.Section64{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_WRITE), Addr: address, Off: uint64(infoAt), Size: uint64(len(info))})
	write(elf.Section64{Name: 15, Type: uint32(elf.SHT_STRTAB), Off: uint64(namesAt), Size: uint64(len(names))})
	b.Write(make([]byte, p.Size))
	return b.Bytes()
}

// buildInfo returns the section that the toolchain writes.
func (p Program) buildInfo() []byte {
	if p.Main == "" {
		p.Main = "github.com/otlpctl/otlpctl/cmd/otlpctl"
	}
	if p.Version == "" {
		p.Version = "(devel)"
	}
	module, _, _ := strings.Cut(p.Main, "/cmd/")
	info := debug.BuildInfo{Path: p.Main, Main: debug.Module{Path: module, Version: p.Version}, Deps: p.Deps}
	for _, s := range []debug.BuildSetting{{Key: "GOOS", Value: p.GOOS}, {Key: "GOARCH", Value: p.GOARCH}, {Key: "vcs.revision", Value: p.Revision}, {Key: "vcs.time", Value: p.Time}} {
		if s.Value != "" {
			info.Settings = append(info.Settings, s)
		}
	}
	sentinel := strings.Repeat("~", 16)
	section := append([]byte("\xff Go buildinf:"), 8, 2) // the size of a pointer, and texts inline
	section = append(section, make([]byte, 32-len(section))...)
	for _, text := range []string{"go1.26.0", sentinel + info.String() + sentinel} {
		section = binary.AppendUvarint(section, uint64(len(text)))
		section = append(section, text...)
	}
	return append(section, make([]byte, align(len(section))-len(section))...)
}

func align(n int) int { return (n + 15) &^ 15 }
