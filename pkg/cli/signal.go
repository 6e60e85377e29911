package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
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

// patient is interruptible for what tells in the end what has become of its work, even if it is not
// to be waited for: once ctx is cancelled, one more SIGINT or SIGTERM closes the channel, and does
// not kill. The one after that does. The returned context is cancelled when that is prepared.
func patient(ctx context.Context) (context.Context, <-chan struct{}, func()) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	giveUp := make(chan struct{})
	var waiting sync.WaitGroup
	released := make(chan struct{})
	waiting.Go(func() {
		select {
		case <-ctx.Done():
		case <-released:
			return
		}
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		defer signal.Stop(signals)
		stop()
		select {
		case <-signals:
			close(giveUp)
		case <-released:
		}
	})
	return running, giveUp, func() {
		close(released)
		waiting.Wait()
		stop()
	}
}
