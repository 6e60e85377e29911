package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	// pingTimeout is how long the answer to a ping may take.
	pingTimeout = time.Second
	// firstPause is before the second attempt; each further one is twice as long, up to longestPause.
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// Retrying is a client that sends again what OTLP lets it send again: until it has an answer that is final, or the
// context of Export ends.
type Retrying struct {
	Client

	Attempt time.Duration // how long one may take

	mu    sync.Mutex
	fails int
	last  time.Time
}

// Export sends one request, as often as that takes.
func (r *Retrying) Export(ctx context.Context, sig signal.Signal, request proto.Message) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		attempt, cancel := context.WithTimeout(ctx, r.Attempt)
		err := r.Client.Export(attempt, sig, request)
		cancel()
		var refused *RefusedError
		final := errors.As(err, &refused) && !refused.Retryable()
		if err == nil || final || ctx.Err() != nil {
			return err
		}
		r.note()
		if refused != nil {
			pause = max(pause, refused.RetryAfter)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

func (r *Retrying) note() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails++
	r.last = time.Now()
}

// Failed returns how many attempts have failed and were made again, and when the last of them did.
func (r *Retrying) Failed() (attempts int, last time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fails, r.last
}
