package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Finder counts what has arrived at the other end.
type Finder interface {
	// Spans returns how many spans a trace has there; its ID is in hexadecimal.
	Spans(ctx context.Context, traceID string) (int, error)
	// LogRecords returns how many log records belong to a trace.
	LogRecords(ctx context.Context, traceID string) (int, error)
	// DataPoints returns how many data points have an attribute with this text.
	DataPoints(ctx context.Context, key, value string) (int, error)
}

// askEvery is how often a Finder is asked.
const askEvery = 200 * time.Millisecond

// Await waits until everything of the sample that was sent is found, which is so many items for each signal, and
// returns how many have been. If ctx ends before that the error is its cause, or that of the Finder if it cannot look.
func (s *Sample) Await(ctx context.Context, f Finder, sent map[wire.Signal]int) (map[wire.Signal]int, error) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	found := map[wire.Signal]int{}
	for {
		missing, err := s.missing(ctx, f, sent, found)
		if err == nil && !missing {
			return found, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			if err == nil || errors.Is(err, ctx.Err()) {
				err = context.Cause(ctx)
			}
			return found, err
		}
	}
}

// missing reports whether something is still missing, and notes what is found.
func (s *Sample) missing(ctx context.Context, f Finder, sent, found map[wire.Signal]int) (bool, error) {
	missing := false
	for _, sig := range Signals() {
		if found[sig] >= sent[sig] {
			continue
		}
		n, err := s.count(ctx, f, sig)
		if err != nil {
			return true, fmt.Errorf("look for %s: %w", sig, err)
		}
		found[sig] = n
		missing = missing || n < sent[sig]
	}
	return missing, nil
}

func (s *Sample) count(ctx context.Context, f Finder, sig wire.Signal) (int, error) {
	switch sig {
	case wire.Traces:
		return f.Spans(ctx, s.TraceID)
	case wire.Logs:
		return f.LogRecords(ctx, s.TraceID)
	default:
		return f.DataPoints(ctx, attributeID, s.TraceID)
	}
}
