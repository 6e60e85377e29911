package row

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// What an ID is derived from begins with its kind, so that IDs of different kinds
// differ whatever they are made of. They are in databases: these texts do not change.
const (
	resourceDomain = "otlp resource\x00"
	scopeDomain    = "otlp scope\x00"
	metricDomain   = "otlp metric\x00"
	spanDomain     = "otlp span\x00"
	pointDomain    = "otlp data point\x00"
	logDomain      = "otlp log record\x00"
)

// What stands behind the domain is told by bits.
const (
	asEncoded = 1 << iota // the message as it came, for columns do not hold all of it
	timeless              // when it was received, and its place in the batch
)

// digest makes IDs. Whatever is written to it says where it ends: no two contents
// look the same.
type digest struct {
	buf []byte
}

// begin forgets what was written, and writes the domain and what is to come.
func (d *digest) begin(domain string, form byte) {
	d.buf = append(append(d.buf[:0], domain...), form)
}

func (d *digest) id(id *ID) { d.buf = append(d.buf, id[:]...) }

func (d *digest) number(v uint64) { d.buf = binary.AppendUvarint(d.buf, v) }

func (d *digest) flag(v bool) {
	if v {
		d.number(1)
	} else {
		d.number(0)
	}
}

func (d *digest) bytes(b []byte) {
	d.number(uint64(len(b)))
	d.buf = append(d.buf, b...)
}

func (d *digest) double(v *float64) {
	d.flag(v != nil)
	if v != nil {
		d.buf = binary.BigEndian.AppendUint64(d.buf, math.Float64bits(*v))
	}
}

// encoded returns the ID of what is known by its bytes.
func (d *digest) encoded(domain string, parts ...[]byte) ID {
	d.begin(domain, asEncoded)
	for _, b := range parts {
		d.bytes(b)
	}
	return d.end()
}

// end returns the ID of what was written.
func (d *digest) end() (id ID) {
	sum := sha256.Sum256(d.buf)
	copy(id[:], sum[:])
	return id
}
