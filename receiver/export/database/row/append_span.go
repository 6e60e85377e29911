package row

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// AppendSpan appends the encoded Span of a row. Of its Item only Attributes and Raw matter. JSON
// may come as a database writes it, with members in any order. The error names the column that
// does not hold what this package writes; dst is then returned as it was.
func AppendSpan(dst []byte, s *Span) ([]byte, error) {
	if s.Raw != nil {
		return append(dst, s.Raw...), nil
	}
	out, err := appendSpan(dst, s)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendSpan(dst []byte, s *Span) ([]byte, error) {
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
	return appendFixed32(appendStatus(dst, s), spanFlags, s.Flags), nil
}

// appendStatus appends the status of a span. An empty one is the same as none.
func appendStatus(dst []byte, s *Span) []byte {
	if s.StatusCode == 0 && len(s.StatusMessage) == 0 {
		return dst
	}
	dst, start := open(dst, spanStatus)
	dst = appendBytes(dst, statusMessage, s.StatusMessage)
	return closed(appendInt(dst, statusCode, s.StatusCode), start)
}

// eventObject is an element of the column events.
type eventObject struct {
	Time              uint64          `json:"time_unix_nano"`
	Name              string          `json:"name"`
	Attributes        json.RawMessage `json:"attributes"`
	DroppedAttributes uint32          `json:"dropped_attributes_count"`
}

// linkObject is an element of the column links.
type linkObject struct {
	TraceID           identifier      `json:"trace_id"`
	SpanID            identifier      `json:"span_id"`
	TraceState        string          `json:"trace_state"`
	Attributes        json.RawMessage `json:"attributes"`
	DroppedAttributes uint32          `json:"dropped_attributes_count"`
	Flags             uint32          `json:"flags"`
}

// identifier is hexadecimal in JSON.
type identifier []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *identifier) UnmarshalText(text []byte) (err error) {
	*id, err = hex.AppendDecode(nil, text)
	return err
}

// objects reads a column that is an array of objects, or nil.
func objects[Object any](column JSON) (all []Object, err error) {
	if len(column) == 0 {
		return nil, nil
	}
	err = json.Unmarshal(column, &all)
	return all, err
}

func appendEvents(dst []byte, events JSON) ([]byte, error) {
	all, err := objects[eventObject](events)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		var start int
		dst, start = open(dst, spanEvents)
		dst = appendFixed64(dst, eventTime, e.Time)
		dst = appendBytes(dst, eventName, []byte(e.Name))
		if dst, err = appendAttributes(dst, eventAttributes, JSON(e.Attributes)); err != nil {
			return nil, err
		}
		dst = appendUint(dst, eventDroppedAttributes, uint64(e.DroppedAttributes))
		dst = closed(dst, start)
	}
	return dst, nil
}

func appendLinks(dst []byte, links JSON) ([]byte, error) {
	all, err := objects[linkObject](links)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		var start int
		dst, start = open(dst, spanLinks)
		dst = appendBytes(dst, linkTraceID, l.TraceID)
		dst = appendBytes(dst, linkSpanID, l.SpanID)
		dst = appendBytes(dst, linkTraceState, []byte(l.TraceState))
		if dst, err = appendAttributes(dst, linkAttributes, JSON(l.Attributes)); err != nil {
			return nil, err
		}
		dst = appendUint(dst, linkDroppedAttributes, uint64(l.DroppedAttributes))
		dst = appendFixed32(dst, linkFlags, l.Flags)
		dst = closed(dst, start)
	}
	return dst, nil
}
