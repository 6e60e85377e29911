package cli

import (
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// The rhythm in which a file that is sent is mentioned.
const (
	sendPatience  = time.Second            // before it is at all
	sendRedrawn   = 200 * time.Millisecond // on a terminal
	sendHeartbeat = 10 * time.Second       // elsewhere
)

// sendProgress shows how much of a file has been sent, if that takes its time.
type sendProgress struct {
	out   *term.Output
	shown *term.Progress // nil as long as nothing is shown

	file        string
	items       int
	began, next time.Time

	looking time.Time // since when what was sent is looked for
	missing int
}

// begin begins a file.
func (p *sendProgress) begin(file string) {
	now := time.Now()
	p.file, p.items, p.began, p.next = file, 0, now, now.Add(sendPatience)
}

// sent adds items that were.
func (p *sendProgress) sent(items int) {
	p.items += items
	if p.due() {
		p.update(term.StepRunning)
	}
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

// end ends a file, of which all was sent or not.
func (p *sendProgress) end(all bool) {
	state := term.StepDone
	if !all {
		state = term.StepFailed
	}
	if p.shown != nil {
		p.update(state)
	}
}

func (p *sendProgress) update(state term.StepState) {
	p.shown.Update(term.Step{
		ID: p.file, Text: fmt.Sprintf("send %s: %s", p.file, counted(p.items, "item")), State: state, Took: time.Since(p.began),
	})
}

// look begins to look for what was sent.
func (p *sendProgress) look() {
	p.looking, p.missing = time.Now(), 0
	p.next = p.looking.Add(sendPatience)
}

// looked says how many items are still to be found.
func (p *sendProgress) looked(missing int) {
	p.missing = missing
	if p.due() {
		p.updateLook(term.StepRunning)
	}
}

// found ends that.
func (p *sendProgress) found(all bool) {
	if p.shown == nil || p.missing == 0 {
		return
	}
	state := term.StepFailed
	if all {
		state, p.missing = term.StepDone, 0
	}
	p.updateLook(state)
}

func (p *sendProgress) updateLook(state term.StepState) {
	p.shown.Update(term.Step{
		ID: " look", Text: "look for what was sent: " + counted(p.missing, "item") + " missing", State: state, Took: time.Since(p.looking),
	})
}

// close leaves what is shown as it is.
func (p *sendProgress) close() {
	if p.shown != nil {
		p.shown.Close()
	}
}
