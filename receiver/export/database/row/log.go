package row

import "github.com/otlpctl/otlpctl/receiver/wire"

// decodeLog decodes a LogRecord.
func (d *Decoder) decodeLog(b []byte) error {
	if d.skipped() {
		return nil
	}
	if err := d.enter(); err != nil {
		return err
	}
	w := &d.writer
	w.reset()
	d.log = Log{}
	l := &d.log
	for n, v := range wire.Values(b) {
		switch n {
		case logTime:
			l.TimeRaw = v.Bits
		case logObserved:
			l.Observed = v.Bits
		case logTraceID:
			l.TraceID = w.identifier(v.Data, 16)
		case logSpanID:
			l.SpanID = w.identifier(v.Data, 8)
		case logSeverity:
			l.Severity = int32(v.Bits)
		case logSeverityText:
			l.SeverityText = w.text(v.Data)
		case logEventName:
			l.EventName = w.text(v.Data)
		case logFlags:
			l.Flags = uint32(v.Bits)
		case logDroppedAttributes:
			l.DroppedAttributes = uint32(v.Bits)
		case logBody:
			l.Body, l.BodyJSON = w.body(v.Data)
		}
	}
	l.Item = d.item(logDomain, wire.LogRecord, b, logAttributes, firstTime(l.TimeRaw, l.Observed))
	if l.Raw == nil {
		d.digest.log(l)
	}
	l.Key = d.digest.end()
	return d.visitor.Log(l)
}

// body returns what an encoded AnyValue is in the columns of a log record's body.
func (w *writer) body(b []byte) (Text, JSON) {
	if len(b) == 0 {
		return nil, nil
	}
	if number, v := memberOf(b); number == anyString {
		return w.text(v.Data), nil
	}
	from := len(w.buf)
	w.any(b)
	value := w.since(from)
	return value, value
}
