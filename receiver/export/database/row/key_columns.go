package row

// The order of columns here, and how each is written, never change. A column that comes
// later is written behind the others, after a number of its own, and only if it is not empty.

func (d *digest) span(s *Span) {
	d.bytes(s.TraceID)
	d.bytes(s.SpanID)
	d.bytes(s.ParentSpanID)
	d.bytes(s.TraceState)
	d.bytes(s.Name)
	d.number(uint64(s.Kind))
	d.number(s.Start)
	d.number(uint64(s.Duration))
	d.number(uint64(s.StatusCode))
	d.bytes(s.StatusMessage)
	d.number(uint64(s.Flags))
	d.number(uint64(s.DroppedAttributes))
	d.number(uint64(s.DroppedEvents))
	d.number(uint64(s.DroppedLinks))
	d.bytes(s.Events)
	d.bytes(s.Links)
}

func (d *digest) point(p *Point) {
	d.number(uint64(p.Kind))
	d.number(p.Start)
	d.number(p.TimeRaw)
	d.number(uint64(p.Flags))
	d.double(p.Value)
	d.flag(p.ValueInt != nil)
	if p.ValueInt != nil {
		d.number(uint64(*p.ValueInt))
	}
	d.flag(p.Count != nil)
	if p.Count != nil {
		d.number(*p.Count)
	}
	d.double(p.Sum)
	d.double(p.Min)
	d.double(p.Max)
	d.bytes(p.Detail)
	d.bytes(p.Exemplars)
}

func (d *digest) log(l *Log) {
	d.number(l.TimeRaw)
	d.number(l.Observed)
	d.bytes(l.TraceID)
	d.bytes(l.SpanID)
	d.number(uint64(l.Severity))
	d.bytes(l.SeverityText)
	d.bytes(l.EventName)
	d.flag(l.Body != nil)
	d.bytes(l.Body)
	d.bytes(l.BodyJSON)
	d.number(uint64(l.Flags))
	d.number(uint64(l.DroppedAttributes))
}
