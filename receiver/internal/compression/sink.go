package compression

import "google.golang.org/grpc/mem"

const (
	// expectedRatio is by how much telemetry shrinks at least, most of the time.
	expectedRatio = 6
	smallestChunk = 2 << 10
	largestChunk  = 64 << 10
)

// firstChunk returns the size of the first buffer for what total bytes are
// compressed to: most often the only one.
func firstChunk(total int) int {
	return min(max(total/expectedRatio, smallestChunk), largestChunk)
}

// sink collects what is written to it in buffers of a pool.
type sink struct {
	out  mem.BufferSlice
	pool mem.BufferPool
	next int // size of the next buffer
	tail *[]byte
	used int // of tail
}

func (s *sink) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		if s.tail == nil {
			s.tail, s.used = s.pool.Get(s.next), 0
			s.next = largestChunk
		}
		n := copy((*s.tail)[s.used:], rest)
		s.used += n
		rest = rest[n:]
		if s.used == len(*s.tail) {
			s.flush()
		}
	}
	return len(b), nil
}

// flush makes the tail a buffer of its own.
func (s *sink) flush() {
	*s.tail = (*s.tail)[:s.used]
	s.out = append(s.out, mem.NewBuffer(s.tail, s.pool))
	s.tail = nil
}

// finish returns all buffers.
func (s *sink) finish() mem.BufferSlice {
	if s.tail != nil {
		s.flush()
	}
	return s.out
}

// free gives up the buffers from the given index on.
func (s *sink) free(from int) {
	s.finish()[from:].Free()
}
