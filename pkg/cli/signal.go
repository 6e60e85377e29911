package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// surviveBrokenPipes keeps the process alive when what reads its output has gone: writing fails then,
// as to any other file. By default that kills without a word, and with it everything that is queued.
// The returned function restores the default.
func surviveBrokenPipes() func() {
	signal.Ignore(syscall.SIGPIPE)
	return func() { signal.Reset(syscall.SIGPIPE) }
}

// interruptible returns a context that the first SIGINT or SIGTERM cancels. By the time it is
// cancelled signals have their default effect again, so that a second one kills a process that is
// slow to stop. The returned function releases the signals.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			signal.Stop(signals)
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}

// drainSignals are those for a receiver that drains: it tells in the end what has become of everything, even if
// nobody wants to wait for it.
type drainSignals struct {
	// apart is how long after the drain has begun a signal is a wish of its own. Those that come sooner
	// belong to what began it: a terminal and a parent process may both pass on the same one.
	apart time.Duration
	// offer is called if the drain takes a while, to say how to end that.
	offer func()

	signals chan os.Signal
	ended   chan struct{}
}

// offered is how long a drain takes before is said how to end it.
const offered = time.Second

// hold keeps SIGINT and SIGTERM from killing, until release is called. It is for when a receiver runs.
func (d *drainSignals) hold() (release func()) {
	d.signals, d.ended = make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(d.signals, os.Interrupt, syscall.SIGTERM)
	return func() {
		signal.Stop(d.signals)
		close(d.ended)
	}
}

// draining is called when the drain begins. The next signal closes the channel that it returns, and
// does not kill. The one after that does.
func (d *drainSignals) draining() <-chan struct{} {
	giveUp := make(chan struct{})
	began := time.Now()
	select {
	case <-d.signals: // the one that has begun it, unless something else did
	default:
	}
	go func() {
		offer := time.NewTimer(offered)
		defer offer.Stop()
		for {
			select {
			case <-d.ended:
				return
			case <-offer.C:
				d.offer()
			case <-d.signals:
				if time.Since(began) < d.apart {
					continue
				}
				signal.Stop(d.signals)
				close(giveUp)
				return
			}
		}
	}()
	return giveUp
}
