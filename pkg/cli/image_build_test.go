package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/templates"
)

// The configuration in the image says what serve does without one.
func TestEmbeddedConfigurationIsTheDefault(t *testing.T) {
	file := config.File{Name: "config.yaml", Data: []byte(templates.Config())}
	written, err := config.LoadWritten([]config.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	none, err := config.LoadWritten(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range config.Diff(written, none) {
		t.Errorf("%s: %v in the image, %v without", d.Path, d.A, d.B)
	}
}

func TestExposedPorts(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		if got := portsOf(config.File{Name: "x.yaml", Data: []byte(text)}); !slices.Equal(got, want) {
			t.Errorf("%s: ports %v, want %v", text, got, want)
		}
	}
	f("server: {port: 14317}", "4318/tcp", "8888/tcp", "14317/tcp")
	f("admin: {endpoint: '${env:HOST}:9999'}", "4317/tcp", "4318/tcp", "9999/tcp")
	f("admin: {endpoint: '127.0.0.1:8888'}", "4317/tcp", "4318/tcp")
	f("admin: {endpoint: '[::1]:8888'}", "4317/tcp", "4318/tcp")
	f("admin: {endpoint: '[::]:8889'}", "4317/tcp", "4318/tcp", "8889/tcp")
	f("admin: {endpoint: '0.0.0.0:${env:PORT}'}", "4317/tcp", "4318/tcp")
	f(templates.Config(), image.Ports()...)
	f("receivers: {otlp: {protocols: {grpc: {transport: unix, endpoint: /run/x.sock}, http: {endpoint: ':5318'}}}}\n"+
		"exporters: {nop: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}", "5318/tcp", "8888/tcp")
	f("service: {telemetry: {metrics: {address: ':9464'}}}", "4317/tcp", "4318/tcp", "8888/tcp", "9464/tcp")
	f("receivers: {otlp: {protocols: {http: }}, otlp/unused: {protocols: {grpc: {endpoint: ':7317'}}}}\n"+
		"exporters: {nop: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}", "4318/tcp", "8888/tcp") // what no pipeline names does not listen
	f("not: {known: here}", image.Ports()...) // to another program it may be
}

// The program that goes into the image has the say, if it runs here.
func TestProgramChecksItsConfiguration(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	file := config.File{Name: filepath.Join(t.TempDir(), "x.yaml"), Data: []byte("server: {prt: 1}")}
	f := func(script string, wantNote bool, want string) {
		t.Helper()
		p := oci.Program{Data: []byte("#!/bin/sh\n" + script), Platform: v1.Platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}}
		var said bytes.Buffer
		err := askProgram(t.Context(), term.Plain(nil, &said, &said), []oci.Program{p}, file)
		if got := ""; want != "" || err != nil {
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, want) || got == "" {
				t.Errorf("%s: error %q, want %q", script, got, want)
			}
			if exitCode(t.Context(), err) != exitUsage {
				t.Errorf("%s: exit code %d", script, exitCode(t.Context(), err))
			}
		}
		if noted := strings.HasPrefix(said.String(), "note: "); noted != wantNote {
			t.Errorf("%s: said %q", script, said.String())
		}
	}
	f(`echo '{"valid": true}'`, false, "") // another version knows the key
	f(`echo '{"valid": false, "findings": [{"file": "x.yaml", "line": 1, "problem": "is wrong"}]}'; exit 2`, false, "is wrong")
	f(`echo '{"valid": false}'; exit 2`, false, "does not say why")
	f(`echo unknown flag >&2; exit 2`, true, "server.prt: unknown key") // it is too old
	f(`echo '{}'`, true, "server.prt: unknown key")
	f(`[ "$*" = "config validate --as-written --config `+file.Name+` -o json" ] && echo '{"valid": true}'`, false, "")
}

func TestSizes(t *testing.T) {
	f := func(text string, want int64) {
		t.Helper()
		var size sizeFlag
		if err := size.Set(text); (err != nil) != (want == 0) || int64(size) != want {
			t.Errorf("%q: %d, %v, want %d", text, size, err, want)
		}
	}
	f("48MB", 48_000_000)
	f("48 MiB", 48<<20)
	f("1.5kB", 1500)
	f("2GiB", 2<<30)
	f("7B", 7)
	f("", 0)
	f("48", 0)
	f("MB", 0)
	f("-1MB", 0)
	f("NaNMB", 0)
	f("0.1B", 0)
	f("1e300GB", 0)
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 48_000_000: "48.0 MB", 2_500_000_000: "2.50 GB"} {
		if got := sizeText(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}

func TestSourceDate(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		at, err := sourceDate(func(string) string { return text })
		got := "none"
		switch {
		case err != nil:
			got = "error"
			if c, ok := errors.AsType[coded](err); !ok || c.code != exitUsage {
				t.Errorf("%q: %v is no usage error", text, err)
			}
		case at != nil:
			got = at.String()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	f("", "none")
	f("0", "1970-01-01 00:00:00 +0000 UTC")
	f("1000000000", "2001-09-09 01:46:40 +0000 UTC")
	f("-1", "error")
	f("8589934591", "2242-03-16 12:56:31 +0000 UTC")
	f("8589934592", "error")
	f("now", "error")
}

// Nothing is left of a program that was asked.
func TestAskingLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	p := oci.Program{Data: []byte("no program"), Platform: v1.Platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}}
	if _, err := runProgram(t.Context(), p, config.File{Name: "x.yaml"}); err == nil {
		t.Error("a verdict of no program")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
