package store

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// The types of columns whose binary form needs more than a look at its length.
const (
	oidTimestamptz = 1184
	oidJSONB       = 3802
)

// postgresEpoch is what times are counted from, in microseconds.
func postgresEpoch() time.Time { return time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC) }

// postgresRow is a row of an answer in binary.
type postgresRow struct {
	fields []pgconn.FieldDescription
	values [][]byte
}

func (r postgresRow) null(i int) bool { return r.values[i] == nil }

func (r postgresRow) integer(i int) int64 {
	v := r.values[i]
	if r.fields[i].DataTypeOID == oidTimestamptz && len(v) == 8 {
		return postgresEpoch().UnixNano() + int64(binary.BigEndian.Uint64(v))*int64(time.Microsecond)
	}
	switch len(v) {
	case 1: // a boolean
		return int64(v[0])
	case 2:
		return int64(int16(binary.BigEndian.Uint16(v)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v)))
	case 8:
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

func (r postgresRow) number(i int) float64 {
	if v := r.values[i]; len(v) == 8 {
		return math.Float64frombits(binary.BigEndian.Uint64(v))
	}
	return 0
}

// bytes leaves out the version that is before the text of jsonb.
func (r postgresRow) bytes(i int) []byte {
	v := r.values[i]
	if r.fields[i].DataTypeOID == oidJSONB && len(v) > 0 {
		v = v[1:]
	}
	if r.values[i] == nil {
		return nil
	}
	return append(make([]byte, 0, len(v)), slices.Clip(v)...)
}
