package postgres

import (
	"encoding/binary"
	"math"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// The binary format of COPY (PostgreSQL documentation, COPY, "Binary Format"): a
// header, tuples, and a trailer in place of a tuple's number of fields. A field is
// its length, or -1 for NULL, and what the send function of its type would give.
const (
	copyHeader  = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" // no flags, no extension
	copyTrailer = "\xff\xff"
)

// jsonbVersion begins the binary form of jsonb; the text of the value follows.
const jsonbVersion = 1

// epochMicros is when the time of PostgreSQL begins, 2000-01-01, in microseconds
// since the Unix epoch.
const epochMicros = 946_684_800_000_000

// tuples are encoded tuples, one behind the other.
type tuples struct{ buf []byte }

// begin starts a tuple of so many fields.
func (t *tuples) begin(fields int) {
	t.buf = binary.BigEndian.AppendUint16(t.buf, uint16(fields)) //nolint:gosec // at most 24
}

func (t *tuples) size(n int) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(n)) //nolint:gosec // the server takes 1 GiB at most, and a request has 64 MiB
}

func (t *tuples) null() { t.size(-1) }

func (t *tuples) uuid(v row.ID) {
	t.size(len(v))
	t.buf = append(t.buf, v[:]...)
}

// timestamp writes a timestamptz: microseconds since 2000.
func (t *tuples) timestamp(unixNano uint64) {
	t.int8(int64(unixNano/1000) - epochMicros) //nolint:gosec // a thousandth fits
}

func (t *tuples) int2(v int16) {
	t.size(2)
	t.buf = binary.BigEndian.AppendUint16(t.buf, uint16(v)) //nolint:gosec // two's complement, as in the server
}

func (t *tuples) int4(v int32) {
	t.size(4)
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(v)) //nolint:gosec // two's complement, as in the server
}

func (t *tuples) int8(v int64) {
	t.size(8)
	t.buf = binary.BigEndian.AppendUint64(t.buf, uint64(v)) //nolint:gosec // two's complement, as in the server
}

// bits writes an unsigned integer as the bigint that has the same bits.
func (t *tuples) bits(v uint64) {
	t.int8(int64(v)) //nolint:gosec // meant
}

// count writes a number that is most often zero, and NULL then.
func (t *tuples) count(v uint32) {
	if v == 0 {
		t.null()
		return
	}
	t.int8(int64(v))
}

func (t *tuples) float8(v float64) {
	t.size(8)
	t.buf = binary.BigEndian.AppendUint64(t.buf, math.Float64bits(v))
}

// bytes writes text or bytea.
func (t *tuples) bytes(v []byte) {
	t.size(len(v))
	t.buf = append(t.buf, v...)
}

// optional writes text or bytea, and NULL for nothing.
func (t *tuples) optional(v []byte) {
	if len(v) == 0 {
		t.null()
		return
	}
	t.bytes(v)
}

// json writes jsonb, and NULL for nothing.
func (t *tuples) json(v row.JSON) {
	if len(v) == 0 {
		t.null()
		return
	}
	t.size(1 + len(v))
	t.buf = append(t.buf, jsonbVersion)
	t.buf = append(t.buf, v...)
}

func (t *tuples) optionalFloat8(v *float64) {
	if v == nil {
		t.null()
		return
	}
	t.float8(*v)
}

func (t *tuples) optionalInt8(v *int64) {
	if v == nil {
		t.null()
		return
	}
	t.int8(*v)
}
