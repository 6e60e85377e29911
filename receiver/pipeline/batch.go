package pipeline

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Batch is what one attempt of an exporter delivers: the concatenation of its
// parts is one encoded request. Its buffers belong to the caller of Export.
type Batch struct {
	Signal wire.Signal
	Items  int
	// Bytes is the size of the request before compression.
	Bytes int
	Parts []Part

	oldest time.Time   // when the first request was admitted
	passed int         // items of the parts, from the first on, that are of the batch no more
	held   int         // bytes of memory that the parts keep alive
	tail   *[]byte     // small requests copied one behind the other, not yet a part
	timer  *time.Timer // ends the wait for more; nil if there is none
}

// Part is a piece of a Batch: a whole request or several of them.
type Part struct {
	// Data is the encoded piece. It is nil if the piece is kept compressed only.
	Data mem.Buffer
	// Gzip is the piece as a single gzip member, or nil.
	Gzip mem.Buffer
}

// EmptyBatch returns a batch without items. Its request is valid, and holds nothing.
func EmptyBatch(sig wire.Signal) *Batch {
	return &Batch{Signal: sig, Parts: []Part{{Data: mem.SliceBuffer(nil)}}}
}

// Admitted returns when the first request of the batch was taken in. It stays the
// same however often the batch is sent.
func (b *Batch) Admitted() time.Time { return b.oldest }

// After returns what is left of the batch without so many items, the first. It shares the parts: whoever
// takes items from them passes over Passed of them.
func (b *Batch) After(items int) *Batch {
	rest := &Batch{
		Signal: b.Signal, Items: b.Items - items, Bytes: b.Bytes, Parts: slices.Clone(b.Parts), oldest: b.oldest, passed: b.passed + items,
	}
	for _, p := range rest.Parts {
		if p.Data != nil {
			p.Data.Ref()
		}
		if p.Gzip != nil {
			p.Gzip.Ref()
		}
	}
	return rest
}

// Passed returns how many items of the parts, from the first on, are of the batch no more. There are none but in what
// After returned: an exporter that never leaves such a rest never gets one.
func (b *Batch) Passed() int { return b.passed }

// Encoded returns the parts as they stand on the wire without compression,
// without taking references. It is nil if a part is kept compressed only.
func (b *Batch) Encoded() mem.BufferSlice {
	all := make(mem.BufferSlice, len(b.Parts))
	for i, p := range b.Parts {
		if p.Data == nil {
			return nil
		}
		all[i] = p.Data
	}
	return all
}

// Passthrough says which gzip members an exporter sends on as they came in.
type Passthrough uint8

const (
	// PassNone keeps no compressed input.
	PassNone Passthrough = iota
	// PassLone keeps the member of a request that is a batch by itself.
	PassLone
	// PassAll keeps members instead of what they hold: a batch becomes a sequence
	// of gzip members, which RFC 1952 allows and some decoders truncate.
	PassAll
)

const (
	// copyBelow is the size under which a request is copied behind the others of
	// its batch: many small buffers cost more than moving them.
	copyBelow = 8 << 10
	// chunk is the size of the buffers that small requests are copied into.
	chunk = 32 << 10
)

// add appends p to the batch, taking what references it needs.
func (b *Batch) add(p *Payload, pass Passthrough, pool mem.BufferPool) {
	b.Items += p.Items
	b.Bytes += p.Data.Len()
	lone := len(b.Parts) == 0 && b.tail == nil
	switch {
	case pass == PassAll && p.Gzip != nil:
		b.closeTail(pool)
		p.Gzip.Ref()
		b.Parts = append(b.Parts, Part{Gzip: p.Gzip})
		b.held += footprint(p.Gzip)
		return
	case pass == PassLone && p.Gzip != nil && lone:
		p.Gzip.Ref()
		p.Data.Ref()
		b.Parts = append(b.Parts, Part{Data: p.Data, Gzip: p.Gzip})
		b.held += footprint(p.Gzip) + footprint(p.Data)
		return
	case pass == PassLone && len(b.Parts) == 1 && b.Parts[0].Gzip != nil:
		b.held -= footprint(b.Parts[0].Gzip)
		b.Parts[0].Gzip.Free()
		b.Parts[0].Gzip = nil
	}
	if p.Data.Len() < copyBelow {
		b.copyIn(p.Data.ReadOnlyData(), pool)
		return
	}
	b.closeTail(pool)
	p.Data.Ref()
	b.Parts = append(b.Parts, Part{Data: p.Data})
	b.held += footprint(p.Data)
}

// footprint is the memory that a buffer keeps alive. Buffers of a pool are larger
// than what is in them.
func footprint(b mem.Buffer) int { return cap(b.ReadOnlyData()) }

// copyIn appends a copy of data to the tail.
func (b *Batch) copyIn(data []byte, pool mem.BufferPool) {
	if b.tail != nil && cap(*b.tail)-len(*b.tail) < len(data) {
		b.closeTail(pool)
	}
	if b.tail == nil {
		size := chunk
		if len(b.Parts) == 0 {
			size = len(data) // most often the batch's only request
		}
		b.tail = pool.Get(size)
		*b.tail = (*b.tail)[:0]
		b.held += cap(*b.tail)
	}
	*b.tail = append(*b.tail, data...)
}

// unpack inflates parts that are kept compressed only, for an exporter that has
// taken the place of one which sends them as they are.
func (b *Batch) unpack() error {
	for i := range b.Parts {
		p := &b.Parts[i]
		if p.Data != nil {
			continue
		}
		all := compression.Unpacker{Limit: math.MaxInt32}
		data, err := all.Unpack(compression.Gzip, bytes.NewReader(p.Gzip.ReadOnlyData()))
		if err != nil {
			return fmt.Errorf("unpack a batch for another exporter: %w", err) // it was unpacked once, on the way in
		}
		p.Gzip.Free()
		p.Data, p.Gzip = mem.SliceBuffer(data), nil
	}
	return nil
}

// closeTail makes the tail a part.
func (b *Batch) closeTail(pool mem.BufferPool) {
	if b.tail == nil {
		return
	}
	b.Parts = append(b.Parts, Part{Data: mem.NewBuffer(b.tail, pool)})
	b.tail = nil
}

// Free gives up the batch's references.
func (b *Batch) Free() {
	for _, p := range b.Parts {
		if p.Data != nil {
			p.Data.Free()
		}
		if p.Gzip != nil {
			p.Gzip.Free()
		}
	}
	b.Parts = nil
}
