package balanced

import (
	"errors"
	"slices"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

const (
	// swellBy is how many times the bytes of a request its parts may take together, if
	// that is more than swellTo: each part repeats what stands around its items. What
	// would take more stays whole.
	swellBy = 4
	swellTo = 16 << 20
)

// portion is the part of a batch that goes to one instance.
type portion struct {
	to    balance.Choice
	batch *pipeline.Batch
}

// division divides batches into portions.
type division struct {
	e        *Exporter
	not      []balance.Choice
	portions []portion
	byChoice map[balance.Choice]int
	byKey    map[uint64]int // portions
}

// divide returns the portions of b for the instances that its keys belong to, none of
// those in not. Their buffers are the caller's to free. The error is one of the
// balancer's.
func (e *Exporter) divide(b *pipeline.Batch, not []balance.Choice) ([]portion, error) {
	d := division{e: e, not: not, byChoice: map[balance.Choice]int{}, byKey: map[uint64]int{}}
	for i := range b.Parts {
		if err := d.add(b.Signal, b.Parts[i].Data, b.Signal.Merges()); err != nil {
			d.free()
			return nil, err
		}
	}
	// What was to be divided and had to stay whole leaves portions of nothing behind.
	return slices.DeleteFunc(d.portions, func(p portion) bool { return len(p.batch.Parts) == 0 }), nil
}

// add divides one part of a batch. What cannot be divided goes where its first item
// belongs.
func (d *division) add(sig wire.Signal, data mem.Buffer, divisible bool) error {
	var failed error
	first, block, blockKey := -1, -1, uint64(0)
	group := func(i wire.Item) int {
		if failed != nil || first >= 0 && !divisible {
			return max(first, 0)
		}
		if i.Block != block { // most items of a resource have the same key, or none of their own
			block, blockKey = i.Block, balance.Key(i.Resource)
		}
		key := blockKey
		if i.TraceID != nil && d.e.config.HashKey == ByTrace {
			key = balance.Key(i.TraceID)
		}
		n, err := d.portionOf(sig, key)
		if failed = err; err != nil {
			return 0
		}
		if first < 0 {
			first = n
		}
		return n
	}
	emit := func(n int, request []byte, items int) error {
		if failed != nil {
			return failed
		}
		d.portions[n].take(data, request, items, d.e.deps.Pool)
		return nil
	}
	encoded := data.ReadOnlyData()
	err := wire.Partition(sig, encoded, max(swellBy*len(encoded), swellTo), group, emit)
	if errors.Is(err, wire.ErrSwollen) && divisible {
		return d.add(sig, data, false)
	}
	return err
}

// portionOf returns which portion the items with a key belong to.
func (d *division) portionOf(sig wire.Signal, key uint64) (int, error) {
	if n, known := d.byKey[key]; known {
		return n, nil
	}
	choice, err := d.e.balancer.Locate(key, d.not...)
	if err != nil {
		return 0, err
	}
	n, known := d.byChoice[choice]
	if !known {
		n = len(d.portions)
		d.portions = append(d.portions, portion{choice, &pipeline.Batch{Signal: sig}})
		d.byChoice[choice] = n
	}
	d.byKey[key] = n
	return n, nil
}

// take adds a request to the portion: all of data, or a copy.
func (p *portion) take(data mem.Buffer, request []byte, items int, pool mem.BufferPool) {
	if whole := data.ReadOnlyData(); &request[0] == &whole[0] {
		data.Ref()
	} else {
		buffer := pool.Get(len(request))
		copy(*buffer, request)
		data = mem.NewBuffer(buffer, pool)
	}
	p.batch.Items += items
	p.batch.Bytes += len(request)
	p.batch.Parts = append(p.batch.Parts, pipeline.Part{Data: data})
}

func (d *division) free() {
	for _, p := range d.portions {
		p.batch.Free()
	}
}
