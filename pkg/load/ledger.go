package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Holder knows what is at the other end.
type Holder interface {
	// Holds reports of each of these items, which are not many, whether it is there.
	Holds(ctx context.Context, sig wire.Signal, items []row.PrimaryKey) ([]bool, error)
}

// ErrMissing is the error of items that were accepted and have not been found.
var ErrMissing = errors.New("not everything that was accepted is in the database")

const (
	// mostOwed is how many items are remembered until they are found.
	mostOwed = 1 << 18
	// askedOf is how many items a Holder is asked of at a time.
	askedOf = 500
)

// Ledger remembers which items were accepted, until they are found at the other end.
type Ledger struct {
	// Looked is told now and then how many items are still missing. Nil is nobody.
	Looked func(missing int)

	holder   Holder
	patience time.Duration
	accounts map[wire.Signal]*account
	decoder  row.Decoder
}

// NewLedger makes a ledger without items, which are looked for with a Holder until nothing more has been found for as
// long as patience.
func NewLedger(h Holder, patience time.Duration) *Ledger {
	return &Ledger{holder: h, patience: patience, accounts: map[wire.Signal]*account{}}
}

// Account is what has become of the items of a signal that were accepted.
type Account struct {
	Found   int
	Missing int
	// Timeless items cannot be looked for: without any time of its own, an item is not told from another that is
	// the same.
	Timeless int
	// First is the place of one that is missing.
	First string
}

type account struct {
	Account

	owed []owed // those that were accepted, and perhaps some that were not, if their request was in part
}

type owed struct {
	row.PrimaryKey

	place string
}

// Of returns the account of a signal.
func (l *Ledger) Of(sig wire.Signal) Account {
	a := l.accounts[sig]
	if a == nil {
		return Account{}
	}
	account := a.Account
	if account.Missing > 0 && len(a.owed) > 0 {
		account.First = a.owed[0].place
	}
	return account
}

// Enter adds a request of which so many items were accepted. It is not kept. place says where it comes from. The error is
// that of a request which is no OTLP.
func (l *Ledger) Enter(sig wire.Signal, request []byte, accepted int, place string) error {
	report, err := wire.Scan(sig, request)
	if err != nil {
		return err
	}
	if report.Invalid+report.Stripped > 0 { // as a receiver does: what is invalid is not there, whoever has accepted it
		request = wire.Clean(nil, sig, request, &report)
	}
	a := l.accounts[sig]
	if a == nil {
		a = new(account)
		l.accounts[sig] = a
	}
	before := a.Timeless
	l.decoder.Reset(row.Origin{Received: time.Now()})
	if err := l.decoder.Decode(sig, request, &entries{a, place}); err != nil {
		return err
	}
	a.Missing += max(0, accepted-(a.Timeless-before))
	return nil
}

// Full reports whether it is time to Settle before more is entered, so that memory is bounded.
func (l *Ledger) Full() bool {
	n := 0
	for _, a := range l.accounts {
		n += len(a.owed)
	}
	return n >= mostOwed
}

// Settle waits until nothing is missing. The error is ErrMissing if nothing more has been found for the
// ledger's patience, or that of the Holder if it cannot look.
func (l *Ledger) Settle(ctx context.Context) error {
	last := time.Now()
	for {
		began := time.Now()
		found, err := l.look(ctx)
		missing := l.missing()
		switch now := time.Now(); {
		case ctx.Err() != nil:
			return ctx.Err()
		case missing == 0:
			l.forget()
			return nil
		case found:
			last = now
		case now.Sub(last) >= l.patience && err != nil:
			return err
		case now.Sub(last) >= l.patience:
			return ErrMissing
		}
		if l.Looked != nil {
			l.Looked(missing)
		}
		select {
		case <-time.After(max(askEvery, time.Since(began))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *Ledger) missing() (n int) {
	for _, a := range l.accounts {
		n += a.Missing
	}
	return n
}

// forget lets go of what is still owed when nothing is missing: it was refused.
func (l *Ledger) forget() {
	for _, a := range l.accounts {
		a.owed = a.owed[:0]
	}
}

// look asks once for all that is missing, and reports whether something of it was found.
func (l *Ledger) look(ctx context.Context) (found bool, err error) {
	for _, sig := range Signals() {
		a := l.accounts[sig]
		if a == nil || a.Missing == 0 {
			continue
		}
		n, err := l.lookFor(ctx, sig, a)
		found = found || n > 0
		if err != nil {
			return found, fmt.Errorf("look for %s: %w", sig, err)
		}
	}
	return found, nil
}

// lookFor returns how many items it has found.
func (l *Ledger) lookFor(ctx context.Context, sig wire.Signal, a *account) (int, error) {
	items := make([]row.PrimaryKey, 0, askedOf)
	rest, found := a.owed[:0], 0
	for from := 0; from < len(a.owed); from += askedOf {
		some := a.owed[from:min(from+askedOf, len(a.owed))]
		items = items[:0]
		for i := range some {
			items = append(items, some[i].PrimaryKey)
		}
		there, err := l.ask(ctx, sig, items)
		if err != nil {
			a.owed = append(rest, a.owed[from:]...)
			return found, err
		}
		n := 0
		for i := range some {
			if there[i] {
				n++
			} else {
				rest = append(rest, some[i])
			}
		}
		n = min(n, a.Missing) // what was refused now may be there from before
		found += n
		a.Found += n
		a.Missing -= n
	}
	a.owed = rest
	return found, nil
}

// errSilent is the cause of the end of a question.
var errSilent = errors.New("the database does not answer")

// ask does not wait for an answer for longer than the ledger's patience.
func (l *Ledger) ask(ctx context.Context, sig wire.Signal, items []row.PrimaryKey) ([]bool, error) {
	limit, cancel := context.WithTimeoutCause(ctx, l.patience, errSilent)
	defer cancel()
	there, err := l.holder.Holds(limit, sig, items)
	if err != nil && limit.Err() != nil {
		err = context.Cause(limit)
	}
	return there, err
}

// entries enters the items of a request.
type entries struct {
	*account

	place string
}

func (e *entries) enter(item *row.Item, timed bool) error {
	if !timed {
		e.Timeless++
		return nil
	}
	e.owed = append(e.owed, owed{item.PrimaryKey, e.place})
	return nil
}

// Resource has no part in it, as Scope and Metric.
func (*entries) Resource(*row.Resource) error { return nil }

// Scope implements row.Visitor.
func (*entries) Scope(*row.Scope) error { return nil }

// Metric implements row.Visitor.
func (*entries) Metric(*row.Metric) error { return nil }

// Span enters a span.
func (e *entries) Span(s *row.Span) error { return e.enter(&s.Item, s.Start != 0 || s.Duration != 0) }

// Point enters a data point.
func (e *entries) Point(p *row.Point) error { return e.enter(&p.Item, p.TimeRaw != 0) }

// Log enters a log record.
func (e *entries) Log(r *row.Log) error { return e.enter(&r.Item, r.TimeRaw != 0 || r.Observed != 0) }
