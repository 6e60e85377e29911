package postgres

import "sync/atomic"

// A batch goes to the database in parts, of which one at a time is in memory as rows: a request can become far
// more than its size. Together with its largest item, a part has at most this many bytes.
const (
	maxPartItems = 50_000
	maxPartBytes = 16 << 20
)

// maxHalvings is how often parts become half as large.
const maxHalvings = 6

// parts is how large parts are at present. The zero value is ready.
type parts struct{ halvings atomic.Int32 }

// most returns how many items and bytes a part has at most.
func (p *parts) most() (items, bytes int) {
	n := p.halvings.Load()
	return maxPartItems >> n, maxPartBytes >> n
}

// learn makes parts smaller after an attempt that has written none, which may have lacked the time, and larger again
// after one that has written all.
func (p *parts) learn(settled int, err error) {
	switch n := p.halvings.Load(); {
	case err == nil && n > 0:
		p.halvings.CompareAndSwap(n, n-1)
	case err != nil && settled == 0 && n < maxHalvings:
		p.halvings.CompareAndSwap(n, n+1)
	}
}
