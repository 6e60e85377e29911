package receiver

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Status is how a check has ended.
type Status string

// The statuses.
const (
	CheckOK      Status = "ok"
	CheckFailed  Status = "failed"
	CheckSkipped Status = "skipped" // what it needs has failed
)

// Outcome is a check that has ended.
type Outcome struct {
	Check

	Status Status
	Took   time.Duration
	// Problem says why it failed, Hint what to do about it, if that is known, and
	// At which key it is about.
	Problem, Hint, At string
}

// Run does all checks, those of LevelConnect side by side and each within timeout,
// and gives up everything that they have made. An error says that they could not
// be done, or that something was left behind. Checks run once.
func (c *Checks) Run(ctx context.Context, timeout time.Duration) (_ []Outcome, err error) {
	defer func() { err = errors.Join(err, c.close(context.WithoutCancel(ctx))) }()
	outcomes := make([]Outcome, len(c.All))
	ended := map[string]Status{}
	var probes sync.WaitGroup
	defer probes.Wait()
	for i, check := range c.All {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		o := &outcomes[i]
		*o = Outcome{Check: check, Status: CheckOK}
		switch before, needed := ended[check.Needs]; {
		case needed && before != CheckOK:
			o.Status = CheckSkipped
		case check.Run == nil:
		case check.Level == LevelConnect:
			// A backend may be this very configuration, which does not answer yet.
			if err := c.release(); err != nil {
				return nil, err
			}
			probes.Go(func() { o.probe(ctx, timeout) })
		default:
			o.run(ctx)
		}
		if check.Level == LevelBuild {
			ended[check.Name] = o.Status
		}
	}
	probes.Wait()
	return outcomes, ctx.Err()
}

func (o *Outcome) run(ctx context.Context) {
	began := time.Now()
	err := o.Run(ctx)
	o.Took = time.Since(began)
	if err != nil {
		f := newFault(o.Path, err)
		o.Status, o.At, o.Problem, o.Hint = CheckFailed, f.Path, f.Problem, f.Hint
	}
}

func (o *Outcome) probe(ctx context.Context, timeout time.Duration) {
	limit, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	o.run(limit)
	if o.Status == CheckFailed && o.Hint == "" && limit.Err() != nil {
		o.Hint = "nothing answered within " + timeout.String() + ": check the address, and whether a firewall drops what is sent there"
	}
}
