package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// message is one of those that an engine answers a build with. BuildKit wraps its own into aux;
// the classic builder and Podman write text for people.
type message struct {
	ID     string `json:"id"`
	Stream string `json:"stream"`
	Status string `json:"status"`
	Error  string `json:"error"`
	Detail *struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
	Progress json.RawMessage `json:"progressDetail"`
	Aux      json.RawMessage `json:"aux"`
}

// problem returns what went wrong, or nothing.
func (m message) problem() string {
	if m.Detail != nil && m.Detail.Message != "" {
		return m.Detail.Message
	}
	return m.Error
}

// buildKitTrace marks the messages of BuildKit about its work.
const buildKitTrace = "moby.buildkit.trace"

// buildLog makes events of the messages of a build, whichever builder they come from.
type buildLog struct {
	kit     kitLog
	classic classicLog
	id      string
	traced  bool
}

// readBuild reads the answer to a build until it ends. An error that comes in it is its error.
func readBuild(answer io.Reader, emit func(image.Event)) (BuildResult, error) {
	log := buildLog{kit: kitLog{emit: emit}, classic: classicLog{emit: emit}}
	messages := json.NewDecoder(answer)
	for {
		var m message
		err := messages.Decode(&m)
		if errors.Is(err, io.EOF) {
			return log.end()
		}
		if err == nil {
			err = log.take(m)
		}
		if err != nil {
			return log.result(), err
		}
	}
}

func (l *buildLog) take(m message) error {
	if problem := m.problem(); problem != "" {
		return l.fail(problem)
	}
	if m.ID == buildKitTrace {
		l.traced = true
		var data []byte
		if err := json.Unmarshal(m.Aux, &data); err != nil {
			return fmt.Errorf("the engine's report of the build: %w", err)
		}
		return l.kit.take(data)
	}
	if len(m.Aux) > 0 {
		var built struct{ ID string }
		if err := json.Unmarshal(m.Aux, &built); err == nil && built.ID != "" {
			l.id = built.ID // the classic builder names every stage, the last one last
		}
		return nil
	}
	if !l.traced {
		l.classic.take(m)
	}
	return nil
}

// fail returns the error of a build that failed, with the step that did.
func (l *buildLog) fail(problem string) error {
	step := l.kit.failed
	if !l.traced {
		step = l.classic.fail()
	}
	return &stepError{step: step, problem: plainProblem(problem)}
}

// end returns what has been built.
func (l *buildLog) end() (BuildResult, error) {
	if l.id == "" {
		return l.result(), errors.New("the engine ended the build without an image: its log may say why")
	}
	if !l.traced {
		l.classic.finish(image.Done)
	}
	return l.result(), nil
}

func (l *buildLog) result() BuildResult {
	if l.traced {
		return BuildResult{ID: l.id, Builder: BuildKit, Steps: l.kit.steps}
	}
	return BuildResult{ID: l.id, Builder: Classic, Steps: l.classic.steps}
}

// stepError says what a build failed of.
type stepError struct {
	// step is the name of the step, or empty if it was none.
	step, problem string
}

func (e *stepError) Error() string {
	if e.step == "" {
		return "build the image: " + e.problem
	}
	return "build the image: " + e.step + ": " + e.problem
}

// plainProblem takes the layers of the engine off a problem: of a command that failed the step
// already says which one it is.
func plainProblem(text string) string {
	for _, layer := range []string{
		"failed to solve with frontend dockerfile.v0: ", "failed to solve: ", "failed to create LLB definition: ", "rpc error: code = Unknown desc = ",
	} {
		text = strings.TrimPrefix(text, layer)
	}
	isCommand := strings.HasPrefix(text, "executor failed running") || strings.HasPrefix(text, "process ") || strings.HasPrefix(text, "The command ")
	if at := strings.LastIndex(text, "code: "); isCommand && at >= 0 {
		return "exit code " + text[at+len("code: "):]
	}
	return text
}

// longestName is how much of a command is enough to find it in the Dockerfile, in characters.
const longestName = 100

// stepName returns the name of a step on one line: without the mounts, which are the same everywhere,
// and no longer than anybody reads.
func stepName(text string) string {
	words := slices.DeleteFunc(strings.Fields(text), func(word string) bool { return strings.HasPrefix(word, "--mount=") })
	name := []rune(strings.Join(words, " "))
	if len(name) > longestName {
		return string(name[:longestName-1]) + "…"
	}
	return string(name)
}
