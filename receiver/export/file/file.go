// Package file is an exporter that appends telemetry to a file, in the formats of
// the Collector's exporter of that name: OTLP/JSON, a line for each batch, or
// encoded requests behind their length (four bytes, big-endian).
//
// A record is in the file as a whole or not at all: what a failed write has left
// is cut off again before anything else is written. A batch counts as exported
// once the operating system has it; flush_interval later it is on the disk.
package file

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Exporter appends batches to a file. It implements pipeline.Exporter.
type Exporter struct {
	conf       Config
	compressor *zstd.Encoder // nil without compression
	log        *slog.Logger

	mu       sync.Mutex // guards what follows
	sink     sink
	buffers  buffers
	flush    *time.Timer // runs while something written is not on the disk
	failing  bool        // the last flush failed
	flushing sync.WaitGroup
}

// buffers are reused from batch to batch.
type buffers struct{ request, encoded, record []byte }

// keepBelow is the size above which a buffer is not kept for the next batch.
const keepBelow = 4 << 20

// New opens the file, and empties it unless the configuration keeps what is there.
// log tells what cannot be returned: flushes that fail later, and old files that
// cannot be deleted.
func New(c Config, log *slog.Logger) (*Exporter, error) {
	e, err := prepare(c, log)
	if err != nil {
		return nil, err
	}
	if err := e.sink.open(c.empties()); err != nil {
		return nil, c.unopened(err)
	}
	if c.Rotation != nil {
		e.sink.prune()
	}
	return e, nil
}

// prepare returns an exporter whose file is not open.
func prepare(c Config, log *slog.Logger) (*Exporter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	mode, err := c.directoryMode()
	if err != nil {
		return nil, err
	}
	e := &Exporter{conf: c, log: log}
	if c.Compression == compressionZstd {
		level := zstd.SpeedDefault
		if c.CompressionParams.Level > 0 {
			level = zstd.EncoderLevelFromZstd(c.CompressionParams.Level)
		}
		if e.compressor, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1)); err != nil {
			return nil, fmt.Errorf("compression: %w", err)
		}
	}
	e.sink = sink{path: c.Path, create: c.CreateDirectory, mode: mode, framed: c.framed(), rotation: c.Rotation, sync: c.FlushInterval == 0, log: log, openFile: openFile}
	return e, nil
}

// Export appends the batch as one record. While the file cannot be written the
// error is a *pipeline.RetryableError.
func (e *Exporter) Export(_ context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	record, err := e.record(b)
	if err != nil {
		return pipeline.Partial{}, err
	}
	if err := e.sink.append(record); err != nil {
		return pipeline.Partial{}, &pipeline.RetryableError{Err: err}
	}
	if e.flush == nil && e.conf.FlushInterval > 0 {
		e.flushing.Add(1)
		e.flush = time.AfterFunc(e.conf.FlushInterval, e.flushNow)
	}
	return pipeline.Partial{}, nil
}

// record returns the batch as it is to stand in the file. It is valid until the next call.
func (e *Exporter) record(b *pipeline.Batch) ([]byte, error) {
	s := &e.buffers
	s.request, s.encoded, s.record = reuse(s.request), reuse(s.encoded), reuse(s.record)
	data := b.Parts[0].Data.ReadOnlyData()
	if len(b.Parts) > 1 { // the pieces are one request together
		for _, part := range b.Parts {
			s.request = append(s.request, part.Data.ReadOnlyData()...)
		}
		data = s.request
	}
	if e.conf.Format == formatJSON {
		var err error
		if s.encoded, err = otlpjson.AppendJSON(s.encoded, b.Signal, data); err != nil {
			return nil, err
		}
		data = s.encoded
	}
	if !e.conf.framed() {
		s.encoded = append(s.encoded, '\n')
		return s.encoded, nil
	}
	s.record = append(s.record, 0, 0, 0, 0)
	if e.compressor != nil {
		s.record = e.compressor.EncodeAll(data, s.record)
	} else {
		s.record = append(s.record, data...)
	}
	length := len(s.record) - lengthBytes
	if length > math.MaxUint32 {
		return nil, fmt.Errorf("a record of %d bytes is longer than its length can say", length)
	}
	binary.BigEndian.PutUint32(s.record, uint32(length))
	return s.record, nil
}

// reuse empties a buffer, or gives it up if it is large.
func reuse(b []byte) []byte {
	if cap(b) > keepBelow {
		return nil
	}
	return b[:0]
}

// flushNow brings what was written to the disk, without holding up Export.
func (e *Exporter) flushNow() {
	defer e.flushing.Done()
	e.mu.Lock()
	e.flush = nil
	f, regular := e.sink.file, e.sink.regular
	e.mu.Unlock()
	if f == nil || !regular {
		return
	}
	err := f.Sync()
	if errors.Is(err, os.ErrClosed) { // rotated away, which flushes as well
		err = nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil && !e.failing {
		e.log.Error("written telemetry may not be on the disk", "error", err)
	}
	e.failing = err != nil
}

// Close flushes the file to the disk and closes it.
func (e *Exporter) Close(context.Context) error {
	e.mu.Lock()
	if e.flush != nil && e.flush.Stop() {
		e.flushing.Done()
	}
	err := e.sink.close()
	e.mu.Unlock()
	e.flushing.Wait()
	return err
}
