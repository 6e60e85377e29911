package engine

import (
	"context"
	"fmt"
	"io"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// LogOptions says what of a log is wanted.
type LogOptions struct {
	// Follow goes on until the container ends.
	Follow bool
	// Tail is the number of last lines, or all.
	Tail string
	// Since is a time in RFC 3339, or how long ago, such as 10m; empty is the beginning.
	Since      string
	Timestamps bool
}

// Logs copies the log of a container, each of its streams to one of ours. It ends with the container, or with ctx.
func (e *Engine) Logs(ctx context.Context, name string, o LogOptions, stdout, stderr io.Writer) error {
	c, err := e.existing(ctx, name)
	if err != nil {
		return err
	}
	stream, err := e.api.ContainerLogs(ctx, c.ID, container.LogsOptions{
		ShowStdout: true, ShowStderr: true, Follow: o.Follow, Tail: o.Tail, Since: o.Since, Timestamps: o.Timestamps,
	})
	if err != nil {
		return fmt.Errorf("log of %s: %w", name, err)
	}
	defer func() { _ = stream.Close() }()
	_, err = stdcopy.StdCopy(stdout, stderr, stream)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("log of %s: %w", name, err)
	}
	return nil
}
