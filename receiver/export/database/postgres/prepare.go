package postgres

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxPreparation bounds an attempt to bring the tables to this version. It may take longer than
// a batch waits: large tables take a while to change.
const maxPreparation = 30 * time.Minute

var errPreparing = errors.New("waited in vain for the tables: they are being made or changed, or the server does not answer")

// preparation is what comes before the first batch. It goes on while batches come and go.
type preparation struct {
	mu    sync.Mutex
	ready bool
	ended chan struct{} // closed when the attempt that is under way has ended; nil if none is
	err   error         // of the last attempt
}

// prepared waits until the tables are of this version, and begins to make them so if nobody does.
func (e *Exporter) prepared(ctx context.Context) error {
	p := &e.preparation
	p.mu.Lock()
	if p.ready {
		p.mu.Unlock()
		return nil
	}
	if p.ended == nil {
		p.ended = make(chan struct{})
		e.background(ctx, e.prepare)
	}
	ended := p.ended
	p.mu.Unlock()
	select {
	case <-ended:
	case <-ctx.Done():
		return errors.Join(errPreparing, ctx.Err())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// unprepared is for when tables turn out to be gone.
func (e *Exporter) unprepared() {
	e.preparation.mu.Lock()
	defer e.preparation.mu.Unlock()
	e.preparation.ready = false
}

// prepare makes one attempt.
func (e *Exporter) prepare(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, maxPreparation)
	defer cancel()
	var encoding string
	err := e.use(limited, func(ctx context.Context, conn *session) error {
		encoding = conn.ParameterStatus("server_encoding")
		if err := upgrade(ctx, conn); err != nil {
			return err
		}
		all, err := list(ctx, conn)
		if err == nil {
			e.partitions.learn(all)
		}
		return err
	})
	p := &e.preparation
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready, p.err = err == nil, err
	close(p.ended)
	p.ended = nil
	if p.ready {
		e.tending.Do(func() {
			e.warnOfEncoding(encoding)
			e.background(ctx, e.tend)
		})
	}
}
