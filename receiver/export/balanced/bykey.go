package balanced

import (
	"context"
	"errors"
	"sync"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// sideBySide is how many portions of a batch are sent at the same time.
const sideBySide = 16

// exportByKey delivers each part of b to the instance that its keys belong to. What is
// not taken is divided anew among the others, as it would be without the instance.
// Parts that were taken are not sent again: what is left comes back in a
// *pipeline.DividedError.
func (e *Exporter) exportByKey(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	var a attempt
	var settled []pipeline.Settled
	left, own := b, false
	for {
		portions, err := e.divide(left, a.tried)
		if err != nil {
			return conclude(settled, left, own, e.deserted(&a, err))
		}
		if len(a.tried) > 0 {
			e.failovers.Add(int64(len(portions)))
		}
		if own {
			left.Free()
		}
		results := e.sendPortions(ctx, portions)
		var throttled bool
		left, own, throttled = a.sortOut(portions, results, &settled)
		if left == nil {
			return sum(settled)
		}
		if !a.round(ctx, throttled) {
			return conclude(settled, left, own, e.failure(&a))
		}
	}
}

// conclude returns the result of an attempt of which some is settled, and the rest was
// not taken because of err.
func conclude(settled []pipeline.Settled, rest *pipeline.Batch, own bool, err *pipeline.RetryableError) (pipeline.Partial, error) {
	if len(settled) > 0 {
		return pipeline.Partial{}, &pipeline.DividedError{Settled: settled, Rest: rest, Err: err}
	}
	if own { // the same as the batch, which the caller has
		rest.Free()
	}
	return pipeline.Partial{}, err
}

// sum returns the result for a batch that is settled as a whole.
func sum(settled []pipeline.Settled) (pipeline.Partial, error) {
	if len(settled) == 1 {
		return settled[0].Partial, settled[0].Err
	}
	var total pipeline.Partial
	for _, s := range settled {
		if s.Err != nil {
			return pipeline.Partial{}, &pipeline.DividedError{Settled: settled}
		}
		total.Rejected += s.Partial.Rejected
		if s.Partial.Message != "" {
			total.Message = s.Partial.Message
		}
	}
	return total, nil
}

// result is what an instance has said about a portion.
type result struct {
	partial pipeline.Partial
	err     error
}

func (e *Exporter) sendPortions(ctx context.Context, portions []portion) []result {
	results := make([]result, len(portions))
	send := func(i int) {
		portions[i].to.Begin()
		results[i].partial, results[i].err = e.sendTo(ctx, portions[i].to, portions[i].batch)
	}
	if len(portions) == 1 {
		send(0)
		return results
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, sideBySide)
	for i := range portions {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			send(i)
		})
	}
	all.Wait()
	return results
}

// sortOut adds what is decided to settled, notes what is not, and puts that together
// as what is left, or nil.
func (a *attempt) sortOut(portions []portion, results []result, settled *[]pipeline.Settled) (left *pipeline.Batch, own, throttled bool) {
	for i, p := range portions {
		retryable, again := errors.AsType[*pipeline.RetryableError](results[i].err)
		if again {
			a.note(p.to, retryable)
			throttled = throttled || retryable.After > 0
			left = joined(left, p.batch)
			continue
		}
		partial := results[i].partial
		partial.Rejected = min(max(partial.Rejected, 0), int64(p.batch.Items))
		*settled = append(*settled, pipeline.Settled{Items: p.batch.Items, Partial: partial, Err: results[i].err})
		p.batch.Free()
	}
	return left, left != nil, throttled
}

// joined appends the second batch, whose buffers it takes over, to the first.
func joined(first, second *pipeline.Batch) *pipeline.Batch {
	if first == nil {
		return second
	}
	first.Items += second.Items
	first.Bytes += second.Bytes
	first.Parts = append(first.Parts, second.Parts...)
	return first
}
