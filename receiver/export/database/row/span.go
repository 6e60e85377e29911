package row

import "github.com/otlpctl/otlpctl/receiver/wire"

// decodeSpan decodes a Span.
func (d *Decoder) decodeSpan(b []byte) error {
	if d.skipped() {
		return nil
	}
	if err := d.enter(); err != nil {
		return err
	}
	w := &d.writer
	w.reset()
	d.span = Span{}
	s := &d.span
	var end uint64
	var events, links bool
	for n, v := range wire.Values(b) {
		switch n {
		case spanTraceID:
			s.TraceID = w.identifier(v.Data, 16)
		case spanSpanID:
			s.SpanID = w.identifier(v.Data, 8)
		case spanParentSpanID:
			s.ParentSpanID = w.identifier(v.Data, 8)
		case spanTraceState:
			s.TraceState = w.text(v.Data)
		case spanName:
			s.Name = w.text(v.Data)
		case spanKind:
			s.Kind = int32(v.Bits)
		case spanStart:
			s.Start = v.Bits
		case spanEnd:
			end = v.Bits
		case spanDroppedAttributes:
			s.DroppedAttributes = uint32(v.Bits)
		case spanDroppedEvents:
			s.DroppedEvents = uint32(v.Bits)
		case spanDroppedLinks:
			s.DroppedLinks = uint32(v.Bits)
		case spanFlags:
			s.Flags = uint32(v.Bits)
		case spanStatus:
			w.status(s, v.Data)
		case spanEvents:
			events = true
		case spanLinks:
			links = true
		}
	}
	s.Duration = int64(end - s.Start)
	if events {
		s.Events = w.list(b, spanEvents, w.event)
	}
	if links {
		s.Links = w.list(b, spanLinks, w.link)
	}
	s.Item = d.item(spanDomain, wire.Span, b, spanAttributes, firstTime(s.Start, end))
	if s.Raw == nil {
		d.digest.span(s)
	}
	s.Key = d.digest.end()
	return d.visitor.Span(s)
}

// firstTime returns the first of two times that is known, or zero.
func firstTime(a, b uint64) uint64 {
	if a != 0 {
		return a
	}
	return b
}

func (w *writer) status(s *Span, b []byte) {
	for n, v := range wire.Values(b) {
		switch n {
		case statusMessage:
			s.StatusMessage = w.text(v.Data)
		case statusCode:
			s.StatusCode = int32(v.Bits)
		}
	}
}

// identifier returns an identifier of so many bytes, or nil if it is not one.
func (w *writer) identifier(id []byte, size int) []byte {
	if len(id) == 0 {
		return nil
	}
	if len(id) != size || isZero(id) {
		w.lossy = true
		return nil
	}
	return id
}

func isZero(id []byte) bool {
	for _, c := range id {
		if c != 0 {
			return false
		}
	}
	return true
}

// list writes the messages in a field as an array of objects.
func (w *writer) list(message []byte, number int, object func([]byte)) JSON {
	from, elements := len(w.buf), 0
	w.buf = append(w.buf, '[')
	for n, v := range wire.Values(message) {
		if n != number {
			continue
		}
		if w.full(elements) {
			break
		}
		elements++
		w.separate()
		w.buf = append(w.buf, '{')
		object(v.Data)
		w.buf = append(w.buf, '}')
	}
	w.buf = append(w.buf, ']')
	return w.since(from)
}

func (w *writer) event(b []byte) {
	var time, name, dropped wire.Value
	for n, v := range wire.Values(b) {
		switch n {
		case eventTime:
			time = v
		case eventName:
			name = v
		case eventDroppedAttributes:
			dropped = v
		}
	}
	w.uintMember("time_unix_nano", time.Bits)
	w.textMember("name", name.Data)
	w.uintMember("dropped_attributes_count", uint64(uint32(dropped.Bits)))
	w.attributesMember(b, eventAttributes)
}

func (w *writer) link(b []byte) {
	var traceID, spanID, state, dropped, flags wire.Value
	for n, v := range wire.Values(b) {
		switch n {
		case linkTraceID:
			traceID = v
		case linkSpanID:
			spanID = v
		case linkTraceState:
			state = v
		case linkDroppedAttributes:
			dropped = v
		case linkFlags:
			flags = v
		}
	}
	w.hexMember("trace_id", traceID.Data)
	w.hexMember("span_id", spanID.Data)
	w.textMember("trace_state", state.Data)
	w.uintMember("dropped_attributes_count", uint64(uint32(dropped.Bits)))
	w.uintMember("flags", uint64(uint32(flags.Bits)))
	w.attributesMember(b, linkAttributes)
}
