package portion

import (
	"errors"
	"testing"
)

// Parts become smaller until one can be written, and larger again.
func TestSizeLearns(t *testing.T) {
	var s Size
	late := errors.New("late")
	f := func(settled int, err error, items, bytes int) {
		t.Helper()
		s.Learn(settled, err)
		if i, b := s.Of(MaxItems), s.Of(16<<20); i != items || b != bytes {
			t.Errorf("%d items of %d bytes, want %d of %d", i, b, items, bytes)
		}
	}
	f(0, nil, 50_000, 16<<20)
	f(0, late, 25_000, 8<<20)
	f(7, late, 25_000, 8<<20)
	for range 10 {
		s.Learn(0, late)
	}
	f(0, late, 781, 256<<10)
	f(10, nil, 1562, 512<<10)
	for range 10 {
		s.Learn(10, nil)
	}
	f(10, nil, 50_000, 16<<20)
}
