package row

import (
	"fmt"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Decoder tells which rows a batch of requests becomes. The zero value is ready
// after Reset. It keeps its buffers, so that after some time nothing is allocated.
// One goroutine at a time may use it.
type Decoder struct {
	received uint64
	ordinal  uint64 // of the next item in the batch
	skip     uint64 // ordinals below it are not told
	signal   wire.Signal
	visitor  Visitor
	digest   digest

	// What is around the item.
	resource struct {
		around
		Resource
	}
	scope struct {
		around
		Scope
	}
	metric struct {
		around
		Metric
	}
	points []byte // scratch for the data points of a metric

	writer writer // of the item
	span   Span
	point  Point
	log    Log
	values values
}

// around is what a row that items refer to is made with. The visitor is told of
// the row before its first item, if there is one.
type around struct {
	writer  writer
	scratch []byte // for the encoded message
	told    bool
}

// maxKept is how many bytes of buffers are kept from request to request: an item can be as large
// as one.
const maxKept = 1 << 20

// Reset begins a batch.
func (d *Decoder) Reset(o Origin) {
	d.received = uint64(max(o.Received.UnixNano(), 1))
	d.ordinal, d.skip = 0, uint64(max(o.Skip, 0))
}

// Holds reports whether items of the signal have rows.
func Holds(sig wire.Signal) bool {
	return sig == wire.Traces || sig == wire.Metrics || sig == wire.Logs
}

// Decode tells the visitor the rows of a request that has passed wire.Scan. A
// batch can be decoded in parts that are requests by themselves, one after the other.
// It fails as the visitor does, and for a signal that has no rows. It does not keep
// the request.
func (d *Decoder) Decode(sig wire.Signal, request []byte, v Visitor) error {
	if !Holds(sig) {
		return fmt.Errorf("%s have no rows in a database", sig)
	}
	d.signal, d.visitor = sig, v
	err := each(request, fieldResources, d.decodeResource)
	d.forget()
	return err
}

// forget lets go of the visitor, of the request, to which rows refer, and of large buffers.
func (d *Decoder) forget() {
	if d.kept() > maxKept {
		*d = Decoder{received: d.received, ordinal: d.ordinal, skip: d.skip}
		return
	}
	d.visitor = nil
	d.resource.Resource, d.scope.Scope, d.metric.Metric = Resource{}, Scope{}, Metric{}
	d.span, d.point, d.log = Span{}, Point{}, Log{}
}

// kept returns the size of the buffers that can grow with a request.
func (d *Decoder) kept() int {
	n := cap(d.points) + cap(d.digest.buf) + d.writer.kept()
	for _, a := range [...]*around{&d.resource.around, &d.scope.around, &d.metric.around} {
		n += cap(a.scratch) + a.writer.kept()
	}
	return n
}

// decodeResource decodes a ResourceSpans or its like.
func (d *Decoder) decodeResource(b []byte) error {
	a := &d.resource
	w := &a.writer
	w.reset()
	a.told = false
	a.OTLP = joined(&a.scratch, b, fieldResource)
	schemaURL := last(b, fieldSchemaURL)
	a.Service = w.service(a.OTLP)
	a.SchemaURL = w.text(schemaURL)
	a.Attributes = w.allAttributes(a.OTLP, resourceAttributes)
	a.ID = d.identifyResource(schemaURL)
	return each(b, fieldScopes, d.decodeScope)
}

// decodeScope decodes a ScopeSpans or its like.
func (d *Decoder) decodeScope(b []byte) error {
	a := &d.scope
	w := &a.writer
	w.reset()
	a.told = false
	a.OTLP = joined(&a.scratch, b, fieldScope)
	schemaURL := last(b, fieldSchemaURL)
	a.Name = w.text(last(a.OTLP, scopeName))
	a.Version = w.text(last(a.OTLP, scopeVersion))
	a.SchemaURL = w.text(schemaURL)
	a.Attributes = w.allAttributes(a.OTLP, scopeAttributes)
	a.ID = d.identifyScope(schemaURL)
	return each(b, fieldEntries, d.decodeEntry)
}

func (d *Decoder) decodeEntry(b []byte) error {
	switch d.signal {
	case wire.Traces:
		return d.decodeSpan(b)
	case wire.Logs:
		return d.decodeLog(b)
	default:
		return d.decodeMetric(b)
	}
}

// Retell tells the visitor once more what is around the next item. Visitors may call it.
func (d *Decoder) Retell() { d.resource.told, d.scope.told, d.metric.told = false, false, false }

// skipped reports whether the visitor is not told of the next item, which is over then.
func (d *Decoder) skipped() bool {
	if d.ordinal >= d.skip {
		return false
	}
	d.ordinal++
	return true
}

// enter tells the visitor what is around the next item, if it has not been told.
func (d *Decoder) enter() error {
	if !d.resource.told {
		d.resource.told = true
		if err := d.visitor.Resource(&d.resource.Resource); err != nil {
			return err
		}
	}
	if !d.scope.told {
		d.scope.told = true
		if err := d.visitor.Scope(&d.scope.Scope); err != nil {
			return err
		}
	}
	if d.signal == wire.Metrics && !d.metric.told {
		d.metric.told = true
		return d.visitor.Metric(&d.metric.Metric)
	}
	return nil
}

// item returns what all items have in common, and begins the key: what the columns of the table add to it
// is still to be written if there is no Raw. It comes last, as it knows by then whether columns hold all of
// the item. Time is zero for one that has none of its own.
func (d *Decoder) item(domain string, id wire.MessageID, encoded []byte, attributes int, time uint64) Item {
	w := &d.writer
	i := Item{PrimaryKey: PrimaryKey{Time: time}, Resource: d.resource.ID, Scope: d.scope.ID, Service: d.resource.Service}
	i.Attributes = w.attributes(encoded, attributes)
	var form byte
	if w.lossy || !plain(id, encoded) {
		form |= asEncoded
		i.Raw = encoded
	}
	if time == 0 {
		form |= timeless
		i.Time = d.received
	}
	k := &d.digest
	k.begin(domain, form)
	k.id(&i.Resource)
	k.id(&i.Scope)
	if d.signal == wire.Metrics {
		k.id(&d.metric.ID)
	}
	if time == 0 {
		k.number(d.received)
		k.number(d.ordinal)
	}
	if i.Raw != nil {
		k.bytes(encoded)
	} else {
		k.bytes(i.Attributes)
	}
	d.ordinal++
	return i
}
