package engine

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// trace is BuildKit's StatusResponse, as far as it is of use: its API is not worth a dependency of
// its size.
type trace struct {
	vertices []vertex
	logs     []vertexLog
}

// vertex is a piece of work.
type vertex struct {
	digest, name       string
	cached             bool
	started, completed time.Time // zero until then
	problem            string
}

// vertexLog is what a vertex has printed.
type vertexLog struct {
	vertex string
	text   []byte
}

// decodeTrace reads a StatusResponse. Fields that it does not know are skipped.
func decodeTrace(data []byte) (trace, error) {
	var t trace
	err := eachField(data, func(f protoField) error {
		switch f.number {
		case 1:
			v, err := decodeVertex(f.bytes)
			t.vertices = append(t.vertices, v)
			return err
		case 3:
			l, err := decodeLog(f.bytes)
			t.logs = append(t.logs, l)
			return err
		}
		return nil
	})
	if err != nil {
		return trace{}, fmt.Errorf("the engine's report of the build is not understood: %w", err)
	}
	return t, nil
}

func decodeVertex(data []byte) (vertex, error) {
	var v vertex
	err := eachField(data, func(f protoField) (err error) {
		switch f.number {
		case 1:
			v.digest = string(f.bytes)
		case 3:
			v.name = string(f.bytes)
		case 4:
			v.cached = f.varint != 0
		case 5:
			v.started, err = decodeTime(f.bytes)
		case 6:
			v.completed, err = decodeTime(f.bytes)
		case 7:
			v.problem = string(f.bytes)
		}
		return err
	})
	return v, err
}

func decodeLog(data []byte) (vertexLog, error) {
	var l vertexLog
	err := eachField(data, func(f protoField) error {
		switch f.number {
		case 1:
			l.vertex = string(f.bytes)
		case 4:
			l.text = f.bytes
		}
		return nil
	})
	return l, err
}

// decodeTime reads a google.protobuf.Timestamp.
func decodeTime(data []byte) (time.Time, error) {
	var seconds, nanos int64
	err := eachField(data, func(f protoField) error {
		switch f.number {
		case 1:
			seconds = int64(f.varint) //nolint:gosec // negative numbers are written this way
		case 2:
			nanos = int64(f.varint) //nolint:gosec // as above
		}
		return nil
	})
	return time.Unix(seconds, nanos), err
}

// protoField is a field of a protobuf message: bytes or varint, by its type.
type protoField struct {
	number protowire.Number
	bytes  []byte
	varint uint64
}

// eachField calls visit for every field of a message that is bytes or a varint.
func eachField(data []byte, visit func(protoField) error) error {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		f := protoField{number: number}
		switch kind {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(data)
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(data)
		default:
			n = protowire.ConsumeFieldValue(number, kind, data)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		if kind != protowire.BytesType && kind != protowire.VarintType {
			continue
		}
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}
