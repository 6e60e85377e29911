package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
)

// typeDelete is that of an entry that is gone, by hand or with its lease.
const typeDelete = "DELETE"

// event is the change of an entry. A new value has no type.
type event struct {
	Type string   `json:"type"`
	KV   KeyValue `json:"kv"`
}

// errCompacted says that etcd has forgotten the changes that were asked for.
var errCompacted = errors.New("the changes since have been compacted")

// message is one of those that a watch consists of.
type message struct {
	Result struct {
		Canceled        bool    `json:"canceled"`
		CancelReason    string  `json:"cancel_reason"`
		CompactRevision int64   `json:"compact_revision,string"`
		Events          []event `json:"events"`
	} `json:"result"`
	Error *struct {
		HTTPCode int    `json:"http_code"`
		Message  string `json:"message"`
	} `json:"error"`
}

func (m message) fault() error {
	switch {
	case m.Error != nil:
		return &registry.StatusError{Code: m.Error.HTTPCode, Text: m.Error.Message}
	case m.Result.CompactRevision > 0:
		return errCompacted
	case m.Result.Canceled:
		return fmt.Errorf("etcd has ended the watch: %s", m.Result.CancelReason)
	}
	return nil
}

// changes calls apply with the changes of keys since a revision, in their order, until it fails, etcd does, or ctx ends.
func (g *Gateway) changes(ctx context.Context, of keys, since int64, apply func([]event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, err := g.open(ctx, of, since)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	messages := make(chan message, backlog)
	broken := make(chan error, 1)
	go func() { broken <- read(ctx, body, messages) }()
	silence := time.NewTimer(longestSilence)
	defer silence.Stop()
	for {
		select {
		case <-silence.C:
			return context.DeadlineExceeded
		case m := <-messages:
			silence.Reset(longestSilence)
			if err := applyAll(m, messages, apply); err != nil {
				return err
			}
		case err := <-broken:
			for len(messages) > 0 { // what came before the break
				if err := applyAll(<-messages, messages, apply); err != nil {
					return err
				}
			}
			return err
		}
	}
}

// longestSilence is how long etcd may say nothing: every ten minutes it says how far it is, even if nothing has changed.
const longestSilence = 15 * time.Minute

// backlog is how many messages may wait to be applied.
const backlog = 64

// applyAll applies a message together with those that have come meanwhile: a thousand changes make few lists.
func applyAll(m message, more <-chan message, apply func([]event) error) error {
	var events []event
	for {
		if err := m.fault(); err != nil {
			return err
		}
		events = append(events, m.Result.Events...)
		select {
		case m = <-more:
		default:
			return apply(events)
		}
	}
}

func read(ctx context.Context, body io.Reader, to chan<- message) error {
	for lines := json.NewDecoder(body); ; {
		var m message
		if err := lines.Decode(&m); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return errors.New("etcd has closed the connection")
			}
			return registry.Garbled(err)
		}
		select {
		case to <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// open starts a watch. Its first message comes at once; what follows may take any time.
func (g *Gateway) open(ctx context.Context, of keys, since int64) (io.ReadCloser, error) {
	type create struct {
		keys
		Since    int64 `json:"start_revision,string"`
		Progress bool  `json:"progress_notify"`
	}
	request, err := g.request(ctx, "watch", map[string]create{"create_request": {of, since, true}})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(registry.AnswerTimeout, func() { cancel(context.DeadlineExceeded) })
	defer timer.Stop()
	answer, err := g.HTTP.Do(request.WithContext(ctx))
	if err != nil {
		if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			err = context.DeadlineExceeded
		}
		cancel(nil)
		return nil, err
	}
	if err := registry.Refusal(answer); err != nil {
		_ = answer.Body.Close()
		cancel(nil)
		return nil, err
	}
	return answer.Body, nil // which the context outlives: it ends with its parent
}
