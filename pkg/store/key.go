package store

import (
	"bytes"
	"cmp"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// Key is the primary key of an item: the Time and Key of its row.
type Key struct {
	Time uint64 // nanoseconds since the Unix epoch
	ID   row.ID
}

// compare puts items in the order of their time.
func (k Key) compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Time, other.Time), bytes.Compare(k.ID[:], other.ID[:]))
}
