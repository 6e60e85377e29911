// Package migration reads the versions of a schema.
package migration

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Step leads from one version of a schema to the next. What was released never changes.
type Step struct {
	Version   int // from 1
	Name, SQL string
	Sum       [sha256.Size]byte // of SQL
}

// Read returns the steps in a folder in their order: 0001_begin.sql is version 1.
func Read(files fs.FS, folder string) ([]Step, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.sql")) // sorted
	if err != nil {
		return nil, err
	}
	all := make([]Step, len(names))
	for i, file := range names {
		number, name, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".sql"), "_")
		if version, err := strconv.Atoi(number); err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s is not number %d", file, i+1)
		}
		sql, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		all[i] = Step{i + 1, name, string(sql), sha256.Sum256(sql)}
	}
	return all, nil
}
