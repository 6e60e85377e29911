package debug

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/outfile"
)

// output writes to several places at once.
type output struct {
	writers []io.Writer
	files   []*os.File
}

// open adds what paths name; nothing means standard output. After an error
// nothing is open.
func (o *output) open(paths []string, std Streams) error {
	if paths == nil {
		paths = []string{"stdout"}
	}
	for i, path := range paths {
		switch path {
		case "stdout":
			o.writers = append(o.writers, std.Out)
		case "stderr":
			o.writers = append(o.writers, std.Err)
		default:
			f, err := outfile.Append(paths, i, 0o644) // readable like those of the Collector
			if err != nil {
				return errors.Join(err, o.close())
			}
			o.writers = append(o.writers, f)
			o.files = append(o.files, f)
		}
	}
	return nil
}

// Write writes p everywhere, even if it fails somewhere.
func (o *output) Write(p []byte) (int, error) {
	var errs []error
	for _, w := range o.writers {
		if _, err := w.Write(p); err != nil {
			errs = append(errs, err)
		}
	}
	return len(p), errors.Join(errs...)
}

func (o *output) close() error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.Close())
	}
	o.files = nil
	return errors.Join(errs...)
}

// logWriter logs each line that is written to it.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		w.log.Info("telemetry", "text", string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return len(p), nil
}

// page gathers lines and writes them in large pieces, so that what is printed is
// never held in memory as a whole.
type page struct {
	buf []byte
	w   io.Writer
	err error // the first
}

const pageSize = 64 << 10

// endLine ends the line that was appended to buf.
func (p *page) endLine() {
	p.buf = append(p.buf, '\n')
	if len(p.buf) >= pageSize {
		p.flush()
	}
}

func (p *page) flush() {
	if len(p.buf) > 0 && p.err == nil {
		_, p.err = p.w.Write(p.buf)
	}
	p.buf = p.buf[:0]
}

// sampler chooses what is printed within each second.
type sampler struct {
	second int64
	count  int
}

// take reports whether to print one more: the first ones of each second, and
// then every so many.
func (s *sampler) take(now time.Time, initial, every int) bool {
	if second := now.Unix(); second != s.second {
		s.second, s.count = second, 0
	}
	s.count++
	return s.count <= initial || every > 0 && (s.count-initial)%every == 0
}
