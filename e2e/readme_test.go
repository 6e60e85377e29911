package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/netns"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/terminal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// chapter is a part of the README: what it lets readers type, and what they are to save.
type chapter struct {
	lines []string // of shell, in order
	yaml  []string // blocks
}

// readme returns the chapters of the five minutes by their titles.
func readme(t *testing.T) map[string]*chapter {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## Five minutes\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	chapters := map[string]*chapter{}
	block := regexp.MustCompile("(?s)```([a-z]*)\n(.*?)```")
	for part := range strings.SplitSeq("Five minutes\n"+rest, "\n### ") {
		title, body, _ := strings.Cut(part, "\n")
		c := &chapter{}
		for _, b := range block.FindAllStringSubmatch(body, -1) {
			switch b[1] {
			case "sh":
				c.lines = append(c.lines, strings.Split(strings.TrimSpace(b[2]), "\n")...)
			case "yaml":
				c.yaml = append(c.yaml, b[2])
			}
		}
		chapters[title] = c
	}
	return chapters
}

// reader is somebody who follows the README in a folder.
type reader struct {
	t      *testing.T
	folder string
	env    []string
	// instead says what stands for words that only have a meaning for the author of the README.
	instead map[string]string
	// there runs something where the reader is: in a network of its own, where nobody else has the default ports.
	there func(func())
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t: t, folder: t.TempDir(), instead: map[string]string{}, there: func(f func()) { f() }}
	r.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.folder, "XDG_DATA_HOME=", "TERM=xterm-256color"}
	bin := filepath.Join(r.folder, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(otlpctl(t), filepath.Join(bin, "otlpctl")); err != nil {
		t.Fatal(err)
	}
	return r
}

// words returns a line as it is run.
func (r *reader) words(line string) []string {
	for old, other := range r.instead {
		line = strings.ReplaceAll(line, old, other)
	}
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "bin/otlpctl" {
		r.t.Fatalf("%q is no line of otlpctl", line)
	}
	words[0] = filepath.Join(r.folder, words[0])
	return words
}

// spec returns how a line is run without a terminal.
func (r *reader) spec(line string) process.Spec {
	words := r.words(line)
	return process.Spec{Name: "otlpctl", Path: words[0], Args: words[1:], Cwd: r.folder, Env: r.env}
}

// does runs a line, which must succeed.
func (r *reader) does(line string) outcome {
	r.t.Helper()
	var got outcome
	r.there(func() { got = runWithin(r.t, clusterLimit, r.spec(line)) })
	if got.code != 0 {
		r.t.Fatalf("%s: exit %d\n%s%s", line, got.code, got.stdout, got.stderr)
	}
	return got
}

// opens runs a line on a terminal, and returns when the receiver is ready.
func (r *reader) opens(line string) *terminal.Terminal {
	r.t.Helper()
	words := r.words(line)
	cmd := exec.Command(words[0], words[1:]...) //nolint:noctx // it ends with the test
	cmd.Dir, cmd.Env = r.folder, r.env
	var x *terminal.Terminal
	r.there(func() { x = terminal.Run(r.t, terminal.Size{Columns: 120, Rows: 40}, cmd) })
	wait.For(r.t, startLimit, "the receiver", func() bool { return strings.Contains(x.Shown(), "msg=ready") })
	return x
}

// closes ends what runs on a terminal, as the README says.
func (r *reader) closes(x *terminal.Terminal, wants ...string) {
	r.t.Helper()
	if err := x.Type(terminal.Interrupt); err != nil {
		r.t.Fatal(err)
	}
	if code, err := x.Wait(r.t.Context()); code != 0 || err != nil {
		r.t.Errorf("exit %d, %v", code, err)
	}
	for _, want := range wants {
		if !strings.Contains(x.Shown(), want) {
			r.t.Errorf("%q is not on the terminal", want)
		}
	}
}

// Every line of the README's five minutes does what it says.
func TestReadme(t *testing.T) {
	chapters := readme(t)
	tests := map[string]func(*testing.T, *chapter){
		"Five minutes": readmeBegin, "Send it on": readmeSend, "In a container": readmeContainer, "In a cluster": readmeCluster, "Among others": readmeOthers,
	}
	for title := range chapters {
		if tests[title] == nil {
			t.Errorf("nothing tests the chapter %q", title)
		}
	}
	for title, test := range tests {
		if chapters[title] == nil || len(chapters[title].lines) == 0 {
			t.Errorf("there is no chapter %q", title)
			continue
		}
		t.Run(strings.ReplaceAll(title, " ", "-"), func(t *testing.T) { test(t, chapters[title]) })
	}
}

// Serve on a terminal, send, look.
func readmeBegin(t *testing.T, c *chapter) {
	r := newReader(t)
	r.there = netns.Run(t).Do
	if c.lines[0] != "make build" || c.lines[1] != "bin/otlpctl serve" || c.lines[2] != "bin/otlpctl send" {
		t.Fatalf("it begins with %q", c.lines[:3])
	}
	made := run(t, process.Spec{Name: "make", Path: "make", Args: []string{"-n", "build"}, Cwd: ".."})
	if made.code != 0 || !strings.Contains(made.stdout, "-o bin/ ./cmd/otlpctl") {
		t.Errorf("make build: %d %s", made.code, made.stdout)
	}
	x := r.opens(c.lines[1])
	wait.For(t, startLimit, "the store", func() bool { return strings.Contains(x.Shown(), "~/.local/share/otlpctl/telemetry.db") })
	sent := r.does(c.lines[2] + " --check").stdout // sooner than a person types the next line
	id := regexp.MustCompile(`[0-9a-f]{32}`).FindString(sent)
	r.does(c.lines[2])
	wants := map[string]string{
		"bin/otlpctl traces": id, "bin/otlpctl query logs": id, "bin/otlpctl query metrics": "otlpctl.send.requests", "bin/otlpctl health": "",
	}
	for _, line := range c.lines[3:] {
		want, known := wants[line]
		if found := regexp.MustCompile(`[0-9a-f]{32}`).FindString(line); found != "" {
			line, want, known = strings.ReplaceAll(line, found, id), "critical path █ otlpctl-send 120ms", true
		}
		if got := r.does(line); !known || !strings.Contains(got.stdout, want) {
			t.Errorf("%s: %q is not in\n%s", line, want, got.stdout)
		}
	}
	r.closes(x, "EXPORTER           SIGNAL", "database/embedded  traces   8         8         0")
}

// A configuration with a backend that is away, a file and a database.
func readmeSend(t *testing.T, c *chapter) {
	r := newReader(t)
	r.there = netns.Run(t).Do
	replace(t, filepath.Join(r.folder, "otel.yaml"), c.yaml[0])
	for _, line := range c.lines {
		if !strings.Contains(line, " serve ") {
			r.does(line)
			continue
		}
		x := r.opens(line)
		id := regexp.MustCompile(`[0-9a-f]{32}`).FindString(r.does("bin/otlpctl send --signal traces --check --database sqlite:telemetry.db").stdout)
		wait.For(t, startLimit, "the file", func() bool {
			text, err := os.ReadFile(filepath.Join(r.folder, "traces.jsonl"))
			return err == nil && strings.Contains(string(text), id)
		})
		if strings.Contains(x.Shown(), ".local/share") {
			t.Error("there is a second store")
		}
	}
	replace(t, filepath.Join(r.folder, "otel.yaml"), strings.Replace(c.yaml[0], "endpoint: backend", "endpiont: backend", 1))
	got := run(t, r.spec("bin/otlpctl config validate --config otel.yaml"))
	if got.code != 2 || !strings.Contains(got.stdout+got.stderr, "otel.yaml:10:5: exporters.otlp.endpiont: unknown key\n       10 |     endpiont: backend.example.com:4317\n          |     ^^^^^^^^\n    hint: did you mean endpoint?\nskipped ") {
		t.Errorf("a mistake looks like this:\n%s%s", got.stdout, got.stderr)
	}
}
