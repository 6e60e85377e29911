package receiver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/otlpctl/otlpctl/receiver/internal/outfile"
)

// Logs is a log whose level, encoding and outputs can be changed while it is used.
type Logs struct {
	*slog.Logger

	stdout, stderr io.Writer
	current        atomic.Pointer[logOutput]
	changing       sync.Mutex
}

// logOutput is where a log goes at the moment. Lines are written under a lock, so
// that no file is closed below them.
type logOutput struct {
	handler slog.Handler
	writing sync.RWMutex
	files   []*os.File
	closed  bool
}

// OpenLogs opens the log that c describes. The process's own streams are given. The
// error is a *Fault.
func OpenLogs(c LogsConfig, stdout, stderr io.Writer) (*Logs, error) {
	l := &Logs{stdout: stdout, stderr: stderr}
	o, err := l.open(c)
	if err != nil {
		return nil, logsFault(err)
	}
	l.current.Store(o)
	l.Logger = slog.New(follower{logs: l})
	return l, nil
}

// Change makes the log what c describes. After an error it is as it was.
func (l *Logs) Change(c LogsConfig) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	o, err := l.open(c)
	if err != nil {
		return err
	}
	return l.current.Swap(o).close()
}

// Close closes the log's files.
func (l *Logs) Close() error { return l.current.Load().close() }

func (l *Logs) open(c LogsConfig) (*logOutput, error) {
	level, err := c.level()
	if err != nil {
		return nil, err
	}
	o := &logOutput{}
	var outputs []io.Writer
	for i, path := range c.OutputPaths {
		switch path {
		case "stdout":
			outputs = append(outputs, l.stdout)
		case "stderr":
			outputs = append(outputs, l.stderr)
		default:
			f, err := outfile.Append(c.OutputPaths, i, 0o640)
			if err != nil {
				return nil, errors.Join(err, o.close())
			}
			o.files = append(o.files, f)
			outputs = append(outputs, f)
		}
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Encoding == "console" {
		o.handler = slog.NewTextHandler(io.MultiWriter(outputs...), options)
	} else {
		o.handler = slog.NewJSONHandler(io.MultiWriter(outputs...), options)
	}
	return o, nil
}

// level returns the least important level that is written.
func (c *LogsConfig) level() (level slog.Level, err error) {
	return level, level.UnmarshalText([]byte(c.Level))
}

// check returns why OpenLogs would fail, without creating a file.
func (c *LogsConfig) check() error {
	_, err := c.level()
	return errors.Join(err, outfile.CheckAll(c.OutputPaths))
}

func (o *logOutput) close() error {
	o.writing.Lock()
	defer o.writing.Unlock()
	o.closed = true
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// follower is a slog.Handler that follows the changes of a log. What With and
// WithGroup of slog.Logger added is applied to each line.
type follower struct {
	logs  *Logs
	added []func(slog.Handler) slog.Handler
}

func (f follower) Enabled(ctx context.Context, level slog.Level) bool {
	return f.logs.current.Load().handler.Enabled(ctx, level)
}

func (f follower) Handle(ctx context.Context, r slog.Record) error {
	for {
		o := f.logs.current.Load()
		if written, err := o.write(ctx, r, f.added); written || o == f.logs.current.Load() {
			return err
		}
	}
}

// write returns false if the output was closed before.
func (o *logOutput) write(ctx context.Context, r slog.Record, added []func(slog.Handler) slog.Handler) (bool, error) {
	o.writing.RLock()
	defer o.writing.RUnlock()
	if o.closed {
		return false, nil
	}
	h := o.handler
	for _, add := range added {
		h = add(h)
	}
	return true, h.Handle(ctx, r)
}

func (f follower) WithAttrs(attrs []slog.Attr) slog.Handler {
	return f.with(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (f follower) WithGroup(name string) slog.Handler {
	return f.with(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (f follower) with(add func(slog.Handler) slog.Handler) slog.Handler {
	return follower{logs: f.logs, added: append(slices.Clip(f.added), add)}
}
