package file

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// faulty is a file whose operations fail on demand.
type faulty struct {
	*os.File
	room     int // bytes that fit; negative: any number
	truncate error
	before   func() // runs before a write, if not nil

	mu    sync.Mutex // a flush is no part of the exporter's order
	sync  error
	syncs int
}

func (f *faulty) Write(p []byte) (int, error) {
	if f.before != nil {
		f.before()
	}
	if f.room < 0 || len(p) <= f.room {
		return f.File.Write(p)
	}
	n, err := f.File.Write(p[:f.room])
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f *faulty) Truncate(size int64) error {
	if f.truncate != nil {
		return f.truncate
	}
	return f.File.Truncate(size)
}

func (f *faulty) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncs++
	return f.sync
}

// answer makes Sync return err from now on.
func (f *faulty) answer(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sync = err
}

// synced returns how often Sync was called.
func (f *faulty) synced() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.syncs
}

// inject makes the exporter's file faulty.
func inject(t *testing.T, e *Exporter) *faulty {
	t.Helper()
	file, ok := e.sink.file.(*os.File)
	if !ok {
		t.Fatal("the file is faulty already")
	}
	f := &faulty{File: file, room: -1}
	e.sink.file = f
	return f
}

// fails exports b, which must fail for now.
func fails(t *testing.T, e *Exporter, b *pipeline.Batch, want error) {
	t.Helper()
	_, err := e.Export(t.Context(), b)
	var retryable *pipeline.RetryableError
	if !errors.As(err, &retryable) || !errors.Is(err, want) {
		t.Fatalf("error %v, want a retryable %v", err, want)
	}
}

// A write that breaks off leaves nothing behind, whatever fits.
func TestShortWrite(t *testing.T) {
	b := batch(wire.Logs, otlptest.Logs(1))
	f := func(room int) {
		t.Helper()
		c := settings(t)
		e := start(t, c)
		export(t, e, b)
		before := read(t, c.Path)
		file := inject(t, e)
		file.room = room
		for range 2 {
			fails(t, e, b, syscall.ENOSPC)
			if got := read(t, c.Path); !bytes.Equal(got, before) {
				t.Errorf("room for %d bytes: %q is in the file", room, got[len(before):])
			}
		}
		file.room = -1
		export(t, e, b)
		finish(t, e)
		if got := len(lines(t, wire.Logs, read(t, c.Path))); got != 2 {
			t.Errorf("room for %d bytes: %d lines, want 2", room, got)
		}
	}
	f(0)
	f(1)
	f(100)
}

// A file that cannot be cut as it is open is cut by its name, unless that is
// another file's by now: then it is cut when it is closed.
func TestCutByName(t *testing.T) {
	b := batch(wire.Logs, otlptest.Logs(1))
	f := func(moved bool, want int) {
		t.Helper()
		c := settings(t)
		e := start(t, c)
		export(t, e, b)
		file := inject(t, e)
		file.room, file.truncate = 10, syscall.EACCES
		away := c.Path + ".1"
		if moved {
			file.before = func() {
				if err := errors.Join(os.Rename(c.Path, away), os.WriteFile(c.Path, []byte("{}\n"), 0o600)); err != nil {
					t.Error(err)
				}
				file.before = nil
			}
		}
		fails(t, e, b, syscall.ENOSPC)
		file.room, file.truncate = -1, nil
		export(t, e, b)
		finish(t, e)
		if got := len(lines(t, wire.Logs, read(t, c.Path))); got != want {
			t.Errorf("moved %t: %d lines, want %d", moved, got, want)
		}
		if moved && len(lines(t, wire.Logs, read(t, away))) != 1 {
			t.Error("the file that was moved away is not whole")
		}
	}
	f(false, 2)
	f(true, 2)
}

// A directory that disappears takes no telemetry with it.
func TestRemovedDirectory(t *testing.T) {
	b := batch(wire.Logs, otlptest.Logs(1))
	c := settings(t)
	c.Path = filepath.Join(filepath.Dir(c.Path), "mount", "telemetry.json")
	c.CreateDirectory = true
	e := start(t, c)
	export(t, e, b)
	e.sink.create = false
	if err := os.RemoveAll(filepath.Dir(c.Path)); err != nil {
		t.Fatal(err)
	}
	fails(t, e, b, fs.ErrNotExist)
	fails(t, e, b, fs.ErrNotExist)
	e.sink.create = true
	export(t, e, b)
	finish(t, e)
	if got := len(lines(t, wire.Logs, read(t, c.Path))); got != 1 {
		t.Errorf("%d lines, want 1", got)
	}
}

// Log rotation by others: the file is moved away, or copied and emptied.
func TestRotatedByOthers(t *testing.T) {
	b := batch(wire.Logs, otlptest.Logs(1))
	c := settings(t)
	e := start(t, c)
	export(t, e, b)
	if err := os.Rename(c.Path, c.Path+".1"); err != nil {
		t.Fatal(err)
	}
	export(t, e, b)
	export(t, e, b)
	if err := os.Truncate(c.Path, 0); err != nil {
		t.Fatal(err)
	}
	export(t, e, b)
	file := inject(t, e)
	file.room = 7
	fails(t, e, b, syscall.ENOSPC)
	finish(t, e)
	for _, path := range []string{c.Path, c.Path + ".1"} {
		if got := len(lines(t, wire.Logs, read(t, path))); got != 1 {
			t.Errorf("%s: %d lines, want 1", path, got)
		}
	}
}

// What was written is on the disk within flush_interval, and at the end.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := batch(wire.Logs, otlptest.Logs(1))
		e := start(t, settings(t))
		file := inject(t, e)
		syncs := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := file.synced(); got != want {
				t.Errorf("flushed %d times, want %d", got, want)
			}
		}
		export(t, e, b)
		time.Sleep(500 * time.Millisecond)
		export(t, e, b)
		syncs(0)
		time.Sleep(500 * time.Millisecond)
		syncs(1)
		time.Sleep(time.Hour)
		syncs(1)
		export(t, e, b)
		file.answer(syscall.EIO) // is told to the log
		time.Sleep(time.Second)
		syncs(2)
		e.mu.Lock()
		if !e.failing {
			t.Error("the failure went unnoticed")
		}
		e.mu.Unlock()
		file.answer(nil)
		export(t, e, b)
		finish(t, e)
		syncs(3)
	})
}

// With flush_interval 0 a batch is on the disk before it counts as exported.
func TestFlushEach(t *testing.T) {
	b := batch(wire.Logs, otlptest.Logs(1))
	c := settings(t)
	c.FlushInterval = 0
	e := start(t, c)
	file := inject(t, e)
	export(t, e, b)
	file.answer(syscall.EIO)
	fails(t, e, b, syscall.EIO)
	file.answer(nil)
	finish(t, e)
	if got := len(lines(t, wire.Logs, read(t, c.Path))); got != 1 || file.synced() != 3 {
		t.Errorf("%d lines, flushed %d times", got, file.synced())
	}
}

// A file that cannot be written for a while delays telemetry, and loses none.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := settings(t)
		e := start(t, c)
		file := inject(t, e)
		file.room = 50
		d := pipeline.NewDestination("file", e, c.Settings(), &pipeline.Pool{}, quiet())
		route := pipeline.NewRoute([]*pipeline.Lane{d.Lane(wire.Logs, pipeline.Limits{})}, nil, nil)
		done := make(chan error)
		go func() { done <- d.Run(t.Context()) }()
		b := batch(wire.Logs, otlptest.Logs(5))
		for range 3 {
			if _, err := route.Consume(t.Context(), &pipeline.Payload{Signal: wire.Logs, Items: 5, Data: b.Parts[0].Data}); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Minute)
		if s := d.State(); s.Failing == "" || s.Books[wire.Logs].Queued != 15 {
			t.Errorf("during the outage: %+v", s)
		}
		e.mu.Lock()
		file.room = -1
		e.mu.Unlock()
		time.Sleep(time.Minute)
		d.Drain()
		if err := <-done; err != nil {
			t.Error(err)
		}
		books := d.State().Books[wire.Logs]
		if books.Exported != 15 || books.Unexplained() != 0 {
			t.Errorf("after the outage: %+v", books)
		}
		if got := len(lines(t, wire.Logs, read(t, c.Path))); got != 3 {
			t.Errorf("%d lines, want 3", got)
		}
	})
}
