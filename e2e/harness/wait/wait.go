// Package wait waits for a condition, never for a time: a slow machine makes a test slower, not red.
package wait

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"
)

const interval = 5 * time.Millisecond

// Until polls cond until it holds. It fails when cond returns an error, when limit has passed, or when ctx ends;
// what completes the sentence "waited for …" in the error.
func Until(ctx context.Context, limit time.Duration, what string, cond func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		ok, err := cond()
		if err != nil {
			return fmt.Errorf("waited for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}

// For is Until for tests: it ends the test when cond does not hold within limit.
func For(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	err := Until(t.Context(), limit, what, func() (bool, error) { return cond(), nil })
	if err != nil {
		t.Fatal(err)
	}
}

// Listening reports whether a TCP connection to addr can be opened.
func Listening(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var dial net.Dialer
	c, err := dial.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	_ = c.Close() // only the handshake mattered
	return true
}
