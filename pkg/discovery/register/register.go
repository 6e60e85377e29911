// Package register makes a receiver known in service registries, as long as it takes requests. A registry that is away never
// holds the receiver up: it is asked again and again, and told when it has forgotten.
package register

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/otlpctl/otlpctl/receiver/presence"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// Plan is a Config that was found to work.
type Plan struct {
	keepers          []*keeper // none of them started
	propagationDelay time.Duration
}

// Prepare makes a Plan. It reads the files that the section names, and connects nowhere. listens is the address of the
// most important endpoint for OTLP, as it is configured, or empty if there is none; lookup returns environment
// variables. An error is of type Faults.
func Prepare(cfg Config, listens string, lookup func(string) (string, bool)) (*Plan, error) {
	plan := &Plan{propagationDelay: cfg.PropagationDelay}
	var faults Faults
	add := func(kind string, section any, t *tlsconf.Client, s *Service, r book, err error) {
		if err == nil {
			err = s.checkAddress(r.reached(), listens, lookup)
		}
		if err != nil {
			faults = append(faults, faultOf(kind, err))
			return
		}
		plan.keepers = append(plan.keepers, &keeper{book: r, section: made{section, digest(t)}, service: s, lookup: lookup})
	}
	if c := cfg.Consul; c != nil {
		r, err := newConsul(c)
		add("consul", *c, c.TLS, &c.Service, r, err)
	}
	if c := cfg.Etcd; c != nil {
		r, err := newEtcd(c)
		add("etcd", *c, c.TLS, &c.Service, r, err)
	}
	if c := cfg.Eureka; c != nil {
		r, err := newEureka(c)
		add("eureka", *c, c.TLS, &c.Service, r, err)
	}
	if faults != nil {
		plan.Discard()
		return nil, faults
	}
	return plan, nil
}

// made is what a keeper was made of.
type made struct {
	section any
	files   [sha256.Size]byte
}

// digest returns that of the files of a section tls, which may be nil: a certificate that is replaced is a change.
func digest(t *tlsconf.Client) [sha256.Size]byte {
	if t == nil {
		return [sha256.Size]byte{}
	}
	var all []byte
	for _, name := range t.Files() {
		text, _ := os.ReadFile(name) // who needs it has read it, or said why not
		sum := sha256.Sum256(text)
		all = append(all, sum[:]...)
	}
	return sha256.Sum256(all)
}

// Probe asks all registries of the Plan whether they are there.
func (p *Plan) Probe(ctx context.Context) error {
	var errs []error
	for _, k := range p.keepers {
		errs = append(errs, k.book.probe(ctx))
	}
	return errors.Join(errs...)
}

// Discard gives up a Plan that was never used.
func (p *Plan) Discard() {
	for _, k := range p.keepers {
		k.book.close()
	}
}

// Registrar keeps a receiver registered as a Plan says. It implements presence.Announcer.
type Registrar struct {
	log *slog.Logger
	// unique is the part of identifiers that is new with each start.
	unique string

	changing sync.Mutex // held by all that changes what is told
	leaving  departures

	mu   sync.Mutex
	plan *Plan
	told *presence.Presence // nil when it is not to be known
}

var _ presence.Announcer = (*Registrar)(nil)

// New returns a Registrar that has told nobody yet.
func New(plan *Plan, log *slog.Logger) *Registrar {
	r := &Registrar{log: log, unique: uuid.NewString(), plan: plan}
	r.equip(plan)
	return r
}

func (r *Registrar) equip(plan *Plan) {
	for _, k := range plan.keepers {
		k.log, k.id = r.log, k.service.ID
		if k.id == "" {
			k.id = k.service.Name + "-" + r.unique
		}
		k.state = presence.Registration{Registry: k.book.kind(), Address: k.book.address(), Service: k.service.Name, ID: k.id}
	}
}

// Announce makes the receiver known, or tells what has changed.
func (r *Registrar) Announce(ctx context.Context, p presence.Presence) {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.told == nil
	r.told = &p
	for _, k := range r.plan.keepers {
		k.begin(ctx, p, first)
	}
}

// Change makes another Plan the one in use. Registries that are in both, with nothing changed, keep what they have. What it begins outlives ctx.
func (r *Registrar) Change(ctx context.Context, plan *Plan) {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.equip(plan)
	before := r.plan.keepers
	r.plan = plan
	var fresh []*keeper
	for i, k := range plan.keepers {
		same := slices.IndexFunc(before, func(old *keeper) bool { return reflect.DeepEqual(old.section, k.section) })
		if same >= 0 {
			k.book.close()
			plan.keepers[i] = before[same]
			before = slices.Delete(slices.Clone(before), same, same+1)
			continue
		}
		fresh = append(fresh, k)
	}
	if r.told == nil {
		for _, old := range before {
			old.book.close()
		}
		return
	}
	for _, old := range before {
		if slices.ContainsFunc(fresh, old.sharesEntry) {
			old.end() // its entry is about to be changed, and never gone
			continue
		}
		r.leave(ctx, old)
	}
	for _, k := range fresh {
		k.begin(ctx, *r.told, true)
	}
}

// leave takes the receiver out of a registry in the background. It may be the same one, by another name, that is in use, which is
// told again then.
func (r *Registrar) leave(ctx context.Context, left *keeper) {
	r.leaving.begin(ctx, func(ctx context.Context) {
		left.withdraw(ctx)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.told == nil {
			return
		}
		for _, k := range r.plan.keepers {
			if k.id == left.id && k.book.kind() == left.book.kind() {
				k.again()
			}
		}
	})
}

// Withdraw makes the receiver unknown.
func (r *Registrar) Withdraw(ctx context.Context) time.Duration {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.Lock()
	plan, told := r.plan, r.told
	r.told = nil
	r.mu.Unlock()
	if told == nil {
		return 0
	}
	var all sync.WaitGroup
	var known atomic.Bool
	for _, k := range plan.keepers {
		all.Go(func() {
			if k.withdraw(ctx) {
				known.Store(true)
			}
		})
	}
	all.Wait()
	r.leaving.wait(ctx)
	if known.Load() {
		return plan.propagationDelay
	}
	return 0
}

// Registrations says how it goes, with each registry.
func (r *Registrar) Registrations() []presence.Registration {
	r.mu.Lock()
	keepers := slices.Clone(r.plan.keepers)
	r.mu.Unlock()
	all := make([]presence.Registration, len(keepers))
	for i, k := range keepers {
		all[i] = k.registration()
	}
	return all
}
