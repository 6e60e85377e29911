package receiver

import (
	"maps"
	"sync"

	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// leaving is what earlier generations have left behind and has not ended yet,
// and the accounts of exporters that have.
type leaving struct {
	mu     sync.Mutex
	server map[*ingest.Server]struct{}
	queue  map[*pipeline.Destination]struct{}
	files  map[string]<-chan struct{} // by location: closed when the last who has it open has closed it
	closed map[string]pipeline.State  // by exporter: books and counters
}

func (l *leaving) addServer(s *ingest.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server == nil {
		l.server = map[*ingest.Server]struct{}{}
	}
	l.server[s] = struct{}{}
}

func (l *leaving) dropServer(s *ingest.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.server, s)
}

func (l *leaving) servers() []*ingest.Server {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*ingest.Server
	for s := range l.server {
		all = append(all, s)
	}
	return all
}

// addDestination adds a destination, with the file that it writes to, if any.
func (l *leaving) addDestination(d *pipeline.Destination, file string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue == nil {
		l.queue, l.files = map[*pipeline.Destination]struct{}{}, map[string]<-chan struct{}{}
	}
	l.queue[d] = struct{}{}
	if file != "" {
		l.files[file] = d.Ended()
	}
}

// file returns what is closed when a file is free, or nil if it is. Where nothing
// ever ran, all are.
func (l *leaving) file(location string) <-chan struct{} {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.files[location]
}

// close keeps the account of a destination that has ended.
func (l *leaving) close(d *pipeline.Destination) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed == nil {
		l.closed = map[string]pipeline.State{}
	}
	delete(l.queue, d)
	maps.DeleteFunc(l.files, func(_ string, free <-chan struct{}) bool { return free == d.Ended() })
	s := d.State()
	if before, again := l.closed[s.Name]; again {
		s = s.Plus(before)
	}
	l.closed[s.Name] = s
}

func (l *leaving) destinations() []*pipeline.Destination {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*pipeline.Destination
	for d := range l.queue {
		all = append(all, d)
	}
	return all
}

// states returns the accounts of exporters that are leaving or gone, each name once.
func (l *leaving) states() map[string]pipeline.State {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]pipeline.State{}
	maps.Copy(all, l.closed)
	for d := range l.queue {
		s := d.State()
		if before, again := all[s.Name]; again {
			s = s.Plus(before)
		}
		all[s.Name] = s
	}
	return all
}
