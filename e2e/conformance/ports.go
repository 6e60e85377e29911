package conformance

import (
	"context"
	"sync"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
)

// ports gives out addresses, none of them twice: until its program binds a port, it looks free to every other check.
type ports struct {
	mu    sync.Mutex
	given map[string]bool
}

// take returns n addresses on 127.0.0.1.
func (p *ports) take(ctx context.Context, n int) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for len(out) < n {
		addr, err := loopback.Addr(ctx)
		if err != nil {
			return nil, err
		}
		if !p.given[addr] {
			p.given[addr] = true
			out = append(out, addr)
		}
	}
	return out, nil
}
