package file

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/internal/outfile"
)

// Check returns why New would fail. It neither creates, changes nor renames
// anything that another process could see for longer than a moment.
func (c *Config) Check() error {
	e, err := prepare(*c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := e.sink.check(c.empties()); err != nil {
		return c.unopened(err)
	}
	return nil
}

// empties reports whether what is in the file is lost when it is opened.
func (c *Config) empties() bool { return !c.Append && c.Rotation == nil }

// unopened explains why the file cannot be opened.
func (c *Config) unopened(err error) error {
	further := ""
	if !c.CreateDirectory {
		further = ", or set create_directory: true"
	}
	return invalid.At("path", outfile.Explain(c.Path, err, further))
}

// check returns why open would fail, without opening the file for long.
func (s *sink) check(empty bool) error {
	if s.create {
		folder := filepath.Dir(s.path)
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return outfile.CheckBoth(s.path, s.mode)
		}
	}
	if err := outfile.Check(s.path, os.O_RDWR); err != nil || empty {
		return err
	}
	aside, err := s.mustArchive()
	if err != nil || !aside {
		return err
	}
	return outfile.CheckFolder(filepath.Dir(s.path)) // where it would get another name
}

// mustArchive reports whether the file, which may not exist, ends in an
// incomplete record.
func (s *sink) mustArchive() (bool, error) {
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	f, err := os.Open(s.path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	reading := sink{file: f, size: info.Size(), framed: s.framed}
	return !reading.whole(), nil
}
