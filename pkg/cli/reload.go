package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/discovery/register"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
)

// lookInterval is how often files are looked at. A change takes effect once they
// have been the same for that long.
const lookInterval = time.Second

// reloader changes the configuration of a running receiver: on SIGHUP, when a file
// has changed, and when the admin port is asked to.
type reloader struct {
	load      func() (config.Loaded, error)
	log       *slog.Logger
	receiver  *receiver.Receiver
	registrar *register.Registrar

	watcher *config.Watcher

	mu     sync.Mutex // one at a time
	loaded config.Loaded
	watch  []string
}

// hangUps returns a channel for SIGHUP, which does not end the process from now on
// until the returned function is called.
func hangUps() (<-chan os.Signal, func()) {
	hups := make(chan os.Signal, 1)
	signal.Notify(hups, syscall.SIGHUP)
	return hups, func() { signal.Stop(hups) }
}

// run returns when ctx ends. hangUp is called when SIGHUP says that the terminal
// has been closed which the process was started on.
func (r *reloader) run(ctx context.Context, s term.Streams, hups <-chan os.Signal, hangUp func()) {
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		r.watcher.Watch(ctx, lookInterval, r.watched, func(ctx context.Context) {
			r.log.Info("a configuration file has changed")
			_ = r.reload(ctx) // it has said so
		})
	})
	for {
		select {
		case <-ctx.Done():
			return
		case <-hups:
			if s.HungUp() {
				hangUp()
				return
			}
			_ = r.reload(ctx) // it has said so
		}
	}
}

// watched returns the files that a change of the configuration can come from, or
// none if that is switched off.
func (r *reloader) watched() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded.Config.Service.Reload.Watch {
		return nil
	}
	return r.watch
}

// reload reads the configuration and puts it into use. What is wrong is logged,
// and the one in use stays.
func (r *reloader) reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	loaded, err := r.load()
	if err == nil {
		err = r.use(ctx, loaded)
	}
	r.receiver.Reloaded(err)
	if err != nil {
		r.watch = filesOf(r.loaded, loaded) // such as a certificate that is still to come
		r.complain(err)
		return err
	}
	r.loaded, r.watch = loaded, filesOf(loaded)
	return nil
}

// use makes a configuration the one in use.
func (r *reloader) use(ctx context.Context, loaded config.Loaded) error {
	warn(r.log, loaded.Warnings)
	plan, err := planDiscovery(loaded)
	if err != nil {
		return err
	}
	if err := r.receiver.Reload(ctx, loaded.Config, loaded.Hash); err != nil {
		plan.Discard()
		return placed(loaded, err)
	}
	r.registrar.Change(ctx, plan)
	return nil
}

func warn(log *slog.Logger, warnings config.Warnings) {
	for _, w := range warnings {
		log.Warn("configuration", "at", w.Position.String(), "key", w.Path, "problem", w.Problem, "hint", w.Hint)
	}
}

// placed returns what is wrong with a configuration that was loaded as faults in its
// files, where that is known.
func placed(loaded config.Loaded, err error) error {
	var all config.Errors
	for _, f := range receiver.Faults(err) {
		all = append(all, loaded.Finding(f.Path, f.Problem, f.Hint))
	}
	if all == nil {
		return err
	}
	return all
}

// complain logs why the configuration in use stays, a line for each fault.
func (r *reloader) complain(err error) {
	const message = "configuration not changed: the one in use stays"
	faults, ok := errors.AsType[config.Errors](err)
	if !ok {
		r.log.Error(message, "error", err)
	}
	for _, fault := range faults {
		r.log.Error(message, "at", fault.Position.String(), "key", fault.Path, "problem", fault.Problem, "hint", fault.Hint)
	}
}

// filesOf returns every file that configurations depend on.
func filesOf(all ...config.Loaded) []string {
	var files []string
	for _, loaded := range all {
		files = slices.Concat(files, loaded.Watch, loaded.Config.Files(), loaded.Discovery.Files())
	}
	return files
}
