package row

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The way back. What is zero is not written, as in all encodings of OTLP, unless
// its presence says something.

// AppendSpan appends the encoded Span of a row. All that its columns refer to must be
// set but Item's own, of which only Attributes and Raw are looked at. JSON may come as a
// database writes it, with members in any order. The error names the column that
// holds no JSON of ours.
func AppendSpan(dst []byte, s *Span) ([]byte, error) {
	if s.Raw != nil {
		return append(dst, s.Raw...), nil
	}
	dst = appendBytes(dst, spanTraceID, s.TraceID)
	dst = appendBytes(dst, spanSpanID, s.SpanID)
	dst = appendBytes(dst, spanTraceState, s.TraceState)
	dst = appendBytes(dst, spanParentSpanID, s.ParentSpanID)
	dst = appendBytes(dst, spanName, s.Name)
	dst = appendInt(dst, spanKind, s.Kind)
	dst = appendFixed64(dst, spanStart, s.Start)
	dst = appendFixed64(dst, spanEnd, s.Start+uint64(s.Duration))
	dst, err := appendAttributes(dst, spanAttributes, s.Attributes)
	if err != nil {
		return nil, err
	}
	dst = appendUint(dst, spanDroppedAttributes, uint64(s.DroppedAttributes))
	if dst, err = appendEvents(dst, s.Events); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	dst = appendUint(dst, spanDroppedEvents, uint64(s.DroppedEvents))
	if dst, err = appendLinks(dst, s.Links); err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	dst = appendUint(dst, spanDroppedLinks, uint64(s.DroppedLinks))
	if s.StatusCode != 0 || len(s.StatusMessage) > 0 {
		var start int
		dst, start = open(dst, spanStatus)
		dst = appendBytes(dst, statusMessage, s.StatusMessage)
		dst = closed(appendInt(dst, statusCode, s.StatusCode), start)
	}
	return appendFixed32(dst, spanFlags, s.Flags), nil
}

// AppendLog is AppendSpan for a LogRecord. An empty body is not the same as nil.
func AppendLog(dst []byte, l *Log) ([]byte, error) {
	if l.Raw != nil {
		return append(dst, l.Raw...), nil
	}
	dst = appendFixed64(dst, logTime, l.TimeRaw)
	dst = appendInt(dst, logSeverity, l.Severity)
	dst = appendBytes(dst, logSeverityText, l.SeverityText)
	dst, err := appendBody(dst, l)
	if err != nil {
		return nil, err
	}
	if dst, err = appendAttributes(dst, logAttributes, l.Attributes); err != nil {
		return nil, err
	}
	dst = appendUint(dst, logDroppedAttributes, uint64(l.DroppedAttributes))
	dst = appendFixed32(dst, logFlags, l.Flags)
	dst = appendBytes(dst, logTraceID, l.TraceID)
	dst = appendBytes(dst, logSpanID, l.SpanID)
	dst = appendFixed64(dst, logObserved, l.Observed)
	return appendBytes(dst, logEventName, l.EventName), nil
}

func appendBody(dst []byte, l *Log) ([]byte, error) {
	if l.Body == nil && l.BodyJSON == nil {
		return dst, nil
	}
	dst, start := open(dst, logBody)
	if l.BodyJSON == nil {
		return closed(appendPresent(dst, anyString, l.Body), start), nil
	}
	dst, err := appendAny(dst, newReader(l.BodyJSON))
	if err != nil {
		return nil, fmt.Errorf("body_json: %w", err)
	}
	return closed(dst, start), nil
}

// open begins a message in a field, and returns where it starts for closed.
func open(dst []byte, number protowire.Number) (opened []byte, start int) {
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	return dst, len(dst)
}

// closed puts the length of the message that has been appended since start before it.
func closed(dst []byte, start int) []byte {
	n := len(dst) - start
	var length [binary.MaxVarintLen32]byte
	size := binary.PutUvarint(length[:], uint64(n))
	dst = append(dst, length[:size]...)
	copy(dst[start+size:], dst[start:start+n])
	copy(dst[start:], length[:size])
	return dst
}

func appendBytes(dst []byte, number protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return dst
	}
	return appendPresent(dst, number, v)
}

// appendPresent appends a value even if it is empty.
func appendPresent(dst []byte, number protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), v)
}

func appendInt(dst []byte, number protowire.Number, v int32) []byte {
	return appendUint(dst, number, uint64(int64(v)))
}

func appendUint(dst []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), v)
}

func appendFixed32(dst []byte, number protowire.Number, v uint32) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendFixed32(protowire.AppendTag(dst, number, protowire.Fixed32Type), v)
}

func appendFixed64(dst []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return appendPresent64(dst, number, v)
}

// appendPresent64 appends a value even if it is zero.
func appendPresent64(dst []byte, number protowire.Number, v uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(dst, number, protowire.Fixed64Type), v)
}

// appendDouble appends what a pointer refers to, if it is set.
func appendDouble(dst []byte, number protowire.Number, v *float64) []byte {
	if v == nil {
		return dst
	}
	return appendPresent64(dst, number, math.Float64bits(*v))
}
