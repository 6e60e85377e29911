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
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

// Close ends the server, and removes its data, although ctx may have ended.
func (s *Server) Close(ctx context.Context) error {
	return errors.Join(s.Kill(ctx), os.RemoveAll(s.dir))
}
