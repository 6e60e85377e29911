package registry

import (
	"context"
	"math/rand/v2"
	"time"
)

// The rhythm of asking a registry again that could not be asked.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 10 * time.Second
)

// backoff waits longer each time. The zero value is ready.
type backoff struct{ pause time.Duration }

// reset makes the next wait a short one.
func (b *backoff) reset() { b.pause = 0 }

func (b *backoff) wait(ctx context.Context) {
	b.pause = min(max(2*b.pause, firstPause), longestPause)
	Sleep(ctx, b.pause)
}

// Sleep waits for about d, or until ctx ends. It takes between half of d and all of it, so that the clients of a registry that
// has been away do not ask it all at once.
func Sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d/2 + rand.N(d/2+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
