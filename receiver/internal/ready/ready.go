// Package ready holds whether a receiver takes requests, for all who are asked about that.
package ready

import "sync"

// State says whether requests are welcome. It is safe for concurrent use.
type State struct {
	mu      sync.Mutex
	why     string
	changed chan struct{}
}

// New returns a State that is not ready, and why.
func New(why string) *State { return &State{why: why, changed: make(chan struct{})} }

// Open says that requests are welcome.
func (s *State) Open() { s.set("") }

// Close says that they are not, and why.
func (s *State) Close(why string) { s.set(why) }

func (s *State) set(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why == why {
		return
	}
	s.why = why
	close(s.changed)
	s.changed = make(chan struct{})
}

// Read returns why requests are not welcome, which is empty if they are, and what is closed once that has changed.
func (s *State) Read() (why string, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why, s.changed
}
