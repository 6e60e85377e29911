package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/generator"
	"github.com/otlpctl/otlpctl/e2e/harness/cgroups"
)

const (
	firstRate = 300             // requests a second, to begin with
	settling  = 4 * time.Second // of each attempt to find the rate
	attempts  = 3
	sampled   = 250 * time.Millisecond
)

// Pod is the memory that a server takes while it works as hard as an autoscaler lets it.
type Pod struct {
	Row        string
	Rate       int           // requests a second
	Items      int64         // a second
	CPU        float64       // processors
	RSS, Peak  int64         // bytes: the median of the samples, and the most ever
	WorkingSet int64         // bytes of its control group, the median
	MostSet    int64         // the most of the samples
	P99        time.Duration // of the requests
}

// Pod runs a server in a control group with those limits, finds the rate of a row at which it takes that many processors,
// and keeps it up for length.
func (b Bench) Pod(ctx context.Context, s System, row Row, limits cgroups.Limits, cpu float64, length time.Duration) (_ Pod, err error) {
	err = errors.Join(cgroups.Create(s.Group), cgroups.Limit(s.Group, limits))
	if err != nil {
		return Pod{}, err
	}
	defer func() { err = errors.Join(err, cgroups.Remove(context.WithoutCancel(ctx), s.Group)) }()
	load, stop, err := b.start(ctx, s, row, &Run{})
	if err != nil {
		return Pod{}, fmt.Errorf("%s: %w", row.Name, err)
	}
	defer stop()
	rate, err := load.rateFor(ctx, cpu)
	if err != nil {
		return Pod{}, fmt.Errorf("%s: %w", row.Name, err)
	}
	p, err := load.keepUp(ctx, s.Group, rate, length)
	if err != nil {
		return Pod{}, fmt.Errorf("%s: %w", row.Name, err)
	}
	return p, nil
}

// rateFor finds the rate at which the server takes that many processors. What a request takes depends on the rate.
func (l *load) rateFor(ctx context.Context, cpu float64) (int, error) {
	rate := firstRate
	for range attempts {
		took, _, err := l.cpuAt(ctx, rate, settling)
		if err != nil {
			return 0, err
		}
		rate = max(1, int(cpu*float64(time.Second)/float64(took)))
	}
	return rate, nil
}

// cpuAt returns the CPU time of the server for each request at a rate.
func (l *load) cpuAt(ctx context.Context, rate int, length time.Duration) (time.Duration, generator.Result, error) {
	before, err := l.server.Usage()
	if err != nil {
		return 0, generator.Result{}, err
	}
	seen, err := l.send(ctx, generator.Run{Requests: int(float64(rate) * length.Seconds()), Rate: rate})
	if err != nil {
		return 0, seen, err
	}
	after, err := l.server.Usage()
	return (after.CPU - before.CPU) / time.Duration(seen.Requests), seen, err
}

// keepUp sends at a rate, and looks at the memory meanwhile.
func (l *load) keepUp(ctx context.Context, group string, rate int, length time.Duration) (Pod, error) {
	looking, stop := context.WithCancel(ctx)
	var rss, sets []int64
	failed := make(chan error, 1)
	go func() { failed <- l.sample(looking, group, &rss, &sets) }()
	took, seen, err := l.cpuAt(ctx, rate, length)
	stop()
	if err := errors.Join(err, <-failed); err != nil {
		return Pod{}, err
	}
	last, err := l.server.Usage()
	slices.Sort(rss)
	slices.Sort(sets)
	return Pod{
		Row: l.row.Name, Rate: rate, Items: l.row.Items(rate), CPU: took.Seconds() * float64(seen.Requests) / seen.Wall.Seconds(), P99: seen.P99, RSS: rss[len(rss)/2], Peak: last.PeakRSS,
		WorkingSet: sets[len(sets)/2], MostSet: sets[len(sets)-1],
	}, err
}

// sample notes the memory of the server until ctx ends.
func (l *load) sample(ctx context.Context, group string, rss, sets *[]int64) error {
	ticker := time.NewTicker(sampled)
	defer ticker.Stop()
	for {
		usage, err := l.server.Usage()
		if err != nil {
			return err
		}
		set, err := cgroups.WorkingSet(group)
		if err != nil {
			return err
		}
		*rss, *sets = append(*rss, usage.RSS), append(*sets, set)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
