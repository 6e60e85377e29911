package file

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// lengthBytes is the size of the length before a framed record.
const lengthBytes = 4

// handle is what a sink needs of an *os.File.
type handle interface {
	io.Writer
	io.ReaderAt
	Truncate(size int64) error
	Sync() error
	Stat() (fs.FileInfo, error)
	Close() error
}

func openFile(name string, flag int, mode fs.FileMode) (handle, error) {
	return os.OpenFile(name, flag, mode) //nolint:gosec // G304: a file that the configuration names
}

// sink is a file that whole records are appended to. It survives whatever happens
// to the file meanwhile: when it was moved away or deleted, as log rotation by
// others does, a new one is begun under the same name.
type sink struct {
	path     string
	create   bool // the directory
	mode     fs.FileMode
	framed   bool
	rotation *Rotation // nil: none
	sync     bool      // with each record
	log      *slog.Logger
	openFile func(name string, flag int, mode fs.FileMode) (handle, error)

	file    handle // nil after a failure and after close
	info    fs.FileInfo
	regular bool  // neither a device nor a pipe
	size    int64 // of the whole records
	torn    bool  // the file may hold a part of another one
}

// open opens the file, empty or to be continued.
func (s *sink) open(empty bool) error {
	if s.create {
		if err := os.MkdirAll(filepath.Dir(s.path), s.mode); err != nil {
			return err
		}
	}
	flag := os.O_RDWR | os.O_CREATE | os.O_APPEND
	if empty {
		flag |= os.O_TRUNC
	}
	f, err := s.openFile(s.path, flag, 0o644)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s.file, s.info, s.regular, s.size, s.torn = f, info, info.Mode().IsRegular(), info.Size(), false
	if s.regular && !s.whole() {
		s.log.Warn("file ends in an incomplete record: setting it aside", "path", s.path)
		return s.archive()
	}
	syncDirectory(filepath.Dir(s.path))
	return nil
}

// whole reports whether the file ends where a record ends. It does not after a
// crash, nor if it is a file in another format.
func (s *sink) whole() bool {
	if s.size == 0 {
		return true
	}
	if !s.framed {
		var last [1]byte
		_, err := s.file.ReadAt(last[:], s.size-1)
		return err == nil && last[0] == '\n'
	}
	at := int64(0)
	for at < s.size {
		var length [lengthBytes]byte
		if _, err := s.file.ReadAt(length[:], at); err != nil {
			return false
		}
		at += lengthBytes + int64(binary.BigEndian.Uint32(length[:]))
	}
	return at == s.size
}

// append appends one record, or leaves the file as it was.
func (s *sink) append(record []byte) error {
	if err := s.prepare(int64(len(record))); err != nil {
		return err
	}
	n, err := s.file.Write(record)
	if err == nil && n < len(record) {
		err = io.ErrShortWrite
	}
	if err == nil && s.sync && s.regular {
		err = s.file.Sync()
	}
	if err != nil {
		s.torn = s.regular && n > 0
		return errors.Join(err, s.mend())
	}
	s.size += int64(n)
	return nil
}

// prepare makes the file ready for a record of n bytes.
func (s *sink) prepare(n int64) error {
	info, err := os.Stat(s.path)
	switch {
	case s.file == nil:
		err = s.open(false)
	case err == nil && os.SameFile(info, s.info):
		if s.torn {
			err = s.mend()
		} else {
			s.size = info.Size() // someone else may have emptied it, or added to it
		}
	default: // moved away or deleted
		if err = s.close(); err == nil {
			err = s.open(false)
		}
	}
	if err != nil {
		return err
	}
	if s.rotation != nil && s.regular && s.size > 0 && s.size+n > s.rotation.maxBytes() {
		return s.rotate()
	}
	return nil
}

// mend cuts off what a failed write has left.
func (s *sink) mend() error {
	if !s.torn {
		return nil
	}
	err := s.file.Truncate(s.size)
	if err != nil && s.inPlace() && os.Truncate(s.path, s.size) == nil {
		err = nil // Windows cuts no file that is open for appending, but by its name
	}
	s.torn = err != nil
	return err
}

// inPlace reports whether the open file is still the one under its name.
func (s *sink) inPlace() bool {
	info, err := os.Stat(s.path)
	return err == nil && os.SameFile(info, s.info)
}

// close flushes the file to the disk and closes it.
func (s *sink) close() error {
	if s.file == nil {
		return nil
	}
	err := s.mend()
	if s.regular {
		err = errors.Join(err, s.file.Sync())
	}
	err = errors.Join(err, s.file.Close())
	s.file = nil
	return err
}

// syncDirectory brings new names in a directory to the disk, where that is
// possible. A failure would only matter if the machine lost power right then.
func syncDirectory(name string) {
	d, err := os.Open(name) //nolint:gosec // G304: the directory of a file that the configuration names
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}
