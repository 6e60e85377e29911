package row

import (
	"encoding/hex"
	"encoding/json"
)

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
