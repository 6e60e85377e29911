// Package buftest finds mistakes in the ownership of buffers in tests.
package buftest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/mem"
)

var _ mem.BufferPool = (*Pool)(nil)

// Poison is what a Pool overwrites freed buffers with.
const Poison = 0xdb

// Pool is a buffer pool that overwrites what is freed, so that a late reader sees
// nonsense and the race detector a race, and that knows what was not freed.
// The zero value is ready.
type Pool struct {
	free sync.Pool
	out  atomic.Int64
}

// Get returns a buffer full of poison.
func (p *Pool) Get(length int) *[]byte {
	p.out.Add(1)
	if b, ok := p.free.Get().(*[]byte); ok && cap(*b) >= length {
		*b = (*b)[:length]
		return b
	}
	b := make([]byte, length, max(length, 2<<10)) // mem.NewBuffer does not give back less than 1 KiB
	for i := range b {
		b[i] = Poison
	}
	return &b
}

// Put takes a buffer back.
func (p *Pool) Put(b *[]byte) {
	p.out.Add(-1)
	*b = (*b)[:cap(*b)]
	for i := range *b {
		(*b)[i] = Poison
	}
	p.free.Put(b)
}

// Buffer returns a buffer of the pool that holds data.
func (p *Pool) Buffer(data []byte) mem.Buffer {
	b := p.Get(len(data))
	copy(*b, data)
	return mem.NewBuffer(b, p)
}

// AllFreed fails the test unless every buffer is given back within a few
// seconds: a transport may free its references a little later than the call ends.
func (p *Pool) AllFreed(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); p.out.Load() != 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d buffers were not freed", p.out.Load())
		}
		<-time.After(time.Millisecond)
	}
}
