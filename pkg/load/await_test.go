package load

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// slowFinder finds one item more of each signal every second, up to most.
type slowFinder struct {
	since time.Time
	most  int
	err   error
	asked string
}

func (f *slowFinder) found(what string) (int, error) {
	f.asked += what
	return min(int(time.Since(f.since)/time.Second), f.most), f.err
}

func (f *slowFinder) Spans(_ context.Context, trace string) (int, error) { return f.found(trace) }

func (f *slowFinder) LogRecords(_ context.Context, trace string) (int, error) { return f.found(trace) }

func (f *slowFinder) DataPoints(_ context.Context, key, value string) (int, error) {
	return f.found(key + "=" + value)
}

func TestAwait(t *testing.T) {
	sent := map[wire.Signal]int{wire.Traces: 4, wire.Metrics: 3, wire.Logs: 1}
	errLate := errors.New("late")
	f := func(most int, failing error, want error, took time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errLate)
			defer cancel()
			s, began := testSample(t), time.Now()
			finder := &slowFinder{since: began, most: most, err: failing}
			found, err := s.Await(ctx, finder, sent)
			if !errors.Is(err, want) || time.Since(began).Round(time.Second) != took {
				t.Errorf("up to %d: %v after %s, want %v after %s", most, err, time.Since(began), want, took)
			}
			if failing == nil && (found[wire.Traces] != most || !strings.Contains(finder.asked, attributeID+"="+s.TraceID)) {
				t.Errorf("found %v, asked for %s", found, finder.asked)
			}
		})
	}
	f(4, nil, nil, 4*time.Second)
	f(2, nil, errLate, 10*time.Second)
	errDown := errors.New("connection lost")
	f(4, errDown, errDown, 10*time.Second)
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		s := testSample(t)
		_, err := s.Await(ctx, &slowFinder{since: time.Now()}, map[wire.Signal]int{wire.Logs: 1})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}
