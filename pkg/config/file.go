package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFileBytes is the largest configuration file that is read.
const maxFileBytes = 4 << 20

// ReadFiles reads configuration files in the given order. An error is of type
// Errors and holds one finding for each file that cannot be read.
func ReadFiles(paths []string) ([]File, error) {
	var files []File
	var errs Errors
	for _, path := range paths {
		if path == "" {
			errs = append(errs, Finding{Problem: "the path of a configuration file is empty"})
			continue
		}
		data, err := readFile(path, maxFileBytes)
		if err != nil {
			errs = append(errs, Finding{Position: Position{File: path}, Problem: err.Error()})
			continue
		}
		files = append(files, File{Name: path, Data: data})
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return files, nil
}

// readFile reads a file of at most so many bytes.
func readFile(path string, most int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(data) > most {
		return nil, fmt.Errorf("larger than %d MiB, which is too much for a configuration", most>>20)
	}
	return data, nil
}

// reason leaves out the path, which the finding has already.
func reason(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
