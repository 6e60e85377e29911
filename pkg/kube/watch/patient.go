package watch

import (
	"context"
	"errors"
	"time"
)

// tries is how often a question is asked on which much depends: with the pauses in between, for three seconds.
const tries = 6

// patiently asks again while the API server is away or busy, which is no verdict on what it was asked about. A refusal
// is an answer, and one that takes too long has been waited for.
func patiently[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	pause := firstPause
	for try := 1; ; try++ {
		answer, err := ask()
		if err == nil || ctx.Err() != nil || isRefusal(err) || errors.Is(err, context.DeadlineExceeded) || try == tries {
			return answer, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		pause = min(2*pause, longestPause)
	}
}
