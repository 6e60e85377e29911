// Package body makes the body of a request from the parts of a batch, with as
// little copying and compressing as the batch allows.
package body

import (
	"errors"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Encoder makes bodies with one content coding.
type Encoder struct {
	packer *compression.Packer // nil for no compression
	pool   mem.BufferPool
}

// NewEncoder returns an Encoder that compresses with the algorithm and level,
// into buffers from pool.
func NewEncoder(a compression.Algorithm, level int, pool mem.BufferPool) (*Encoder, error) {
	if a == compression.None {
		return &Encoder{pool: pool}, nil
	}
	packer, err := compression.NewPacker(a, level)
	if err != nil {
		return nil, err
	}
	return &Encoder{packer: packer, pool: pool}, nil
}

// Algorithm returns the content coding of the bodies.
func (e *Encoder) Algorithm() compression.Algorithm {
	if e.packer == nil {
		return compression.None
	}
	return e.packer.Algorithm()
}

// Passthrough returns which gzip members of the input the bodies can hold as
// they are. Joining members is up to the user: a body of several is valid gzip
// (RFC 1952, 2.2), but some decoders stop behind the first member and take the
// rest for nothing, without an error. Known to do so: the GzDecoder of Rust's
// flate2, which tonic uses for gRPC.
func Passthrough(a compression.Algorithm, multiMember bool) pipeline.Passthrough {
	switch {
	case a != compression.Gzip:
		return pipeline.PassNone
	case multiMember:
		return pipeline.PassAll
	default:
		return pipeline.PassLone
	}
}

var errCompressedOnly = errors.New("part of the batch is kept compressed only, which this exporter did not ask for")

// Encode returns the body for b. The caller frees it.
func (e *Encoder) Encode(b *pipeline.Batch) (mem.BufferSlice, error) {
	switch e.Algorithm() {
	case compression.None:
		all := b.Encoded()
		if all == nil {
			return nil, errCompressedOnly
		}
		all.Ref()
		return all, nil
	case compression.Gzip:
		return e.members(b)
	default:
		return e.pack(nil, b.Parts)
	}
}

// Bytes compresses one encoded body.
func (e *Encoder) Bytes(encoded mem.Buffer) (mem.BufferSlice, error) {
	if e.packer == nil {
		encoded.Ref()
		return mem.BufferSlice{encoded}, nil
	}
	return e.packer.Append(nil, e.pool, encoded)
}

// members returns the gzip members of parts that have one, and one member for
// each run of parts between them.
func (e *Encoder) members(b *pipeline.Batch) (mem.BufferSlice, error) {
	var out mem.BufferSlice
	plain := 0 // first part that is not in out
	for i, p := range b.Parts {
		if p.Gzip == nil {
			continue
		}
		var err error
		if out, err = e.pack(out, b.Parts[plain:i]); err != nil {
			return nil, err
		}
		p.Gzip.Ref()
		out = append(out, p.Gzip)
		plain = i + 1
	}
	return e.pack(out, b.Parts[plain:])
}

// pack appends the parts as one member to out. On an error it frees out.
func (e *Encoder) pack(out mem.BufferSlice, parts []pipeline.Part) (mem.BufferSlice, error) {
	if len(parts) == 0 {
		return out, nil
	}
	data := make([]mem.Buffer, len(parts))
	for i, p := range parts {
		if p.Data == nil {
			out.Free()
			return nil, errCompressedOnly
		}
		data[i] = p.Data
	}
	all, err := e.packer.Append(out, e.pool, data...)
	if err != nil {
		out.Free()
		return nil, err
	}
	return all, nil
}
