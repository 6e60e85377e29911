// Package rawgrpc lets grpc-go carry encoded messages as they are, so that the benchmark's generator and sink cost
// little beside the server that they measure.
package rawgrpc

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// Message is an encoded protobuf message.
type Message struct{ Bytes []byte }

// Codec passes *Message through. A received message's bytes belong to it; a sent message's bytes must stay unchanged
// until the call has returned.
type Codec struct{}

// Name returns the content subtype of protobuf.
func (Codec) Name() string { return "proto" }

// Marshal returns the message's own bytes.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*Message)
	if !ok {
		return nil, fmt.Errorf("raw codec: cannot send %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(m.Bytes)}, nil
}

// Unmarshal copies data into the message, reusing its space.
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*Message)
	if !ok {
		return fmt.Errorf("raw codec: cannot receive %T", v)
	}
	n := data.Len()
	if cap(m.Bytes) < n {
		m.Bytes = make([]byte, n)
	}
	m.Bytes = m.Bytes[:n]
	data.CopyTo(m.Bytes)
	return nil
}

// RegisterPrecompressed makes "gzip" in grpc-go's process-wide registry mean that messages are sent as they are,
// because they were compressed beforehand, while received ones are inflated. Call it once, before anything is sent.
func RegisterPrecompressed() { encoding.RegisterCompressor(precompressed{}) }

type precompressed struct{}

func (precompressed) Name() string { return "gzip" }

func (precompressed) Compress(w io.Writer) (io.WriteCloser, error) { return nopCloser{w}, nil }

func (precompressed) Decompress(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
