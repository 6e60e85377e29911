package registry

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// follow follows a source in a bubble for some time, and returns what is told, one line each.
func follow(t *testing.T, d time.Duration, w Watch) []string {
	t.Helper()
	var told []string
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		source := &Source{Name: "otlp", Watch: w}
		source.Follow(ctx, func(a resolve.Answer) { told = append(told, fmt.Sprintf("%d %v", len(a.Instances), a.Err)) })
	})
	return told
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func some(n int) []resolve.Instance {
	all := make([]resolve.Instance, n)
	for i := range all {
		all[i] = resolve.Instance{ID: fmt.Sprint(i), Addr: fmt.Sprintf("h:%d", i+1)}
	}
	return all
}

func TestFollowTellsChangesOnly(t *testing.T) {
	told := follow(t, time.Minute, func(ctx context.Context, found func([]resolve.Instance)) error {
		for _, n := range []int{0, 0, 2, 2, 1, 0} {
			found(some(n))
		}
		<-ctx.Done()
		found(some(9)) // too late
		return ctx.Err()
	})
	expect(t, told, "0 <nil>", "2 <nil>", "1 <nil>", "0 <nil>")
}

func TestFollowKeepsTheLastList(t *testing.T) {
	attempts := 0
	told := follow(t, time.Hour, func(ctx context.Context, found func([]resolve.Instance)) error {
		attempts++
		switch {
		case attempts == 1, attempts == 6:
			found(some(3))
			return errors.New("gone")
		case attempts < 5:
			return errors.New("gone")
		case attempts == 5:
			return errors.New("refused")
		}
		found(some(2))
		<-ctx.Done()
		return ctx.Err()
	})
	expect(t, told, "3 <nil>", "3 find otlp: gone", "3 find otlp: refused", "3 <nil>", "3 find otlp: gone", "2 <nil>")
}

// A registry that is away, or that answers once and breaks, is asked with pauses that grow.
func TestFollowIsNoTightLoop(t *testing.T) {
	f := func(name string, w Watch) {
		t.Helper()
		attempts := 0
		var last, longest time.Duration
		began := time.Time{}
		follow(t, 10*time.Minute, func(ctx context.Context, found func([]resolve.Instance)) error {
			if began.IsZero() {
				began = time.Now()
			}
			longest, last = max(longest, time.Since(began)-last), time.Since(began)
			attempts++
			return w(ctx, found)
		})
		// Pauses of 5 to 10 seconds in ten minutes.
		if attempts < 60 || attempts > 130 {
			t.Errorf("%s: %d attempts in ten minutes", name, attempts)
		}
		if longest > longestPause {
			t.Errorf("%s: a pause of %s", name, longest)
		}
	}
	f("away", func(context.Context, func([]resolve.Instance)) error { return errors.New("away") })
	f("flapping", func(_ context.Context, found func([]resolve.Instance)) error {
		found(some(1))
		return errors.New("gone")
	})
	f("ends without a word", func(context.Context, func([]resolve.Instance)) error { return nil })
}

// After a long time of peace the first attempt is soon.
func TestFollowComesBackSoon(t *testing.T) {
	var gone time.Time
	attempts := 0
	follow(t, time.Hour, func(ctx context.Context, found func([]resolve.Instance)) error {
		attempts++
		if pause := time.Since(gone); attempts > 1 && attempts < 4 && pause > firstPause {
			t.Errorf("attempt %d after %s", attempts, pause)
		}
		found(some(1))
		Sleep(ctx, time.Minute)
		gone = time.Now()
		return errors.New("gone")
	})
	if attempts < 4 {
		t.Errorf("%d attempts", attempts)
	}
}

func TestAnyOf(t *testing.T) {
	f := func(hosts []string, up map[string]bool, answered int) {
		t.Helper()
		asked, answers := 0, 0
		err := AnyOf(hosts, func([]resolve.Instance) { answers++ }, func(host string, found func([]resolve.Instance)) error {
			asked++
			if up[host] {
				found(nil)
			}
			return errors.New(host)
		})
		if answers != answered || err == nil || !up["a"] && !up["b"] && asked != len(hosts) {
			t.Errorf("%v of %v: asked %d, answers %d, %v", up, hosts, asked, answers, err)
		}
	}
	f([]string{"a", "b"}, map[string]bool{"a": true}, 1)
	f([]string{"a", "b"}, map[string]bool{"b": true}, 1)
	f([]string{"a", "b"}, nil, 0)
}
