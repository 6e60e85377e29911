package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/generator"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	sampled = time.Second
	cleared = time.Minute
)

// memory is how much a receiver takes in the course of a steady load.
type memory struct {
	rate                      int // items a second
	length                    time.Duration
	first, median, last, most int64 // resident bytes; most is of the samples
	cpu                       float64
}

// steady writes spans at a rate, by default half of what is possible, and looks at the memory of the receiver.
func (r *runner) steady(ctx context.Context, e engine, rate int, length time.Duration) (m memory, err error) {
	const sig = signal.Traces
	err = r.with(ctx, e, true, func(db database, to *receiver) error {
		f, err := r.feed(ctx, to, sig)
		if err != nil {
			return err
		}
		defer f.Close()
		const settling = 200_000 // items
		wall, err := f.send(ctx, generator.Run{Requests: settling / ofRequest})
		if err != nil {
			return err
		}
		if rate == 0 {
			rate = int(settling/wall.Seconds()) / 2
		}
		watch := watcher{db: db, to: to}
		before, err := to.Usage()
		if err != nil {
			return err
		}
		requests := max(1, rate/ofRequest)
		m.length, err = watch.during(ctx, func() (time.Duration, error) {
			return f.send(ctx, generator.Run{Requests: int(float64(requests) * length.Seconds()), Rate: requests})
		})
		if err != nil {
			return err
		}
		after, err := to.Usage()
		m.rate, m.cpu = requests*ofRequest, (after.CPU-before.CPU).Seconds()/m.length.Seconds()
		m.describe(watch.rss)
		return errors.Join(err, watch.check(ctx, f))
	})
	return m, err
}

func (m *memory) describe(rss []int64) {
	sorted := slices.Sorted(slices.Values(rss))
	m.first, m.last = rss[0], rss[len(rss)-1]
	m.median, m.most = sorted[len(sorted)/2], sorted[len(sorted)-1]
}

// watcher looks at a receiver, and keeps its database from filling the disk.
type watcher struct {
	db   database
	to   *receiver
	rss  []int64
	rows int64 // that were cleared
}

// during watches until work is done.
func (w *watcher) during(ctx context.Context, work func() (time.Duration, error)) (took time.Duration, err error) {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- w.watch(watching) }()
	took, err = work()
	stop()
	return took, errors.Join(err, <-failed)
}

func (w *watcher) watch(ctx context.Context) error {
	sample, sweep := time.NewTicker(sampled), time.NewTicker(cleared)
	defer sample.Stop()
	defer sweep.Stop()
	for {
		usage, err := w.to.Usage()
		if err != nil {
			return err
		}
		w.rss = append(w.rss, usage.RSS)
		select {
		case <-ctx.Done():
			return nil
		case <-sample.C:
		case <-sweep.C:
			n, err := w.db.clear(context.WithoutCancel(ctx), signal.Traces)
			if err != nil {
				return err
			}
			w.rows += n
		}
	}
}

// check holds the rows that were cleared and those that are left against what was sent, unless the exporter deletes rows.
func (w *watcher) check(ctx context.Context, f *feed) error {
	if w.db.settings() != "" {
		return nil // the books have been looked at
	}
	rows, err := w.db.rows(ctx, f.signal)
	return errors.Join(err, f.compare(w.rows+rows))
}
