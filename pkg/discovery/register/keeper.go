package register

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/receiver/presence"
)

const (
	// attemptTimeout bounds one request to a registry.
	attemptTimeout = 5 * time.Second
	// firstPause is after what time a failed request is made again; it doubles, up to registry.every.
	firstPause = time.Second
)

// keeper keeps one entry in one registry.
type keeper struct {
	book    book
	section any // what the registry was made of, to be compared
	service *Service
	id      string
	lookup  func(string) (string, bool)
	log     *slog.Logger

	cancel context.CancelFunc
	ended  chan struct{}
	news   chan struct{} // holds one

	mu     sync.Mutex
	told   presence.Presence
	state  presence.Registration
	sticks bool // the registry may have the entry
}

// begin tells the registry, for the first time or again.
func (k *keeper) begin(ctx context.Context, p presence.Presence, first bool) {
	if !first {
		k.tell(p)
		return
	}
	k.told = p
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k.cancel, k.ended, k.news = cancel, make(chan struct{}), make(chan struct{}, 1)
	go func() {
		defer close(k.ended)
		k.run(ctx)
	}()
}

// tell changes what the registry is told.
func (k *keeper) tell(p presence.Presence) {
	k.mu.Lock()
	k.told = p
	k.mu.Unlock()
	k.again()
}

func (k *keeper) run(ctx context.Context) {
	var current entry
	known, pause := false, firstPause
	for {
		wait := k.book.every()
		err := k.step(ctx, &current, known)
		if ctx.Err() != nil {
			return
		}
		k.note(current, err)
		forgotten := known && errors.Is(err, errForgotten)
		known = err == nil || known && !forgotten
		switch {
		case err == nil:
			pause = firstPause
		case forgotten:
			wait = 0 // it is told at once
		default:
			wait = min(pause, wait)
			pause = 2 * wait
		}
		timer := time.NewTimer(jitter(wait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-k.news:
			known = false
			timer.Stop()
		case <-timer.C:
		}
	}
}

// jitter keeps many receivers from asking at the same moment.
func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Float64()*float64(d)/10) //nolint:gosec // no secret
}

// step makes the entry known, or confirms it.
func (k *keeper) step(ctx context.Context, current *entry, known bool) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	if known {
		err := k.book.confirm(ctx, *current)
		if err == nil || isTaken(err) {
			k.stick(err == nil)
		}
		return err
	}
	k.mu.Lock()
	told := k.told
	k.mu.Unlock()
	main, err := mainOf(told)
	if err != nil {
		return err
	}
	host, err := k.service.advertised(ctx, main, k.book.reached(), k.lookup)
	if err != nil {
		return err
	}
	e, err := k.service.entryOf(told, main, k.id, host)
	if err != nil {
		return err
	}
	e.situate(time.Now(), k.lookup)
	k.stick(true) // an answer may get lost
	if err := k.book.put(ctx, e); err != nil {
		return err
	}
	*current = e
	return nil
}

// stick notes whether the registry may have an entry that is this receiver's.
func (k *keeper) stick(may bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sticks = may
}

// note remembers how it goes, and logs what has changed.
func (k *keeper) note(e entry, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.state
	k.state.Registered, k.state.Address = err == nil, k.book.address()
	k.state.Error = ""
	if err != nil {
		k.state.Error = err.Error()
		k.state.Failures++
	} else {
		k.state.Advertised = e.addr()
	}
	if before.Registered != k.state.Registered || before.Since.IsZero() {
		k.state.Since = time.Now().UTC()
	}
	switch {
	case err == nil && (!before.Registered || before.Advertised != k.state.Advertised):
		k.log.Info("registered", "registry", k.book.kind(), "service", k.service.Name, "id", k.id, "address", e.addr())
	case err != nil && (before.Registered || before.Since.IsZero()):
		k.log.Warn("not registered: it is tried again and again", "registry", k.book.kind(), "address", k.book.address(), "error", err)
	}
}

func (k *keeper) registration() presence.Registration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

// again has the registry told once more what it was told, as it may have lost that unnoticed.
func (k *keeper) again() {
	select {
	case k.news <- struct{}{}:
	default: // it has not looked yet
	}
}

// sharesEntry reports whether another keeper writes to the same entry of the same registry.
func (k *keeper) sharesEntry(other *keeper) bool {
	return k.book.place(k.id) == other.book.place(other.id)
}

// end ends the keeping, and leaves the entry as it is.
func (k *keeper) end() {
	k.cancel()
	<-k.ended
	k.book.close()
}

// withdraw ends the keeping and makes the entry unknown. It reports whether anybody may have known it.
func (k *keeper) withdraw(ctx context.Context) bool {
	k.cancel()
	<-k.ended
	defer k.book.close()
	k.mu.Lock()
	sticks := k.sticks
	k.mu.Unlock()
	if !sticks {
		return false
	}
	err := k.book.remove(ctx, k.id)
	if err == nil {
		k.log.Info("deregistered", "registry", k.book.kind(), "service", k.service.Name, "id", k.id)
	} else {
		k.log.Warn("not deregistered: the registry forgets the receiver by itself", "registry", k.book.kind(), "address", k.book.address(), "id", k.id, "error", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.Registered, k.state.Since = false, time.Now().UTC()
	return true
}
