package numbered

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// pause keeps a client whose requests are refused from spinning.
const pause = 20 * time.Millisecond

// Load sends numbered requests of one signal from several clients at once, each as soon as its last was answered or,
// with Every, at that pace.
// Items of a request that was refused get no second chance: their numbers stay unacknowledged.
type Load struct {
	Signal  signal.Signal
	Clients []client.Client
	Items   uint64        // in each request
	Timeout time.Duration // of one request
	Every   time.Duration // from the beginning of a client's request to that of its next, at the least
	After   uint64        // the last number of another load with the same sink: numbers go on from there

	mu      sync.Mutex
	next    uint64
	acked   []uint64
	refused []*client.RefusedError
	lost    []error // of requests without an answer
}

// Run sends until ctx ends, and returns when every request that is under way has been answered or has timed out.
func (l *Load) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, c := range l.Clients {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				l.send(ctx, c)
				rest(ctx, l.Every-time.Since(began))
			}
		})
	}
	wg.Wait()
}

// send sends one request. It is finished even when ctx ends, as a client does that has promised to flush.
func (l *Load) send(ctx context.Context, c client.Client) {
	first := l.take()
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.Timeout)
	defer cancel()
	err := c.Export(flush, l.Signal, Request(l.Signal, first, l.Items))
	l.note(first, err)
	if err != nil {
		rest(ctx, pause)
	}
}

// rest waits, unless ctx ends.
func rest(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (l *Load) take() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.After + l.next + 1
	l.next += l.Items
	return first
}

func (l *Load) note(first uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var refused *client.RefusedError
	switch {
	case err == nil:
		for i := range l.Items {
			l.acked = append(l.acked, first+i)
		}
	case errors.As(err, &refused):
		l.refused = append(l.refused, refused)
	default:
		l.lost = append(l.lost, err)
	}
}

// Acked returns the numbers that the server answered for.
func (l *Load) Acked() []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.acked)
}

// Refused returns the server's answers other than success.
func (l *Load) Refused() []*client.RefusedError {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.refused)
}

// Unanswered returns the errors of requests that got no answer.
func (l *Load) Unanswered() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lost)
}

// Compare holds acknowledged numbers against the requests that a sink accepted.
func Compare(acked []uint64, requests []proto.Message) Verdict {
	var arrived []uint64
	for _, r := range requests {
		arrived = append(arrived, Numbers(r)...)
	}
	return Hold(acked, arrived)
}

// Hold holds acknowledged numbers against those that arrived.
func Hold(acked, arrived []uint64) Verdict {
	seen := make(map[uint64]int)
	for _, n := range arrived {
		seen[n]++
	}
	v := Verdict{Acked: len(acked), Arrived: len(seen)}
	for _, n := range acked {
		if seen[n] == 0 {
			v.Missing = append(v.Missing, n)
		}
	}
	for _, times := range seen {
		if times > 1 {
			v.Duplicates += times - 1
		}
	}
	return v
}

// Verdict is the outcome of a comparison.
type Verdict struct {
	Acked, Arrived int      // different numbers
	Missing        []uint64 // acknowledged, never arrived
	Duplicates     int
}

func (v Verdict) String() string {
	return fmt.Sprintf("%d acknowledged, %d arrived, %d missing %v, %d duplicates",
		v.Acked, v.Arrived, len(v.Missing), v.Missing[:min(len(v.Missing), 10)], v.Duplicates)
}
