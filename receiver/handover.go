package receiver

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/otlpctl/otlpctl/receiver/export/database"
	"github.com/otlpctl/otlpctl/receiver/export/file"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// handover is an exporter to a file that another exporter still writes to. It
// opens the file when that one has closed it: no file is open twice.
type handover struct {
	location string
	open     func() (pipeline.Exporter, error)
	ready    chan struct{} // closed when the file is free

	mu       sync.Mutex
	begun    bool // after has been called, or is about to be
	exporter pipeline.Exporter
	shown    atomic.Pointer[pipeline.Exporter] // exporter, for who must not wait
}

// begin says that after will be called.
func (h *handover) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun = true
}

// after opens the way once the channel is closed, or ctx ends: then nobody writes.
// Without a channel, nobody does already.
func (h *handover) after(ctx context.Context, closed <-chan struct{}) {
	if closed != nil {
		select {
		case <-closed:
		case <-ctx.Done():
		}
	}
	close(h.ready)
}

// Export waits for the file. Until it can be opened, what is to be written stays
// in the queue.
func (h *handover) Export(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	select {
	case <-h.ready:
	case <-ctx.Done():
		return pipeline.Partial{}, &pipeline.RetryableError{Err: ctx.Err()}
	}
	e, err := h.opened()
	if err != nil {
		return pipeline.Partial{}, &pipeline.RetryableError{Err: err}
	}
	return e.Export(ctx, b)
}

func (h *handover) opened() (pipeline.Exporter, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.exporter != nil {
		return h.exporter, nil
	}
	e, err := h.open()
	if err != nil {
		return nil, err
	}
	h.exporter = e
	h.shown.Store(&e)
	return e, nil
}

// Unwrap returns the exporter that has the file open, or nil. It does not wait.
func (h *handover) Unwrap() pipeline.Exporter {
	if e := h.shown.Load(); e != nil {
		return *e
	}
	return nil
}

// Close closes the file. If it never came to open it, it waits until it could
// have: whoever is next takes the file for free then.
func (h *handover) Close(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.exporter != nil:
		return h.exporter.Close(ctx)
	case h.begun:
		select {
		case <-h.ready:
		case <-ctx.Done():
		}
	}
	return nil
}

// location returns the file that an exporter of the generation writes to, or nothing.
func (g *generation) location(id ID) string {
	return locationOf(g.cfg.Exporters[id])
}

// locationOf returns the file that an exporter writes to, or nothing.
func locationOf(c ExporterConfig) string {
	if located, ok := c.(interface{ Location() string }); ok {
		return located.Location()
	}
	return ""
}

// holder returns the exporter of the generation that has a file open.
func (g *generation) holder(location string) (ID, bool) {
	for _, id := range g.cfg.usedExporters() {
		if g.location(id) == location {
			return id, true
		}
	}
	return "", false
}

// file makes an exporter to a file, at once or when the file is free. What is in
// the file by then was written by this process and stays.
func (b *builder) file(c file.Config, log *slog.Logger) (pipeline.Exporter, error) {
	if b.free(c.Location()) {
		return file.New(c, log)
	}
	location := c.Location()
	c.Append = true
	return newHandover(location, func() (pipeline.Exporter, error) { return file.New(c, log) }), nil
}

// database makes an exporter to a server, or to a file as file does.
func (b *builder) database(c database.Config, log *slog.Logger) (pipeline.Exporter, error) {
	if location := c.Location(); location != "" && !b.free(location) {
		return newHandover(location, func() (pipeline.Exporter, error) { return database.New(c, log) }), nil
	}
	return database.New(c, log)
}

// free reports whether no exporter has a file open.
func (b *builder) free(location string) bool {
	_, held := b.before.holder(location)
	return !held && b.leaving.file(location) == nil
}

func newHandover(location string, open func() (pipeline.Exporter, error)) *handover {
	return &handover{location: location, ready: make(chan struct{}), open: open}
}
