package pipeline

import (
	"errors"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Limits is when a lane's open batch is sent, and how large it may become.
// The zero value sends each request by itself.
type Limits struct {
	Timeout  time.Duration
	MinItems int
	MinBytes int
	MaxItems int
	MaxBytes int
	// MaxGroups bounds how many groups may have an open batch; zero is no bound.
	MaxGroups int
}

// BatchLimits returns the limits that processors.batch asks for.
func BatchLimits(c BatchConfig) Limits {
	l := Limits{
		Timeout: c.Timeout, MinItems: c.SendBatchSize, MinBytes: c.SendBatchBytes, MaxItems: c.SendBatchMaxSize,
		MaxGroups: c.MetadataCardinalityLimit,
	}
	if c.Timeout == 0 {
		l.MinItems, l.MinBytes = 0, 0
	}
	return l
}

// QueueLimits returns the limits that sending_queue.batch asks for.
func QueueLimits(c *QueueBatchConfig) Limits {
	switch {
	case c == nil:
		return Limits{}
	case c.Sizer == Bytes:
		return Limits{Timeout: c.FlushTimeout, MinBytes: c.MinSize, MaxBytes: c.MaxSize}
	default:
		return Limits{Timeout: c.FlushTimeout, MinItems: c.MinSize, MaxItems: c.MaxSize}
	}
}

// full reports whether a batch need not wait for more.
func (l *Limits) full(b *Batch) bool {
	return l.Timeout == 0 || l.MinItems > 0 && b.Items >= l.MinItems || l.MinBytes > 0 && b.Bytes >= l.MinBytes ||
		l.MinItems == 0 && l.MinBytes == 0
}

// exceeds reports whether items and bytes are more than one batch may hold.
func (l *Limits) exceeds(items, bytes int) bool {
	return l.MaxItems > 0 && items > l.MaxItems || l.MaxBytes > 0 && bytes > l.MaxBytes
}

const (
	// swellBy is how many times the memory of a request its pieces may take, if
	// that is more than swellTo. Each piece repeats what stands around its items:
	// without a bound, a large resource with many tiny items would fill any memory,
	// and the way to a backend.
	swellBy = 4
	swellTo = 16 << 20
	// perPiece is what a piece takes beside its buffer.
	perPiece = 256
)

var errSwollen = errors.New("the pieces take too much memory")

// split cuts p into payloads within the limits. tooLarge counts the items that
// exceed maxRequest by themselves and are in none of them. If the pieces would
// take far more memory than p, they are larger than the limits say, and fewer; at
// worst p is left whole, or is too large as a whole. The payloads' buffers are the
// caller's to free.
func (l *Limits) split(p *Payload, maxRequest int, pool mem.BufferPool) (pieces []Payload, tooLarge int, err error) {
	limit := wire.Limit{Items: l.MaxItems, Bytes: l.MaxBytes}
	for again := true; again; {
		pieces, tooLarge, err = cut(p, limit, maxRequest, pool)
		if !errors.Is(err, errSwollen) {
			return pieces, tooLarge, err
		}
		done := tooLarge
		for i := range pieces {
			done += pieces[i].Items
		}
		freeAll(pieces)
		again = widen(&limit, p, done, maxRequest)
	}
	if maxRequest > 0 && p.Data.Len() > maxRequest {
		return nil, p.Items, nil
	}
	p.Data.Ref()
	return []Payload{*p}, 0, nil
}

// widen makes the limit so much larger that p becomes about half as many pieces as took too much memory when so many
// items were in them. It reports false if there is no such limit, or p is one piece then.
func widen(limit *wire.Limit, p *Payload, items, maxRequest int) bool {
	before, factor := *limit, 2*(p.Items/items+1)
	if limit.Items > 0 {
		limit.Items = min(min(limit.Items, p.Items)*factor, p.Items)
	}
	if limit.Bytes > 0 {
		limit.Bytes = lower(min(min(limit.Bytes, p.Data.Len())*factor, p.Data.Len()), maxRequest)
	}
	cuts := limit.Items > 0 && limit.Items < p.Items || limit.Bytes > 0 && limit.Bytes < p.Data.Len()
	return cuts && *limit != before
}

// cut is split for a limit that is kept, or fails with errSwollen; it returns the pieces with it.
func cut(p *Payload, limit wire.Limit, maxRequest int, pool mem.BufferPool) (pieces []Payload, tooLarge int, err error) {
	room := max(swellBy*footprint(p.Data), swellTo)
	err = wire.Split(p.Signal, p.Data.ReadOnlyData(), limit, func(piece []byte, items int) error {
		if maxRequest > 0 && len(piece) > maxRequest {
			tooLarge += items
			return nil
		}
		buf := pool.Get(len(piece))
		copy(*buf, piece)
		pieces = append(pieces, Payload{Signal: p.Signal, Items: items, Data: mem.NewBuffer(buf, pool), Group: p.Group})
		if room -= cap(*buf) + perPiece; room < 0 {
			return errSwollen
		}
		return nil
	})
	return pieces, tooLarge, err
}
