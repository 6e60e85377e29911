package postgres

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestShareOfAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := func(left, limit time.Duration, hosts int, want time.Duration) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), left)
			defer cancel()
			if got := share(ctx, limit, hosts); got != want {
				t.Errorf("%d hosts, %s left: %s, want %s", hosts, left, got, want)
			}
		}
		f(30*time.Second, 5*time.Second, 2, 5*time.Second)
		f(3*time.Second, 5*time.Second, 2, time.Second)
		f(3*time.Second, 500*time.Millisecond, 2, 500*time.Millisecond)
		f(3*time.Second, 5*time.Second, 1, 5*time.Second)
		f(-time.Second, 5*time.Second, 3, time.Millisecond)
		if got := share(t.Context(), 5*time.Second, 3); got != 5*time.Second {
			t.Errorf("without a deadline: %s", got)
		}
	})
}
