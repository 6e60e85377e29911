// Package grpcraw carries messages through grpc-go as the bytes that they are:
// a codec that neither decodes nor copies, and compressors that leave packing
// and unpacking to whoever owns the message.
//
// grpc-go has one registry of compressors for the whole process, shared by all
// servers and clients, and hands a codec only what a compressor made of a
// message. This package is the process's one registration of "gzip" and "zstd":
//
//   - On the way in, a compressed message reaches the codec as it came from the
//     peer, behind one byte that says how it is compressed. Codec takes that byte
//     off again and sets Message.Compression. The byte begins a field of wire
//     type 7, which protobuf does not have: no valid message starts with it.
//   - On the way out, a Message whose Compression is set is sent as it is, flagged
//     as compressed. Anything else that a call compresses is compressed for real,
//     so that a server's answer to a compressed request, for which grpc-go picks
//     the request's coding, is what it says it is.
//
// A gRPC client or server in the same process that uses another codec can send
// compressed messages, but not receive them.
package grpcraw

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
)

// Message is an encoded message, compressed or not.
type Message struct {
	// Data is the message, compressed with Compression. To send it, the caller
	// keeps its references for as long as the call takes; grpc-go has its own. A
	// received Data holds references that the receiver frees.
	Data mem.BufferSlice
	// Compression is how Data is compressed. A call that sends it compressed
	// must name the same algorithm (grpc.UseCompressor, grpc.SetSendCompressor).
	Compression compression.Algorithm
}

// Contiguous returns Data in one buffer, which the caller frees. It copies into
// a buffer of pool only if Data lies in several.
func (m *Message) Contiguous(pool mem.BufferPool) mem.Buffer {
	return m.Data.MaterializeToBuffer(pool)
}

// Free gives up the references of Data.
func (m *Message) Free() {
	m.Data.Free()
	m.Data = nil
}

var _ encoding.CodecV2 = Codec{}

// Codec passes a *Message, or on the way out a []byte, through unchanged.
// Use it with grpc.ForceCodecV2 or grpc.ForceServerCodecV2.
type Codec struct{}

// Name returns an empty content-subtype: the content type is "application/grpc",
// which every peer accepts.
func (Codec) Name() string { return "" }

// Marshal returns the buffers of a *Message with references for grpc-go to free,
// or the bytes of a []byte, which must not change during the call.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case *Message:
		m.Data.Ref()
		if m.Compression == compression.None {
			return m.Data, nil
		}
		marked := make(mem.BufferSlice, 1, len(m.Data)+1)
		marked[0] = mem.SliceBuffer{mark(m.Compression)}
		return append(marked, m.Data...), nil
	case []byte:
		return mem.BufferSlice{mem.SliceBuffer(m)}, nil
	}
	return nil, fmt.Errorf("grpcraw: cannot send a %T", v)
}

// Unmarshal sets a *Message to data, taking references. A message that a peer
// begins with a mark of its own is taken for a compressed one and fails when it
// is unpacked, as it would fail to decode.
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*Message)
	if !ok {
		return fmt.Errorf("grpcraw: cannot receive into a %T", v)
	}
	m.Compression = compression.None
	if len(data) > 0 && data[0].Len() > 0 {
		m.Compression = marked(data[0].ReadOnlyData()[0])
	}
	if m.Compression == compression.None {
		data.Ref()
		m.Data = data
		return nil
	}
	rest := data[1:]
	rest.Ref()
	if first := data[0]; first.Len() > 1 {
		m.Data = append(mem.BufferSlice{first.Slice(1, first.Len())}, rest...)
	} else {
		m.Data = rest
	}
	return nil
}
