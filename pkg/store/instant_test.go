package store

import (
	"slices"
	"testing"
	"time"
)

// Times after the year 2262, as only PostgreSQL has them, come after all others.
func TestInstantsAreInOrder(t *testing.T) {
	late := instant(-7_446_744_073_709_551_616) // of the year 2318
	all := []instant{late, nanos(noon()), 0, late + 1}
	slices.SortFunc(all, instant.compare)
	if want := []instant{0, nanos(noon()), late, late + 1}; !slices.Equal(all, want) {
		t.Errorf("%v, want %v", all, want)
	}
	if got := moment(late).Year(); got != 2318 {
		t.Errorf("the year %d at %s", got, moment(late).Format(time.RFC3339))
	}
}
