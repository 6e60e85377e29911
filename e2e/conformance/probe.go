package conformance

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/fault"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	// lineLimit bounds a whole check, answerLimit one answer or arrival.
	lineLimit   = 2 * time.Minute
	answerLimit = 30 * time.Second
	// countLimit is how long a counter may lag behind.
	countLimit = 5 * time.Second
)

// probe is one check under way, against one system. Like a testing.T it belongs to the goroutine of its check.
type probe struct {
	system System
	dir    string // for configurations and logs, its own
	ports  *ports

	later      []func()
	kept       int // questions that were answered as the line demands
	deviations []deviation
	said       []string // what was seen, if nothing deviates
	noted      []string // what is worth saying in any case
	untried    []string // what this machine does not allow to ask
	broken     string   // why the check ended early
}

// deviation is one way in which subjects were not as demanded: {"404", "405"} "with a text/plain body".
type deviation struct {
	subjects []string
	text     string
}

// String returns "404, 405 with a text/plain body". A subject may end in a colon, of which the last one stays.
func (d *deviation) String() string {
	names := strings.ReplaceAll(strings.Join(d.subjects, ", "), ":, ", ", ")
	return strings.TrimSpace(names + " " + d.text)
}

// measure runs the check of a line.
func (l *Line) measure(ctx context.Context, system System, dir string, ports *ports) Result {
	ctx, cancel := context.WithTimeout(ctx, lineLimit)
	defer cancel()
	p := &probe{system: system, dir: dir, ports: ports}
	done := make(chan struct{})
	go func() { // its own, so that fatal can end it
		defer close(done)
		defer p.cleanup()
		l.check(ctx, p)
	}()
	<-done
	return p.result()
}

func (p *probe) cleanup() {
	for _, f := range slices.Backward(p.later) {
		f()
	}
}

func (p *probe) result() Result {
	var seen []string
	for _, d := range p.deviations {
		seen = append(seen, d.String())
	}
	v := Observed
	switch {
	case p.broken != "":
		v, seen = Fail, append(seen, p.broken)
	case len(p.deviations) > 0 && p.kept > 0:
		v = Partial
	case len(p.deviations) > 0:
		v = Fail
	case p.kept > 0:
		v, seen = Pass, append(seen, p.said...)
	default:
		seen = append(seen, p.said...)
	}
	return Result{Verdict: v, Seen: strings.Join(append(seen, p.noted...), "; "), Untried: p.untried}
}

// want is one question: when ok is false, the subject, which may be empty, deviates as the text says.
func (p *probe) want(ok bool, subject, text string) {
	if ok {
		p.kept++
		return
	}
	for i := range p.deviations {
		if d := &p.deviations[i]; d.text == text {
			if !slices.Contains(d.subjects, subject) {
				d.subjects = append(d.subjects, subject)
			}
			return
		}
	}
	p.deviations = append(p.deviations, deviation{[]string{subject}, text})
}

// say keeps an observation for the case that nothing deviates.
func (p *probe) say(format string, args ...any) {
	p.said = append(p.said, fmt.Sprintf(format, args...))
}

// note keeps an observation for any case.
func (p *probe) note(format string, args ...any) {
	p.noted = append(p.noted, fmt.Sprintf(format, args...))
}

// need ends the check unless ok: without it no question can be asked.
func (p *probe) need(ok bool, format string, args ...any) {
	if !ok {
		p.broken = fmt.Sprintf(format, args...)
		runtime.Goexit()
	}
}

// must ends the check with an error.
func (p *probe) must(err error) {
	if err != nil {
		p.need(false, "%v", err)
	}
}

// sink starts a backend.
func (p *probe) sink(ctx context.Context) *sink.Sink {
	s, err := sink.Start(ctx)
	p.must(err)
	p.later = append(p.later, s.Close)
	return s
}

// proxy starts a proxy in front of a backend.
func (p *probe) proxy(ctx context.Context, upstream string) *fault.Proxy {
	f, err := fault.Start(ctx, upstream)
	p.must(err)
	p.later = append(p.later, f.Close)
	return f
}

// eventually reports whether cond came to hold within limit.
func eventually(ctx context.Context, limit time.Duration, cond func() bool) bool {
	return wait.Until(ctx, limit, "it", func() (bool, error) { return cond(), nil }) == nil
}
