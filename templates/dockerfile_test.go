package templates

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	f := func(text string, want ...instruction) {
		t.Helper()
		got, _ := parse(text)
		if !slices.EqualFunc(got, want, func(a, b instruction) bool {
			return a.before == b.before && a.keyword == b.keyword && slices.Equal(a.flags, b.flags) && a.rest == b.rest
		}) {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	f("")
	f("# only a comment\n\n")
	f("FROM a", instruction{keyword: "FROM", rest: "a"})
	f("# one\n\n# two\nfrom a AS b\n", instruction{before: "# one\n\n# two\n", keyword: "FROM", rest: "a AS b"})
	f("RUN a \\\n  b\nRUN c", instruction{keyword: "RUN", rest: "a \\\n  b"}, instruction{keyword: "RUN", rest: "c"})
	f("RUN a \\\n  # why\n\n  b\nRUN c", instruction{keyword: "RUN", rest: "a \\\n  # why\n\n  b"}, instruction{keyword: "RUN", rest: "c"})
	f("RUN a # \\\nb", instruction{keyword: "RUN", rest: "a # \\\nb"})
	f("RUN --mount=x --mount=y \\\n  go build --flag", instruction{keyword: "RUN", flags: []string{"--mount=x", "--mount=y"}, rest: "go build --flag"})
	f("RUN \\\n  --mount=x \\ \n  a", instruction{keyword: "RUN", flags: []string{"--mount=x"}, rest: "a"})
	f("RUN --mount=x", instruction{keyword: "RUN", flags: []string{"--mount=x"}})
	f("RUN a \\", instruction{keyword: "RUN", rest: "a \\"})
}

// What has been taken apart and put together again means the same.
func TestPrint(t *testing.T) {
	text := func(lines []instruction) string {
		var b strings.Builder
		for _, i := range lines {
			b.WriteString(i.String())
		}
		return b.String()
	}
	first, _ := parse(dockerfile)
	second, _ := parse(text(first))
	if len(first) < 10 || len(first) != len(second) || text(first) != text(second) {
		t.Errorf("%d instructions become %d:\n%s", len(first), len(second), text(second))
	}
}

func TestClassicDockerfile(t *testing.T) {
	f := func(target string, want ...string) {
		t.Helper()
		text := ClassicDockerfile(target)
		for _, not := range []string{"--mount", "--platform", "BUILDPLATFORM"} {
			if strings.Contains(text, not) {
				t.Errorf("%s: the classic builder does not know %s", target, not)
			}
		}
		var stages []string
		for _, s := range newFile(text).stages {
			stages = append(stages, s.name)
		}
		if !slices.Equal(stages, want) {
			t.Errorf("%s needs %q, want %q", target, stages, want)
		}
	}
	f("runtime", "modules", "deps", "build", "runtime")
	f("dev", "modules", "deps", "build", "debug", "dev")
	f("", "modules", "deps", "build", "debug", "dev", "runtime")
}

func TestBaseImages(t *testing.T) {
	f := func(target string, args map[string]string, want ...string) {
		t.Helper()
		if got := BaseImages(target, args); !slices.Equal(got, want) {
			t.Errorf("%s with %v: %q, want %q", target, args, got, want)
		}
	}
	f("runtime", nil, "golang:1.26-bookworm")
	f("runtime", map[string]string{"BASE": "registry.example/base", "GO_IMAGE": "go"}, "registry.example/base", "go")
	f("dev", nil, "debian:bookworm-slim", "golang:1.26-bookworm")
}

// The Go image has the version that go.mod asks for.
func TestGoImage(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(mod), "\ngo ")
	version, _, _ := strings.Cut(after, "\n")
	minor := version[:strings.LastIndex(version, ".")]
	if !strings.Contains(dockerfile, "GO_IMAGE=golang:"+minor+"-") {
		t.Errorf("go.mod wants Go %s, the Dockerfile has another", version)
	}
}

// Every command of the Dockerfile is one that a shell can parse, in both forms.
func TestShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell here")
	}
	for _, text := range []string{Dockerfile(), ClassicDockerfile("")} {
		lines, _ := parse(text)
		for _, line := range lines {
			if line.keyword != "RUN" {
				continue
			}
			check := exec.CommandContext(t.Context(), sh, "-n")
			check.Stdin = strings.NewReader(line.rest)
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s", line, err, out)
			}
		}
	}
}
