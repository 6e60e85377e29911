package postgres

import (
	"context"
	"errors"
	"os"
)

// Open starts a server for a program that is no test. Whoever opens it closes it.
func Open(ctx context.Context, settings ...string) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	s := &Server{settings: settings, bin: bin}
	if err := s.create(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends the server, and removes its data.
func (s *Server) Close() error { return errors.Join(s.Kill(), os.RemoveAll(s.dir)) }
