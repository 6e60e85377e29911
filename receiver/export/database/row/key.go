package row

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// What an ID is derived from begins with its kind, so that IDs of different kinds
// differ whatever they are made of. They are in databases: these texts do not change.
const (
	resourceDomain     = "otlp resource\x00"
	scopeDomain        = "otlp scope\x00"
	metricDomain       = "otlp metric\x00"
	itemDomain         = "otlp item\x00"
	timelessItemDomain = "otlp item without time\x00"
)

// digest makes IDs. What is written to it is either of a length that follows from the
// domain, or has its length before it, or is the last: no two contents look the same.
type digest struct {
	hash hash.Hash
	buf  []byte // what is small, put together
	sum  []byte
}

// begin forgets what was written and writes the domain.
func (d *digest) begin(domain string) {
	if d.hash == nil {
		d.hash = sha256.New()
	}
	d.hash.Reset()
	d.buf = append(d.buf[:0], domain...)
}

func (d *digest) id(id *ID) { d.buf = append(d.buf, id[:]...) }

func (d *digest) number(v uint64) { d.buf = binary.BigEndian.AppendUint64(d.buf, v) }

func (d *digest) withLength(b []byte) {
	d.number(uint64(len(b)))
	d.buf = append(d.buf, b...)
}

// end writes the last part and returns the ID.
func (d *digest) end(last []byte) (id ID) {
	d.hash.Write(d.buf)
	d.hash.Write(last)
	d.sum = d.hash.Sum(d.sum[:0])
	copy(id[:], d.sum)
	return id
}

// described is the ID of a resource or scope.
func (d *digest) described(domain string, message, schemaURL []byte) ID {
	d.begin(domain)
	d.withLength(schemaURL)
	return d.end(message)
}

// metric is the ID of a metric.
func (d *digest) metric(message []byte) ID {
	d.begin(metricDomain)
	return d.end(message)
}
