package pipeline

import (
	"math/bits"
	"sync"

	"google.golang.org/grpc/mem"
)

var _ mem.BufferPool = (*Pool)(nil)

// Pool recycles the buffers of requests. Unlike grpc's own pool it does not zero
// what it hands out, and its sizes are a quarter apart at most, so that a request
// does not hold much more memory than it needs. The zero value is ready.
// It implements grpc's mem.BufferPool.
type Pool struct {
	classes [numClasses]sync.Pool
}

// Sizes are 1, 1.25, 1.5 and 1.75 times a power of two, from 1 KiB to 64 MiB.
const (
	minShift   = 10
	maxShift   = 26
	steps      = 4
	numClasses = (maxShift-minShift)*steps + 1
)

// Get returns a buffer of the given length. Its content is whatever its last
// user left there.
func (p *Pool) Get(length int) *[]byte {
	class := classOf(length)
	if class < 0 {
		b := make([]byte, length)
		return &b
	}
	if b, ok := p.classes[class].Get().(*[]byte); ok {
		*b = (*b)[:length]
		return b
	}
	b := make([]byte, length, classSize(class))
	return &b
}

// Put takes back a buffer that nobody uses any more. Buffers of other sizes than
// Get makes are left to the garbage collector.
func (p *Pool) Put(b *[]byte) {
	class := classOf(cap(*b))
	if class < 0 || cap(*b) != classSize(class) {
		return
	}
	p.classes[class].Put(b)
}

// classOf returns the smallest class that holds length bytes, or -1.
func classOf(length int) int {
	if length <= 1<<minShift {
		return 0
	}
	if length > 1<<maxShift {
		return -1
	}
	shift := bits.Len(uint(length-1)) - 1 // 2^shift < length <= 2^(shift+1)
	quarter := 1 << shift / steps
	step := (length - 1<<shift + quarter - 1) / quarter
	return (shift-minShift)*steps + step
}

func classSize(class int) int {
	base := 1 << (minShift + class/steps)
	return base + base/steps*(class%steps)
}
