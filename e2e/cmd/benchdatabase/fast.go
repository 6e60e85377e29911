package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/generator"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// profiled is how long a profile of the receiver takes.
const profiled = 10 * time.Second

// written is what it took to write items as fast as possible.
type written struct {
	items     int64
	cpu, wall time.Duration // cpu is the receiver's
	peak      int64         // resident bytes of the receiver at most
	size      float64       // bytes of the database for each row, with indexes
}

// perCPU returns the items for each second of the receiver's CPU time.
func (w written) perCPU() float64 { return float64(w.items) / w.cpu.Seconds() }

// perSecond returns the items a second.
func (w written) perSecond() float64 { return float64(w.items) / w.wall.Seconds() }

// fast writes items of a signal to a new database, as fast as it takes them.
func (r *runner) fast(ctx context.Context, e engine, sig signal.Signal, items int) (w written, err error) {
	err = r.with(ctx, e, false, func(db database, to *receiver) error {
		f, err := r.feed(ctx, to, sig)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.send(ctx, generator.Run{Requests: items / ofRequest / 4}); err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
		before, err := to.Usage()
		if err != nil {
			return err
		}
		profile := r.startProfile(ctx, to, e.kind()+"-"+sig.String())
		w.items = int64(items)
		if w.wall, err = f.send(ctx, generator.Run{Requests: items / ofRequest}); err != nil {
			return err
		}
		after, err := to.Usage()
		if err != nil {
			return err
		}
		w.cpu, w.peak = after.CPU-before.CPU, after.PeakRSS
		size, sizeErr := db.bytes(ctx)
		w.size = float64(size) / float64(f.sent)
		rows, rowsErr := db.rows(ctx, sig)
		return errors.Join(f.compare(rows), sizeErr, rowsErr, <-profile)
	})
	return w, err
}

// with runs use with a new database and a receiver that writes to it, and removes both. For long says that it is
// written to without an end.
func (r *runner) with(ctx context.Context, e engine, forLong bool, use func(database, *receiver) error) error {
	db, err := e.create(ctx)
	if err != nil {
		return err
	}
	settings := ""
	if forLong {
		settings = db.settings()
	}
	to, err := r.serve(ctx, db.url(), settings)
	if err == nil {
		err = use(db, to)
		code, stopErr := to.Stop()
		if err == nil && stopErr == nil && code != 0 {
			stopErr = fmt.Errorf("otlpctl has ended with code %d\n%s", code, to.Tail(2000))
		}
		err = errors.Join(err, stopErr)
	}
	return errors.Join(err, db.drop(context.WithoutCancel(ctx)))
}

// startProfile takes a CPU profile of a receiver, if that is asked for, and tells when it is written.
func (r *runner) startProfile(ctx context.Context, of *receiver, name string) <-chan error {
	done := make(chan error, 1)
	if r.profile == "" {
		done <- nil
		return done
	}
	go func() {
		text, err := of.page(ctx, fmt.Sprintf("/debug/pprof/profile?seconds=%d", int(profiled.Seconds())))
		if err == nil {
			err = os.WriteFile(filepath.Join(r.profile, name+".pprof"), text, 0o644)
		}
		done <- err
	}()
	return done
}
