package store

import (
	"testing"
	"time"
)

// PostgreSQL has times after the year 2262, which are no int64.
func TestInstantsAfterInt64(t *testing.T) {
	late := instant(-7_446_744_073_709_551_616)
	if got := moment(late).Year(); got != 2318 {
		t.Errorf("the year %d at %s", got, moment(late).Format(time.RFC3339))
	}
}
