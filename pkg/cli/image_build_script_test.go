package cli

import (
	"debug/elf"
	"os"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/otlpctl/otlpctl/pkg/image/imagetest"
)

// makeProgram makes an otlpctl for Linux, as far as its headers go: makeprogram file architecture
// [dynamic]. The programs for one architecture are equal.
func makeProgram(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: makeprogram file architecture [dynamic]")
	}
	p := imagetest.Program{
		Version: "v1.2.3", Revision: "0123abc", Time: "2026-11-25T14:00:00Z", GOOS: "linux", Size: 100_000,
		Machine: map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "s390x": elf.EM_S390}[args[1]],
	}
	if slices.Contains(args, "dynamic") {
		p.Interpreter = "/lib/ld.so"
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), p.Bytes(), 0o755)) //nolint:gosec // it is a program
}
