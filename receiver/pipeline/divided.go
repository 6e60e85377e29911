package pipeline

import (
	"errors"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// DividedError says that an exporter has delivered a batch in parts, which fared
// differently. Together the parts have the items of the batch.
type DividedError struct {
	// Settled are the parts whose fate is decided.
	Settled []Settled
	// Rest is what may be sent again, or nil if there is nothing, and Err the
	// *RetryableError that says why it was not taken. Rest belongs to whoever gets
	// the error, who frees it.
	Rest *Batch
	Err  error
}

// Settled is a part of a batch whose fate is decided.
type Settled struct {
	Items   int
	Partial Partial
	// Err is nil if the part was delivered, and never a *RetryableError.
	Err error
}

// Error says what has become of the rest, or else of the first part that failed.
func (e *DividedError) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	for _, s := range e.Settled {
		if s.Err != nil {
			return s.Err.Error()
		}
	}
	return "delivered in parts"
}

// Unwrap returns the errors of all parts.
func (e *DividedError) Unwrap() []error {
	var all []error
	if e.Err != nil {
		all = append(all, e.Err)
	}
	for _, s := range e.Settled {
		if s.Err != nil {
			all = append(all, s.Err)
		}
	}
	return all
}

// share is the outcome of a part of a batch.
type share struct {
	outcome

	items int64
}

// final returns the outcome of what failed in a way that no retry mends.
func final(err error) outcome {
	o := outcome{err: err, reason: ExportFailed}
	if rejected, ok := errors.AsType[*RejectedError](err); ok {
		o.refused, o.refusal = true, rejected.Reason
	}
	return o
}

// remainder is what is left of a batch to be sent, as attempts settle parts of it.
type remainder struct {
	whole  *Batch // as it came from the queue
	batch  *Batch
	own    bool // batch is a rest, and to be freed
	shares []share
}

// divide takes the error of an attempt, and returns that of what is left.
func (r *remainder) divide(err error) error {
	divided, ok := errors.AsType[*DividedError](err)
	if !ok {
		return err
	}
	for _, s := range divided.Settled {
		o := outcome{partial: s.Partial}
		if s.Err != nil {
			o = final(s.Err)
		}
		r.shares = append(r.shares, share{o, int64(s.Items)})
	}
	rest := divided.Rest
	if rest == nil {
		rest = &Batch{Signal: r.batch.Signal, oldest: r.batch.oldest}
	}
	r.free()
	r.batch, r.own = rest, true
	return divided.Err
}

func (r *remainder) free() {
	if r.own {
		r.batch.Free()
	}
}

// partialOf returns what the client of a batch is told if nothing of it failed but
// by the backend's own refusal; else an error.
func (o *outcome) partialOf(items int64) (Partial, error) {
	var total Partial
	for i := range o.shares {
		s := &o.shares[i]
		if s.err != nil && !s.refused {
			return Partial{}, s.err
		}
		items -= s.items
		total.add(s.verdict(s.items))
	}
	if o.err != nil {
		return Partial{}, o.err
	}
	total.add(o.verdict(items))
	return total, nil
}

// verdict is the outcome of so many items in the backend's words.
func (o *outcome) verdict(items int64) Partial {
	if o.err != nil {
		whole := Partial{Rejected: items, Message: o.err.Error()}
		whole.Reasons[o.refusal] = items
		return whole
	}
	return Partial{Rejected: o.partial.rejectedOf(items), Message: o.partial.Message, Reasons: o.partial.reasonsOf(items)}
}

// add adds what was not taken of another part.
func (p *Partial) add(other Partial) {
	p.Rejected += other.Rejected
	p.Reasons.add(&other.Reasons)
	if other.Message != "" {
		p.Message = other.Message
	}
}

// mourn notes the items of a batch that were lost.
func (d *Destination) mourn(sig wire.Signal, items int, o outcome) {
	for i := range o.shares {
		s := &o.shares[i]
		items -= int(s.items)
		if s.err != nil {
			d.health.drop(d.log, sig, int(s.items), s.outcome)
		}
	}
	if o.err != nil && items > 0 {
		d.health.drop(d.log, sig, items, o)
	}
}
