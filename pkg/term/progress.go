package term

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// StepState is how far a step has come.
type StepState uint8

// The states. Those after StepRunning are final.
const (
	StepRunning StepState = iota
	StepDone
	StepCached // nothing had to be done
	StepFailed
)

// String returns the word for the state.
func (s StepState) String() string {
	switch s {
	case StepDone:
		return "done"
	case StepCached:
		return "cached"
	case StepFailed:
		return "failed"
	default:
		return "running"
	}
}

// Step is news of a step: of several that run side by side, by its ID.
type Step struct {
	ID string
	// Text says what the step does. It may change while the step runs; empty leaves it.
	Text  string
	State StepState
	// Took is how long it ran, once it has ended.
	Took time.Duration
	// Log is what it has printed since the last news, in any portions.
	Log string
}

// The rhythm of what is shown.
const (
	redrawn   = 150 * time.Millisecond // on a terminal
	patience  = time.Second            // before a step that runs is mentioned, elsewhere
	heartbeat = 10 * time.Second       // between two signs of life of it
	logShown  = 20                     // lines of the log of a step that failed
)

// Progress shows the steps of a work that goes on. On a terminal, those that run are one block at the
// bottom, redrawn in place, and those that have ended scroll away above it. Elsewhere every step has a
// line when it ends, and signs of life if that takes time. It may be used from several
// goroutines.
type Progress struct {
	out  *Output
	live bool // redraw a block
	quit chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex
	steps   []*runningStep // those that run, in the order of their beginning
	ended   map[string]bool
	waiting strings.Builder // what scrolls away with the next drawing
	drawn   []string        // the lines of the block on the screen
}

// runningStep is a step that has not ended.
type runningStep struct {
	Step
	began time.Time
	next  time.Time // when to give the next sign of life
	log   tail
}

// NewProgress returns progress that is shown on a stream until Close.
func NewProgress(out *Output) *Progress {
	p := &Progress{out: out, live: out.moves, quit: make(chan struct{}), ended: map[string]bool{}}
	p.done.Go(p.tick)
	return p
}

// tick shows the time that passes.
func (p *Progress) tick() {
	every := time.Second
	if p.live {
		every = redrawn
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.quit:
			return
		case now := <-ticker.C:
			p.show(now)
		}
	}
}

func (p *Progress) show(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live {
		p.redraw(now)
		return
	}
	for _, step := range p.steps {
		if !now.Before(step.next) {
			step.next = now.Add(heartbeat)
			step.Took = now.Sub(step.began)
			p.print(step.Step)
		}
	}
}

// Update shows news of a step. After its end, nothing of it is news.
func (p *Progress) Update(news Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended[news.ID] {
		return
	}
	step := p.step(news)
	step.log.write(news.Log)
	p.rename(step, printableLine(news.Text), news.State)
	if news.State == StepRunning {
		return
	}
	p.ended[news.ID] = true
	step.State, step.Took = news.State, news.Took
	p.print(step.Step)
	if news.State == StepFailed {
		for _, line := range step.log.last(logShown) {
			_, _ = fmt.Fprintln(&p.waiting, "  "+line)
		}
	}
	p.drop(step)
	p.flush()
}

// step returns the step that the news is of.
func (p *Progress) step(news Step) *runningStep {
	for _, step := range p.steps {
		if step.ID == news.ID {
			return step
		}
	}
	now := time.Now()
	step := &runningStep{
		Step:  Step{ID: news.ID, Text: printableLine(news.Text), State: StepRunning},
		began: now, next: now.Add(patience),
	}
	p.steps = append(p.steps, step)
	return step
}

// rename changes the text of a step. Where nothing is redrawn, that of one that goes on is a line.
func (p *Progress) rename(step *runningStep, text string, state StepState) {
	if text == "" || text == step.Text {
		return
	}
	step.Text = text
	if p.live || state != StepRunning {
		return
	}
	now := time.Now()
	step.Took, step.next = now.Sub(step.began), now.Add(heartbeat)
	p.print(step.Step)
}

func (p *Progress) drop(step *runningStep) {
	for i, other := range p.steps {
		if other == step {
			p.steps = append(p.steps[:i], p.steps[i+1:]...)
			return
		}
	}
}

// print writes the line of a step where it is to stay.
func (p *Progress) print(step Step) {
	line := p.line(step)
	if p.live {
		line = p.out.cut(line)
	}
	_, _ = fmt.Fprintln(&p.waiting, line)
	if !p.live {
		p.flush()
	}
}

// line returns the line of a step.
func (p *Progress) line(step Step) string {
	took := ""
	if step.Took > 0 && step.State != StepCached || step.State == StepDone {
		took = shortTime(step.Took)
	}
	return p.out.Paint(step.State.style(), fmt.Sprintf("%-7s", step.State)) + " " + fmt.Sprintf("%7s", took) + "  " + step.Text
}

func (s StepState) style() Style {
	switch s {
	case StepDone:
		return OK
	case StepFailed:
		return Error
	case StepCached:
		return Dim
	default:
		return Bold
	}
}

// flush writes what scrolls away, and on a terminal the block below it.
func (p *Progress) flush() {
	if p.live {
		p.redraw(time.Now())
		return
	}
	_, _ = io.WriteString(p.out, p.waiting.String())
	p.waiting.Reset()
}

// Note shows a line that belongs to no step, where it is to stay.
func (p *Progress) Note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line = printableLine(line)
	if p.live {
		line = p.out.cut(line)
	}
	_, _ = fmt.Fprintln(&p.waiting, line)
	p.flush()
}

// Close ends the showing. What still runs is said to have stopped.
func (p *Progress) Close() {
	close(p.quit)
	p.done.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	steps := p.steps
	p.steps = nil
	for _, step := range steps {
		_, _ = fmt.Fprintln(&p.waiting, "stopped "+fmt.Sprintf("%7s", shortTime(time.Since(step.began)))+"  "+step.Text)
	}
	p.flush()
}

// shortTime returns a time as people read it: tenths of seconds up to a minute.
func shortTime(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
