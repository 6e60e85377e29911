package balanced

import (
	"context"
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// answers is what the registry has said.
type answers struct {
	first chan struct{} // closed with the first answer

	mu       sync.Mutex
	told     bool
	at       time.Time
	err      error
	none     bool // there was nobody in the last one
	count    int64
	failures int64
}

// tell takes an answer of the registry.
func (e *Exporter) tell(ctx context.Context, a resolve.Answer) {
	e.balancer.Update(a.Instances)
	if err := e.clients.want(ctx, a.Instances); err != nil {
		e.deps.Log.Warn("connection to an instance that is gone was not closed cleanly", "error", err)
	}
	e.note(a)
}

// note keeps an answer, and logs what has changed.
func (e *Exporter) note(a resolve.Answer) {
	s := &e.answers
	s.mu.Lock()
	defer s.mu.Unlock()
	log, instances := e.deps.Log.With("endpoint", e.deps.Name), len(a.Instances)
	switch {
	case a.Err != nil && s.err == nil:
		log.Warn("the registry cannot be asked, what it said last stays in use", "instances", instances, "error", a.Err)
	case a.Err == nil && s.err != nil:
		log.Info("the registry answers again", "instances", instances)
	case a.Err == nil && instances == 0 && !s.none:
		log.Warn("the registry knows no instances")
	case a.Err == nil && instances > 0 && s.none:
		log.Info("the registry knows instances again", "instances", instances)
	}
	s.at, s.err, s.none = a.At, a.Err, instances == 0
	if a.Err != nil {
		s.failures++
	} else {
		s.count++
	}
	if !s.told {
		s.told = true
		close(s.first)
	}
}

// problem returns why the registry cannot be asked now, or nil.
func (s *answers) problem() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Discovered returns what is known of the instances, with up to most of them.
func (e *Exporter) Discovered(most int) pipeline.Discovered {
	d := pipeline.Discovered{State: e.balancer.State(most), Source: e.deps.Name, Failovers: e.failovers.Load()}
	s := &e.answers
	s.mu.Lock()
	defer s.mu.Unlock()
	d.At, d.Answers, d.Failures = s.at, s.count, s.failures
	if s.err != nil {
		d.Problem = s.err.Error()
	}
	return d
}
