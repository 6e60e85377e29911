package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/ready"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// intake is what both transports do with a request. One intake serves one of them.
type intake struct {
	pool     *pipeline.Pool
	budget   *Budget
	routes   *Routes
	ready    *ready.State
	log      *slog.Logger
	limit    int // bytes of a message, before and after decompression
	stats    *stats
	inflater inflater
	calls    sync.Pool   // *call
	stopping atomic.Bool // requests are being ended
}

// call is one request from its headers to its answer. Everything that it holds
// is given back by end, whatever happened in between.
type call struct {
	in     *intake
	signal wire.Signal
	route  *pipeline.Route
	began  time.Time
	limit  int
	json   bool
	coding compression.Algorithm
	group  string
	held   reservation

	body    slab // as it came
	plain   slab // decompressed
	encoded slab // translated or cleaned
	payload pipeline.Payload
	receipt *receipt // gRPC: the message being received
}

// begin starts the life of a request of the signal.
func (in *intake) begin(sig wire.Signal) *call {
	c, ok := in.calls.Get().(*call)
	if !ok {
		c = &call{in: in}
	}
	c.signal, c.route, c.began, c.limit = sig, in.routes.route(sig), time.Now(), in.limit
	c.held.budget = in.budget
	return c
}

// end gives back what the request holds and books its outcome.
func (c *call) end(refused *fault) {
	s := c.stats()
	if refused != nil {
		s.refused[refused.cause].Add(1)
	}
	s.latency.Observe(time.Since(c.began))
	c.body.free(c)
	c.plain.free(c)
	c.encoded.free(c)
	c.held.release()
	r := c.receipt
	if r != nil && r.armed {
		r.stop() // after a panic
	}
	*c = call{in: c.in, receipt: r}
	if r == nil || !r.fired {
		c.in.calls.Put(c)
	}
}

// admit decides whether the request is worth listening to.
func (c *call) admit() error {
	if c.route == nil {
		return fail(notFound, "no pipeline takes %s here", c.signal)
	}
	return c.route.Overloaded()
}

// fits decides whether a body of the given size, as it comes, is worth reading.
func (c *call) fits(size int) error {
	if size > c.limit {
		return tooLarge("the request is %d bytes long; up to %d are accepted", size, c.limit)
	}
	return c.held.check(size)
}

// take checks the request in c.body and hands it to the pipelines. It returns
// the client's answer, or why the request was refused.
func (c *call) take(ctx context.Context) (result, error) {
	c.stats().wireBytes.Add(int64(len(c.body.bytes())))
	current, lone, err := c.open()
	if err != nil {
		return result{}, err
	}
	empty := !c.json || string(bytes.TrimSpace(current.bytes())) == "{}"
	if c.json {
		if err := c.translate(current); err != nil {
			return result{}, err
		}
		current = &c.encoded
	}
	scan := wire.Scan
	if c.json {
		scan = wire.Count // it is our own encoding
	}
	report, err := scan(c.signal, current.bytes())
	if err != nil {
		return result{}, err
	}
	var answer result
	if !report.Clean() {
		lone = false
		if current, err = c.clean(current, &report); err != nil {
			return result{}, err
		}
	}
	c.remark(&answer, &report, empty)
	if report.Items == 0 {
		c.book(0, answer.rejected, len(current.bytes()))
		return answer, nil
	}
	if err := c.consume(ctx, current, lone, report.Items, &answer); err != nil {
		return result{}, err
	}
	return answer, nil
}

// remark adds to the answer what the client should know about a valid request.
// empty says that it is one which is plainly meant to hold nothing.
func (c *call) remark(answer *result, report *wire.Report, empty bool) {
	switch noun := strings.ReplaceAll(c.signal.ItemNoun(), "_", " "); {
	case report.Invalid > 0:
		answer.add(int64(report.Invalid), fmt.Sprintf("%d of %d %s were rejected: %s", report.Invalid, report.Invalid+report.Items, noun, report.Reason))
	case report.Stripped > 0:
		answer.add(0, fmt.Sprintf("%s (%d times)", report.Reason, report.Stripped))
	case report.Items == 0 && !empty:
		// Unknown keys must be ignored, so that a misspelt one swallows all that
		// is below it: do not let that pass in silence.
		answer.add(0, fmt.Sprintf("the request holds no %s: keys other than those of OTLP/JSON, such as %q, are ignored", noun, c.signal.Request().Fields()[0].Name))
	}
}

// open decompresses the body. lone says that the body is the single gzip member
// of what it returns, and worth keeping.
func (c *call) open() (current *slab, lone bool, err error) {
	if c.coding == compression.None {
		return &c.body, false, nil
	}
	if lone, err = c.in.inflater.inflate(c); err != nil {
		return nil, false, err
	}
	lone = lone && !c.json && c.route.KeepsGzip()
	if !lone {
		c.body.free(c)
	}
	return &c.plain, lone, nil
}

// translate fills c.encoded with the wire encoding of a JSON document.
func (c *call) translate(document *slab) error {
	size := len(document.bytes())
	b, err := c.translateInto(document, size/2)
	if errors.Is(err, otlpjson.ErrTooLong) { // arrays of numbers, mostly
		c.encoded.free(c)
		b, err = c.translateInto(document, otlpjson.MaxGrowth*size)
	}
	switch {
	case errors.Is(err, otlpjson.ErrTooLong) || err == nil && len(b) > c.limit:
		return tooLarge("the request is larger than %d bytes as protobuf", c.limit)
	case err != nil:
		return err
	}
	document.free(c)
	into := c.encoded.buf
	if cap(b) == cap(*into) {
		*into = b
		return nil
	}
	// It grew before it was found to be too long, and b is a buffer from elsewhere.
	c.encoded.free(c)
	if err := c.held.grow(cap(b)); err != nil {
		return err
	}
	c.encoded.buf = &b
	return nil
}

// translateInto returns the wire encoding of a JSON document in the memory of
// c.encoded, of which it reserves size bytes. It fails with otlpjson.ErrTooLong
// if they are not enough.
func (c *call) translateInto(document *slab, size int) ([]byte, error) {
	if err := c.encoded.grow(c, min(size, c.limit)); err != nil {
		return nil, err
	}
	into := *c.encoded.buf
	return otlpjson.AppendWireWithin(into[:0], c.signal, document.bytes(), cap(into))
}

// clean moves the request to a buffer without what the report found invalid.
func (c *call) clean(from *slab, report *wire.Report) (*slab, error) {
	var to slab
	if err := to.grow(c, len(from.bytes())); err != nil {
		return nil, err
	}
	*to.buf = wire.Clean((*to.buf)[:0], c.signal, from.bytes(), report)
	from.free(c)
	c.encoded = to
	return &c.encoded, nil
}

// consume hands the request on and adds what the backend says, if it is asked.
func (c *call) consume(ctx context.Context, from *slab, lone bool, items int, answer *result) error {
	c.payload = pipeline.Payload{Signal: c.signal, Items: items, Group: c.group}
	if lone {
		c.payload.Gzip = c.body.detach(c)
		defer c.payload.Gzip.Free()
	}
	size := len(from.bytes())
	c.payload.Data = from.detach(c)
	defer c.payload.Data.Free()
	partial, err := c.route.Consume(ctx, &c.payload)
	if err != nil {
		return err
	}
	answer.add(partial.Rejected, partial.Message)
	c.book(int64(items)-max(partial.Rejected, 0), answer.rejected, size)
	return nil
}

// book counts an accepted request.
func (c *call) book(items, rejected int64, size int) {
	s := c.stats()
	s.requests.Add(1)
	s.items.Add(items)
	s.rejected.Add(rejected)
	s.bytes.Add(int64(size))
}

func (c *call) stats() *signalStats { return &c.in.stats.signals[c.signal] }

// panicked logs a panic while a request was handled: a mistake of ours, which
// costs that request and no other.
func (in *intake) panicked(p any) *fault {
	in.log.Error("panic while handling a request", "panic", p, "stack", string(debug.Stack()))
	return &fault{cause: internal, message: "internal error"}
}
