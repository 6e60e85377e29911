package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// replay reads the answer of an engine that is kept in testdata, and returns what it amounts to: one
// line for each event, without times.
func replay(t *testing.T, name string) (events string, result BuildResult, err error) {
	t.Helper()
	file, openErr := os.Open(filepath.Join("testdata", "build", name+".jsonl"))
	if openErr != nil {
		t.Fatal(openErr)
	}
	defer file.Close()
	var lines strings.Builder
	result, err = readBuild(file, func(e image.Event) {
		if e.Took < 0 || e.Took > time.Hour {
			t.Errorf("%s took %v", e.Name, e.Took)
		}
		fmt.Fprintf(&lines, "%s %s", e.State, e.Name)
		if e.Log != "" {
			fmt.Fprintf(&lines, ": %q", e.Log)
		}
		lines.WriteByte('\n')
	})
	return lines.String(), result, err
}

func TestReadBuild(t *testing.T) {
	f := func(name string, builder string, steps image.Steps, idPrefix string) {
		t.Helper()
		events, got, err := replay(t, name)
		want := BuildResult{ID: got.ID, Builder: builder, Steps: steps}
		if err != nil || got != want || !strings.HasPrefix(got.ID, "sha256:"+idPrefix) {
			t.Errorf("%s: %+v %v, want %+v\n%s", name, got, err, want, events)
		}
		if n := strings.Count(events, "cached "); n != steps.Cached {
			t.Errorf("%s: %d cached steps are told of, want %d:\n%s", name, n, steps.Cached, events)
		}
	}
	f("ok-buildkit", BuildKit, image.Steps{Total: 5}, "da18d575")
	f("cached-buildkit", BuildKit, image.Steps{Total: 5, Cached: 5}, "da18d575")
	f("ok-classic", Classic, image.Steps{Total: 12}, "846e1222")
	f("cached-classic", Classic, image.Steps{Total: 12, Cached: 12}, "846e1222")
}

func TestReadBuildEvents(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		got, _, err := replay(t, name)
		if want := strings.TrimPrefix(want, "\n"); got != want || err == nil {
			t.Errorf("%s (%v):\n%s\nwant:\n%s", name, err, got, want)
		}
	}
	f("fail-buildkit", `
done [1/2] FROM docker.io/library/bb
running [2/2] RUN echo before; echo oops >&2; exit 3
running [2/2] RUN echo before; echo oops >&2; exit 3: "before\n"
running [2/2] RUN echo before; echo oops >&2; exit 3: "oops\n"
failed [2/2] RUN echo before; echo oops >&2; exit 3
`)
	f("fail-classic", `
running [1/2] FROM bb
done [1/2] FROM bb
running [2/2] RUN echo before; echo oops >&2; exit 3
running [2/2] RUN echo before; echo oops >&2; exit 3: "before\n"
running [2/2] RUN echo before; echo oops >&2; exit 3: "\x1b[91moops\n\x1b[0m"
failed [2/2] RUN echo before; echo oops >&2; exit 3
`)
}

func TestReadBuildErrors(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		events, got, err := replay(t, name)
		if err == nil || !strings.Contains(err.Error(), want) || got.ID != "" {
			t.Errorf("%s: %+v %v, want %q\n%s", name, got, err, want, events)
		}
	}
	f("fail-buildkit", "[2/2] RUN echo before; echo oops >&2; exit 3: exit code 3")
	f("fail-classic", "[2/2] RUN echo before; echo oops >&2; exit 3: exit code 3")
	f("missing-base-buildkit", "build the image: failed to do request: Head")
	f("missing-base-classic", "[1/2] FROM nosuch/base:1: Get")
	f("syntax-buildkit", "build the image: dockerfile parse error line 2: unknown instruction: RUNN")
	f("cancel-classic", "ended the build without an image")
}

func TestMalformedAnswers(t *testing.T) {
	f := func(answer string) {
		t.Helper()
		if _, err := readBuild(strings.NewReader(answer), func(image.Event) {}); err == nil {
			t.Errorf("%q is a build", answer)
		}
	}
	f("")
	f("<html>")
	f(`{"stream":`)
	f(`{"id":"moby.buildkit.trace","aux":17}`)
	f(`{"id":"moby.buildkit.trace","aux":"CgUK"}`)
	f(`{"aux":{"ID":"sha256:1"}} {"error":"no space left on device"}`)
}

// What a command prints is neither the header of a step nor a remark about one.
func TestClassicLogsThatLookLikeSteps(t *testing.T) {
	var events []string
	emit := func(e image.Event) { events = append(events, string(e.State)+" "+e.Name+" "+e.Log) }
	answer := `{"stream":"Step 1/2 : FROM a"}{"stream":"\n"}{"stream":" ---\u003e \n"}
{"stream":"Step 2/2 : RUN make"}{"stream":"\n"}{"stream":" ---\u003e Running in 0123456789ab\n"}
{"stream":"Step 1/2 : FROM b\n"}{"stream":"Step 3/9 : RUN\n"}{"stream":" ---\u003e done\n"}{"aux":{"ID":"sha256:1"}}`
	result, err := readBuild(strings.NewReader(answer), emit)
	want := "running [1/2] FROM a |done [1/2] FROM a |running [2/2] RUN make |" +
		"running [2/2] RUN make Step 1/2 : FROM b\n|running [2/2] RUN make Step 3/9 : RUN\n|running [2/2] RUN make  ---> done\n|done [2/2] RUN make "
	if got := strings.Join(events, "|"); err != nil || got != want || result.Steps.Total != 1 {
		t.Errorf("%v %+v\n got %q\nwant %q", err, result, got, want)
	}
}

// Podman answers with its own wording, whichever builder it is asked for.
func TestPodman(t *testing.T) {
	answer := `{"stream":"STEP 1/2: FROM a\n"}{"stream":"STEP 2/2: RUN make\n"}{"stream":"--\u003e Using cache 01234567\n"}{"stream":"--\u003e 01234567\n"}{"aux":{"ID":"sha256:1"}}`
	result, err := readBuild(strings.NewReader(answer), func(image.Event) {})
	if want := (BuildResult{"sha256:1", Classic, image.Steps{Total: 1, Cached: 1}}); err != nil || result != want {
		t.Errorf("%+v %v, want %+v", result, err, want)
	}
}

func TestStepName(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := stepName(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f("[a 1/2] RUN --mount=type=cache,target=/x   go   build", "[a 1/2] RUN go build")
	f(strings.Repeat("é", 101), strings.Repeat("é", 99)+"…")
}

func FuzzReadBuild(f *testing.F) {
	files, err := filepath.Glob("testdata/build/*.jsonl")
	if err != nil || len(files) == 0 {
		f.Fatal("no samples", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, answer string) {
		ended := map[string]bool{}
		result, err := readBuild(strings.NewReader(answer), func(e image.Event) {
			if ended[e.Step] && e.State != image.Running {
				t.Errorf("%s ends twice", e.Step)
			}
			ended[e.Step] = ended[e.Step] || e.State != image.Running
		})
		if err == nil && result.ID == "" || result.Steps.Cached > result.Steps.Total {
			t.Errorf("%+v %v", result, err)
		}
	})
}

func FuzzDecodeTrace(f *testing.F) {
	f.Add([]byte("\x0a\x08\x0a\x01d\x1a\x03[a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decodeTrace(data)
		if err != nil && (len(got.vertices) > 0 || len(got.logs) > 0) {
			t.Errorf("%v, and yet %+v", err, got)
		}
	})
}

func TestBuildHint(t *testing.T) {
	f := func(problem, want string) {
		t.Helper()
		if got := buildHint(problem); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", problem, got, want)
		}
	}
	f("exit code 1", "")
	f("write /x: no space left on device", "prune")
	f("no active sessions", "docker login")
	f("Head \"http://x\": no basic auth credentials", "docker login")
	f("dial tcp: lookup registry-1.docker.io: no such host", "does not reach")
	f("127.0.0.1:1/nosuch:1: not found", "no such base image")
	f("dockerfile parse error line 2: unknown instruction: RUNN", "does not understand")
}

func TestExplainBuild(t *testing.T) {
	e := &Engine{host: "unix:///nowhere"}
	f := func(err error, want string, invalid bool) {
		t.Helper()
		got := e.explainBuild(t.Context(), err)
		_, isInvalid := errors.AsType[*InvalidConfigError](got)
		if !strings.Contains(got.Error(), want) || isInvalid != invalid {
			t.Errorf("%v becomes %v (invalid configuration: %v), want %q", err, got, isInvalid, want)
		}
	}
	f(&stepError{"[build 5/6] RUN /out/otlpctl config validate --as-written", "exit code 2"}, "configuration is invalid", true)
	f(&stepError{"[build 5/6] RUN /out/otlpctl config validate --as-written", "exit code 127"}, "exit code 127", false)
	f(&stepError{"[build 5/6] RUN go build", "exit code 2"}, "exit code 2", false)
	f(&refusedError{errors.New("dockerfile parse error line 1: unknown instruction: X")}, "refused the build: dockerfile parse", false)

	// A file of this machine that cannot be read has nothing to do with the engine's permissions.
	unreadable := e.explainBuild(t.Context(), &contextError{errors.New("open go.sum: permission denied")})
	if fault, ok := errors.AsType[*contextError](unreadable); !ok || !strings.Contains(fault.Hint(), ".dockerignore") {
		t.Errorf("%v", unreadable)
	}
}
