package postgres

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Tablespace makes a place for databases of a folder, which must be empty.
func (s *Server) Tablespace(t testing.TB, name, folder string) {
	t.Helper()
	if err := s.user.own(folder); err != nil {
		t.Fatal(err)
	}
	s.MustExec(t, "postgres", fmt.Sprintf("CREATE TABLESPACE %s LOCATION '%s'", name, folder))
}

// MoveLog moves the write-ahead log into a folder, without which the server cannot run. It is stopped meanwhile.
func (s *Server) MoveLog(t testing.TB, folder string) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.moveLog(folder); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) moveLog(folder string) error {
	place := filepath.Join(s.data(), "pg_wal")
	if err := os.CopyFS(folder, os.DirFS(place)); err != nil {
		return err
	}
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return s.user.own(path)
	})
	if err != nil {
		return err
	}
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	return os.Symlink(folder, place)
}
