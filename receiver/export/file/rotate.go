package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stamp is the time in the name of an old file: data.json becomes
// data-2026-09-21T14-13-20.000.json.
const stamp = "2006-01-02T15-04-05.000"

// rotate begins a new file.
func (s *sink) rotate() error {
	if err := s.archive(); err != nil {
		return err
	}
	s.prune()
	return nil
}

// archive gives the file a name with the time in it and begins a new one.
func (s *sink) archive() error {
	if err := s.close(); err != nil {
		return err
	}
	backup, err := s.backupName(time.Now())
	if err != nil {
		return err
	}
	if err := os.Rename(s.path, backup); err != nil {
		return err
	}
	return s.open(false)
}

// backupName returns a name for the file that none has yet.
func (s *sink) backupName(now time.Time) (string, error) {
	prefix, extension := s.nameParts()
	for ; ; now = now.Add(time.Millisecond) {
		name := filepath.Join(filepath.Dir(s.path), prefix+now.In(s.location()).Format(stamp)+extension)
		switch _, err := os.Lstat(name); {
		case errors.Is(err, fs.ErrNotExist):
			return name, nil
		case err != nil:
			return "", err
		}
	}
}

// nameParts returns what stands before and behind the time in the name of an old file.
func (s *sink) nameParts() (prefix, extension string) {
	base := filepath.Base(s.path)
	extension = filepath.Ext(base)
	return strings.TrimSuffix(base, extension) + "-", extension
}

func (s *sink) location() *time.Location {
	if s.rotation == nil {
		return time.UTC
	}
	return s.rotation.location()
}

// backup is an old file.
type backup struct {
	name string
	time time.Time
}

// backups returns the old files, the newest first. Those of the Collector count,
// whose names may end in the reason.
func (s *sink) backups() ([]backup, error) {
	entries, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil {
		return nil, err
	}
	prefix, extension := s.nameParts()
	var found []backup
	for _, e := range entries {
		name, ours := strings.CutPrefix(e.Name(), prefix)
		if name, ours = cutSuffix(name, extension, ours); !ours || !e.Type().IsRegular() {
			continue
		}
		name = strings.TrimSuffix(strings.TrimSuffix(name, "-size"), "-time")
		if t, err := time.ParseInLocation(stamp, name, s.location()); err == nil {
			found = append(found, backup{filepath.Join(filepath.Dir(s.path), e.Name()), t})
		}
	}
	slices.SortFunc(found, func(a, b backup) int { return b.time.Compare(a.time) })
	return found, nil
}

func cutSuffix(name, suffix string, ok bool) (string, bool) {
	before, found := strings.CutSuffix(name, suffix)
	return before, ok && found
}

// prune deletes the old files that are too many or too old. That it fails is no
// reason to stop writing.
func (s *sink) prune() {
	old, err := s.backups()
	if err != nil {
		s.log.Warn("old files cannot be listed", "path", s.path, "error", err)
		return
	}
	for i, b := range old {
		many := s.rotation.MaxBackups > 0 && i >= s.rotation.MaxBackups
		late := s.rotation.MaxDays > 0 && time.Since(b.time) > s.rotation.maxAge()
		if !many && !late {
			continue
		}
		if err := os.Remove(b.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.log.Warn("old file cannot be deleted", "path", b.name, "error", err)
		}
	}
}
