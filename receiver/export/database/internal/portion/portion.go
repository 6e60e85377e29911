// Package portion says how large the parts are in which a batch goes to a database, each a transaction. A request can have
// millions of items, for which an attempt has no time: what it has committed by then stays, and the next one goes on from
// there.
package portion

import "sync/atomic"

// maxHalvings is how often parts become half as large.
const maxHalvings = 6

// MaxItems is how many items a part has at most.
const MaxItems = 50_000

// Size is how large parts are at present. The zero value is ready, and goroutines may share it.
type Size struct{ halvings atomic.Int32 }

// Of returns the present bound of a part for what is most otherwise.
func (s *Size) Of(most int) int { return most >> s.halvings.Load() }

// Learn makes parts smaller after an attempt that has settled no item, which may have lacked the time, and larger again
// after one that has settled all.
func (s *Size) Learn(settled int, err error) {
	switch n := s.halvings.Load(); {
	case err == nil && n > 0:
		s.halvings.CompareAndSwap(n, n-1)
	case err != nil && settled == 0 && n < maxHalvings:
		s.halvings.CompareAndSwap(n, n+1)
	}
}
