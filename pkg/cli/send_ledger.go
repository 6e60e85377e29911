package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/load"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// sendLedger is the ledger of what is sent from files.
type sendLedger struct {
	*load.Ledger

	place string // of what is being sent
	err   error  // of what could not be entered
	ended bool   // it has been given up
}

// newSendLedger enters what a client sends.
func newSendLedger(finder *storeFinder, patience time.Duration, client *load.Client, progress *sendProgress) *sendLedger {
	l := &sendLedger{Ledger: load.NewLedger(finder, patience)}
	l.Looked = progress.looked
	client.Taken = func(sig wire.Signal, request []byte, accepted int) {
		if err := l.Enter(sig, request, accepted, l.place); err != nil && l.err == nil {
			l.err = fmt.Errorf("%s: it cannot be looked for: %w", l.place, err)
		}
	}
	return l
}

// find waits until all that was accepted is found, unless nobody looks for it.
func (r *sendReport) find(ctx context.Context, l *sendLedger, progress *sendProgress) error {
	if l == nil || l.ended {
		return ctx.Err()
	}
	progress.look()
	err := errors.Join(l.Settle(ctx), l.err)
	progress.found(err == nil)
	l.ended = err != nil
	for i := range r.Signals {
		s, account := &r.Signals[i], l.Of(r.Signals[i].signal)
		s.Found, s.Unchecked = &account.Found, account.Timeless
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, load.ErrMissing):
		err = r.missing(l)
	case err == nil && r.foundNothing():
		err = hinted.New(errors.New("nothing of what was accepted can be looked for: it has no times of its own, by which it is told from other telemetry"),
			"without --file, what is sent is found by its ID")
	}
	if err != nil {
		return r.stop(err)
	}
	return nil
}

// missing says what is not there.
func (r *sendReport) missing(l *sendLedger) error {
	var all []string
	for _, s := range r.Signals {
		if account := l.Of(s.signal); account.Missing > 0 {
			all = append(all, fmt.Sprintf("%d of %s (%s)", account.Missing, counted(s.Accepted, noun(s.signal)), account.First))
		}
	}
	err := fmt.Errorf("%w: missing are %s; nothing more was found for %s",
		load.ErrMissing, strings.Join(all, ", "), r.options.checks.timeout)
	return hinted.New(err, "does the receiver write to this database, and what comes as it is? An item that something on the way changes is another one, "+
		"and what the database refuses is in the receiver's log as items refused. "+
		"Batches and queues take their time: --check-timeout waits longer")
}

// foundNothing reports whether there was nothing that could be found.
func (r *sendReport) foundNothing() bool {
	found, unchecked := 0, 0
	for _, s := range r.Signals {
		unchecked += s.Unchecked
		found += *s.Found
	}
	return found == 0 && unchecked > 0
}

// noteUnchecked says what was not looked for.
func (r *sendReport) noteUnchecked(w *term.Output) {
	for _, s := range r.Signals {
		if s.Unchecked > 0 {
			note(w, "%s not looked for, as without a time it is not told from others: %d of %s",
				w.Paint(term.Warn, "note:"), s.Unchecked, counted(s.Accepted, noun(s.signal)))
		}
	}
}
