package balanced

import (
	"context"
	"errors"
	"sync"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// clients are the exporters to single addresses. They are made when there is something
// to send, and closed when nobody uses them and their address is gone.
type clients struct {
	open func(addr string) (pipeline.Exporter, error)

	mu     sync.Mutex
	byAddr map[string]*client
	wanted map[string]struct{}
}

// client is an exporter to one address. The lock of clients guards users.
type client struct {
	addr  string
	users int

	opening  sync.Once
	exporter pipeline.Exporter
	err      error
}

// enter returns the client for an address, which is not closed before leave.
func (c *clients) enter(addr string) (*client, error) {
	c.mu.Lock()
	this := c.byAddr[addr]
	if this == nil {
		this = &client{addr: addr}
		if c.byAddr == nil {
			c.byAddr = map[string]*client{}
		}
		c.byAddr[addr] = this
	}
	this.users++
	c.mu.Unlock()
	this.opening.Do(func() { this.exporter, this.err = c.open(addr) })
	return this, this.err
}

// leave ends a use of a client, and closes it if it was the last.
func (c *clients) leave(ctx context.Context, this *client) error {
	c.mu.Lock()
	this.users--
	_, wanted := c.wanted[this.addr]
	over := this.users == 0 && (!wanted || this.err != nil)
	if over && c.byAddr[this.addr] == this {
		delete(c.byAddr, this.addr)
	}
	c.mu.Unlock()
	if !over || this.exporter == nil {
		return nil
	}
	return this.exporter.Close(ctx)
}

// want says which addresses there are. It closes the clients of others that are not
// in use.
func (c *clients) want(ctx context.Context, instances []resolve.Instance) error {
	wanted := make(map[string]struct{}, len(instances))
	for i := range instances {
		wanted[instances[i].Addr] = struct{}{}
	}
	var over []*client
	c.mu.Lock()
	c.wanted = wanted
	for addr, this := range c.byAddr {
		if _, still := wanted[addr]; !still && this.users == 0 {
			delete(c.byAddr, addr)
			over = append(over, this)
		}
	}
	c.mu.Unlock()
	var errs []error
	for _, this := range over {
		errs = append(errs, this.exporter.Close(ctx))
	}
	return errors.Join(errs...)
}
