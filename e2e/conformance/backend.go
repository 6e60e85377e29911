package conformance

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// journal is when requests came to a backend, by the number of their first item.
type journal struct {
	mu   sync.Mutex
	came map[uint64][]time.Time
}

// keep makes the backend note every request, and answer it as the function says: it is given the number of the
// request's first item and how often that has come, from 1 on.
func (s *subject) keep(answer func(ctx context.Context, number uint64, attempt int) sink.Answer) *journal {
	j := &journal{came: make(map[uint64][]time.Time)}
	s.behind.Answer(func(ctx context.Context, r sink.Request) sink.Answer {
		number := uint64(0)
		if all := numbered.Numbers(r.Message); len(all) > 0 {
			number = all[0]
		}
		j.mu.Lock()
		j.came[number] = append(j.came[number], r.At)
		attempt := len(j.came[number])
		j.mu.Unlock()
		return answer(ctx, number, attempt)
	})
	return j
}

// times returns when a request came.
func (j *journal) times(number uint64) []time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]time.Time(nil), j.came[number]...)
}

// attempts returns how often a request came.
func (j *journal) attempts(number uint64) int { return len(j.times(number)) }

// gaps returns the times between a request's attempts.
func (j *journal) gaps(number uint64) []time.Duration {
	var out []time.Duration
	all := j.times(number)
	for i := 1; i < len(all); i++ {
		out = append(out, all[i].Sub(all[i-1]))
	}
	return out
}

// once answers the first attempt as given, and takes all further ones.
func once(a func(number uint64) sink.Answer) func(context.Context, uint64, int) sink.Answer {
	return func(_ context.Context, number uint64, attempt int) sink.Answer {
		if attempt > 1 {
			return sink.Answer{}
		}
		return a(number)
	}
}

// numberedSpan sends one span with a number and returns the code of the answer.
func (s *subject) numberedSpan(ctx context.Context, number uint64) codes.Code {
	return s.export(ctx, signal.Traces, encode(numbered.Request(signal.Traces, number, 1))).code()
}

// records reports whether the process comes to say that so many items were lost.
func (s *subject) records(ctx context.Context, items int) bool {
	return eventually(ctx, countLimit, func() bool { return s.lost(ctx) >= items })
}
