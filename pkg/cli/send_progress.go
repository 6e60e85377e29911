package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// The rhythm in which a file that is sent is mentioned.
const (
	sendPatience  = time.Second            // before it is at all
	sendRedrawn   = 200 * time.Millisecond // on a terminal
	sendHeartbeat = 10 * time.Second       // elsewhere
)

// sendProgress shows how much of a file has been sent, and how much of that is still to be found, if it takes its time.
type sendProgress struct {
	out   *term.Output
	shown *term.Progress // nil as long as nothing is shown
	next  time.Time      // when there is something to show
	steps int            // how many have begun

	sending sendStep
	file    string
	items   int // of the file that were sent

	looking sendStep
	missing int
}

// sendStep is a file that is sent, or a look for what was sent, of which there may be several.
type sendStep struct {
	id    string
	began time.Time
}

func (p *sendProgress) step() sendStep {
	now := time.Now()
	p.steps++
	p.next = now.Add(sendPatience)
	return sendStep{strconv.Itoa(p.steps), now}
}

// begin begins a file.
func (p *sendProgress) begin(file string) { p.sending, p.file, p.items = p.step(), file, 0 }

// sent adds items that were.
func (p *sendProgress) sent(items int) {
	p.items += items
	if p.due() {
		p.showSending(term.StepRunning)
	}
}

// end ends a file, of which all was sent or not.
func (p *sendProgress) end(all bool) {
	if p.shown != nil {
		p.showSending(endState(all))
	}
}

func (p *sendProgress) showSending(state term.StepState) {
	p.update(p.sending, fmt.Sprintf("send %s: %s", p.file, counted(p.items, "item")), state)
}

// look begins to look for what was sent.
func (p *sendProgress) look() { p.looking, p.missing = p.step(), 0 }

// looked says how many items are still to be found.
func (p *sendProgress) looked(missing int) {
	p.missing = missing
	if p.due() {
		p.showLooking(term.StepRunning)
	}
}

// found ends the look, by which all was found or not.
func (p *sendProgress) found(all bool) {
	if p.shown == nil || p.missing == 0 {
		return
	}
	if all {
		p.missing = 0
	}
	p.showLooking(endState(all))
}

func (p *sendProgress) showLooking(state term.StepState) {
	p.update(p.looking, "look for what was sent: "+counted(p.missing, "item")+" missing", state)
}

// due reports whether something is to be shown now, and begins with that if nothing was yet.
func (p *sendProgress) due() bool {
	now := time.Now()
	if now.Before(p.next) {
		return false
	}
	if p.shown == nil {
		p.shown = term.NewProgress(p.out)
	}
	p.next = now.Add(sendHeartbeat)
	if p.out.IsTerminal() {
		p.next = now.Add(sendRedrawn)
	}
	return true
}

func (p *sendProgress) update(step sendStep, text string, state term.StepState) {
	p.shown.Update(term.Step{ID: step.id, Text: text, State: state, Took: time.Since(step.began)})
}

func endState(all bool) term.StepState {
	if all {
		return term.StepDone
	}
	return term.StepFailed
}

// close leaves what is shown as it is.
func (p *sendProgress) close() {
	if p.shown != nil {
		p.shown.Close()
	}
}
