package engine

import (
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// classicLog follows the classic builder, or Podman, by what it tells people:
//
//	Step 3/15 : RUN make
//	 ---> Using cache
//	 ---> 846e1222eeb5
//
// In between stands what the command printed.
type classicLog struct {
	emit  func(image.Event)
	steps image.Steps

	number, total int
	name          string // of the step that runs; empty before the first
	began         time.Time
	state         image.State
	staged        bool // a FROM has been seen: what comes before it is no step
	counted       bool // the step that runs is one
}

func (l *classicLog) take(m message) {
	if m.Status != "" {
		if len(m.Progress) == 0 {
			l.say(m.Status + "\n")
		}
		return
	}
	if number, total, text, ok := l.header(m.Stream); ok {
		l.finish(image.Done)
		l.begin(number, total, text)
		return
	}
	remark := strings.TrimSpace(m.Stream)
	switch arrow, isArrow := cutArrow(remark); {
	case remark == "" && l.state == "":
		// the end of the header's line
	case isArrow && l.state == "" && l.counted && strings.HasPrefix(arrow, "Using cache"):
		l.finish(image.Cached)
	case isArrow && (strings.HasPrefix(arrow, "Running in ") || isID(arrow)),
		strings.HasPrefix(remark, "Removing intermediate container "),
		strings.HasPrefix(remark, "Successfully "):
		l.state = image.Running
	default:
		l.state = image.Running
		l.say(m.Stream)
	}
}

// header reads the line that begins the next step. A command may print one that looks like it, but
// hardly with the right number.
func (l *classicLog) header(line string) (number, total int, text string, ok bool) {
	rest, found := strings.CutPrefix(line, "Step ")
	if !found {
		rest, found = strings.CutPrefix(line, "STEP ") // Podman
	}
	count, text, cut := strings.Cut(rest, ":")
	first, second, parted := strings.Cut(strings.TrimSpace(count), "/")
	number, wrong := strconv.Atoi(first)
	total, alsoWrong := strconv.Atoi(second)
	ok = found && cut && parted && wrong == nil && alsoWrong == nil && number == l.number+1 && (l.total == 0 || total == l.total)
	return number, total, stepName(text), ok
}

func (l *classicLog) begin(number, total int, text string) {
	l.number, l.total, l.began, l.state = number, total, time.Now(), ""
	l.name = "[" + strconv.Itoa(number) + "/" + strconv.Itoa(total) + "] " + text
	isFrom := isFromStep(text)
	l.staged = l.staged || isFrom
	l.counted = l.staged && !isFrom
	if l.counted {
		l.steps.Total++
	}
	l.report(image.Running, "")
}

// finish ends the step that runs.
func (l *classicLog) finish(state image.State) {
	if l.name == "" {
		return
	}
	if state == image.Cached {
		l.steps.Cached++
	}
	l.report(state, "")
	l.name = ""
}

// fail ends the step that runs, and returns its name.
func (l *classicLog) fail() string {
	name := l.name
	l.finish(image.Failed)
	return name
}

func (l *classicLog) say(text string) {
	if l.name != "" {
		l.report(image.Running, text)
	}
}

func (l *classicLog) report(state image.State, text string) {
	event := image.Event{Step: strconv.Itoa(l.number), Name: l.name, State: state, Log: text}
	if state != image.Running {
		event.Took = time.Since(l.began)
	}
	l.emit(event)
}

// cutArrow returns what follows the arrow of a remark.
func cutArrow(remark string) (string, bool) {
	for _, arrow := range []string{"---> ", "--> "} {
		if after, ok := strings.CutPrefix(remark, arrow); ok {
			return after, true
		}
	}
	return "", remark == "--->"
}

// isID says whether a word is the beginning of an image's ID, or nothing: the classic builder has
// none for scratch.
func isID(word string) bool {
	return strings.Trim(word, "0123456789abcdef") == ""
}

// isFromStep says whether a step only names the image that a stage begins with. It takes no work
// but the pull, and engines disagree on whether it was cached.
func isFromStep(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	return strings.EqualFold(word, "FROM")
}
