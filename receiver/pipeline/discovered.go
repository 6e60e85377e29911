package pipeline

import (
	"context"
	"time"

	"github.com/otlpctl/otlpctl/receiver/balance"
)

// starter is an Exporter that has something to do before the first batch comes. Start
// does not wait, and may be called more than once, and with Close.
type starter interface{ Start(ctx context.Context) }

// begin lets the exporter start what it has to do beside exporting, until Close.
func (st *station) begin(ctx context.Context) {
	if s, ok := st.exporter.(starter); ok {
		s.Start(context.WithoutCancel(ctx))
	}
}

// mostInstances is how many instances a State lists.
const mostInstances = 100

// discoverer is an Exporter that finds its backends by name.
type discoverer interface {
	// Discovered returns the state, with up to so many instances. It does not wait.
	Discovered(most int) Discovered
}

// Discovered is what an exporter knows of backends that it finds by name.
type Discovered struct {
	balance.State

	// Source is where they are found, without what may be secret.
	Source string
	// At is when the registry has said last who is there; zero if it never has.
	At time.Time
	// Problem is why it cannot be asked now: what it said last is used. Empty if it can.
	Problem string
	// Answers counts what it has said, and Failures how often it could not be asked.
	Answers, Failures int64
	// Failovers counts batches, and parts of batches, that went to another instance
	// because one had failed, within one attempt.
	Failovers int64
}

// discovered returns what the exporter knows of its backends, or nil if it does not
// look for them.
func (st *station) discovered() *Discovered {
	d, ok := st.exporter.(discoverer)
	if !ok {
		return nil
	}
	s := d.Discovered(mostInstances)
	return &s
}
