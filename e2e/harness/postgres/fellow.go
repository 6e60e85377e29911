package postgres

import (
	"context"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// StartFellow starts a program as the server's user, for those that refuse to run as root as well. The files in own are
// given to that user before. It dies by lastSignal, such as "TERM", when the test does.
func (s *Server) StartFellow(ctx context.Context, spec process.Spec, lastSignal string, own ...string) (*process.Process, error) {
	if err := s.user.own(own...); err != nil {
		return nil, err
	}
	spec.Path, spec.Args = s.user.command(lastSignal, spec.Path, spec.Args...)
	return process.Start(context.WithoutCancel(ctx), spec)
}
