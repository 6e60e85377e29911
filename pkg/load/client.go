package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/resolve"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Client sends requests to the target of their signal. It is safe for concurrent use.
type Client struct {
	// Taken is told of each request, or piece of one, of which items were accepted: so many. The request is valid
	// during the call. Nil is nobody.
	Taken func(sig wire.Signal, request []byte, accepted int)

	lines map[wire.Signal]*line
	all   []*line
}

// line is a target with what sends there.
type line struct {
	target   Target
	exporter pipeline.Exporter
}

// NewClient makes what sends to the targets, and connects nowhere. find opens the sources of endpoints that name a
// service.
func NewClient(ctx context.Context, targets map[wire.Signal]Target, find resolve.Open) (*Client, error) {
	c := &Client{lines: map[wire.Signal]*line{}}
	for _, sig := range Signals() {
		target, wanted := targets[sig]
		if !wanted {
			continue
		}
		if c.lines[sig] = c.shared(target); c.lines[sig] != nil {
			continue
		}
		exporter, err := target.exporter(ctx, sig, find)
		if err != nil {
			return nil, errors.Join(err, c.Close(ctx))
		}
		c.lines[sig] = &line{target, exporter}
		c.all = append(c.all, c.lines[sig])
	}
	return c, nil
}

// shared returns the line to the same target that another signal has, or nil.
func (c *Client) shared(target Target) *line {
	for _, l := range c.all {
		if !target.Exact && reflect.DeepEqual(l.target, target) {
			return l
		}
	}
	return nil
}

func (t *Target) exporter(ctx context.Context, sig wire.Signal, find resolve.Open) (pipeline.Exporter, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	return receiver.NewExporter(ctx, t.config(sig), receiver.Deps{Log: slog.New(slog.DiscardHandler), Resolve: find})
}

// Close ends the connections.
func (c *Client) Close(ctx context.Context) error {
	var errs []error
	for _, l := range c.all {
		errs = append(errs, l.exporter.Close(context.WithoutCancel(ctx)))
	}
	return errors.Join(errs...)
}

// Send sends a request that holds so many items, in pieces if it is large, and returns what came of it. It goes on
// behind a partial success, and ends with the first piece that was not taken.
func (c *Client) Send(ctx context.Context, sig wire.Signal, request []byte, items int) Answer {
	l := c.lines[sig]
	if l == nil {
		return Answer{Err: fmt.Errorf("there is no target for %s", sig)}
	}
	send := func(request []byte, items int) Answer {
		answer := l.send(ctx, sig, request, items)
		if c.Taken != nil && answer.Accepted > 0 {
			c.Taken(sig, request, answer.Accepted)
		}
		return answer
	}
	if most := l.target.mostBytes(); len(request) > most {
		return inPieces(sig, request, most, send)
	}
	return send(request, items)
}

// errStopped ends the pieces of a request behind one that was not taken.
var errStopped = errors.New("not taken")

func inPieces(sig wire.Signal, request []byte, most int, send func(piece []byte, items int) Answer) Answer {
	var sum Answer
	err := wire.Split(sig, request, wire.Limit{Bytes: most}, func(piece []byte, items int) error {
		sum.Add(send(piece, items))
		if sum.Err != nil {
			return errStopped
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStopped) {
		sum.Err = err
	}
	return sum
}

// send sends one request. Whoever asks to wait is waited for, as long as the timeout allows.
func (l *line) send(ctx context.Context, sig wire.Signal, request []byte, items int) Answer {
	if l.target.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.target.Timeout)
		defer cancel()
	}
	batch := &pipeline.Batch{
		Signal: sig, Items: items, Bytes: len(request), Parts: []pipeline.Part{{Data: mem.SliceBuffer(request)}},
	}
	for {
		partial, err := l.exporter.Export(ctx, batch)
		busy, again := errors.AsType[*pipeline.RetryableError](err)
		if !again || busy.After == 0 || !pause(ctx, busy.After) {
			return answerTo(items, partial, err)
		}
	}
}

// pause waits for d, unless ctx ends before that: then it returns false at once.
func pause(ctx context.Context, d time.Duration) bool {
	if end, bounded := ctx.Deadline(); bounded && time.Until(end) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

const (
	// mostBytes is how large a request becomes: servers of gRPC take 4 MiB unless they are told otherwise.
	mostBytes = 3 << 20
	// mostBytesJSON is the same for JSON, which has several times as many for the same telemetry.
	mostBytesJSON = 1 << 20
)

func (t *Target) mostBytes() int {
	if t.By() == HTTPJSON {
		return mostBytesJSON
	}
	return mostBytes
}
