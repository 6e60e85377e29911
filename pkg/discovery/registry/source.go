// Package registry has what the clients of all registries have in common: the form of their URLs, how a registry is followed
// that goes away and comes back, and what is said then. It knows no registry.
package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// Watch asks a registry for the instances of one service, and goes on asking. It calls found with all that there are each time
// it has asked, whether or not that is a change, and returns why it can ask no more: it does not try again by itself.
type Watch func(ctx context.Context, found func([]resolve.Instance)) error

// Source follows a service. It asks a registry again that was away, with pauses that grow to ten seconds, and holds on to the
// last list meanwhile.
type Source struct {
	// Name is that of the service, in errors.
	Name   string
	Watch  Watch
	Choice Choice
}

// Follow is what resolve.Source wants. Each call asks the registry by itself.
func (s *Source) Follow(ctx context.Context, tell func(resolve.Answer)) {
	f := following{name: s.Name, choice: s.Choice, tell: tell}
	var again backoff
	for ctx.Err() == nil {
		began := time.Now()
		err := s.Watch(ctx, func(all []resolve.Instance) { f.found(ctx, all) })
		f.failed(ctx, err)
		// What breaks again as soon as it works is not asked more often than what does not work.
		if time.Since(began) >= longestPause {
			again.reset()
		}
		again.wait(ctx)
	}
}

// following is what is known while a service is followed.
type following struct {
	name   string
	choice Choice
	tell   func(resolve.Answer)
	last   resolve.Answer
	told   bool
}

// found tells a list if it is new, or the first after an outage.
func (f *following) found(ctx context.Context, all []resolve.Instance) {
	instances := f.choice.choose(all)
	change := !f.told || f.last.Err != nil || !same(instances, f.last.Instances)
	f.last = resolve.Answer{Instances: instances, At: time.Now()}
	if change {
		f.say(ctx)
	}
}

// failed tells an outage, once as long as it has the same reason.
func (f *following) failed(ctx context.Context, err error) {
	if err == nil {
		err = errors.New("the registry has ended the conversation")
	}
	err = fmt.Errorf("find %s: %w", f.name, err)
	if f.told && f.last.Err != nil && f.last.Err.Error() == err.Error() {
		return
	}
	f.last.Err = err
	f.say(ctx)
}

func (f *following) say(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	f.told = true
	f.tell(f.last)
}
