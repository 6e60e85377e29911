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
}

// begin begins a file.
func (p *sendProgress) begin(file string) {
	now := time.Now()
	p.file, p.items, p.began, p.next = file, 0, now, now.Add(sendPatience)
}

// sent adds items that were.
func (p *sendProgress) sent(items int) {
	p.items += items
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	if p.shown == nil {
		p.shown = term.NewProgress(p.out)
	}
	p.update(term.StepRunning)
	p.next = now.Add(sendHeartbeat)
	if p.out.IsTerminal() {
		p.next = now.Add(sendRedrawn)
	}
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

// close leaves what is shown as it is.
func (p *sendProgress) close() {
	if p.shown != nil {
		p.shown.Close()
	}
}
