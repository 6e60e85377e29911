package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// maxProgram bounds what is read as one program, in bytes.
const maxProgram = 512 << 20

// ReadRelease returns the programs in a release folder, one for each platform: the folder that GoReleaser
// writes, unpacked programs, or the archives. It looks into the folder and those directly in it, and goes
// by what the files are, not by their names. Two different programs for one platform are an error. Of
// the platforms wanted, as in linux/arm64, each must be there; if none is named, all are returned.
func ReadRelease(name string, files fs.FS, wanted []string) ([]Program, error) {
	r := release{name: name, files: files, found: map[string]Program{}}
	if err := fs.WalkDir(files, ".", r.visit); err != nil {
		return nil, err
	}
	if len(r.order) == 0 {
		return nil, unfit(name, "has no otlpctl for Linux in it", "name a folder with the archives of a release, or with what is in them")
	}
	if len(wanted) == 0 {
		return r.all(), nil
	}
	var picked []Program
	for _, platform := range wanted {
		p, ok := r.found[platform]
		if !ok {
			return nil, unfit(name, "has no otlpctl for "+platform+" in it", "there is one for "+strings.Join(r.order, ", "))
		}
		picked = append(picked, p)
	}
	return picked, nil
}

// release collects the programs of a folder.
type release struct {
	name  string
	files fs.FS
	found map[string]Program // by platform
	order []string           // the platforms, as they were found
}

func (r *release) visit(name string, entry fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case entry.IsDir() && strings.Count(name, "/") > 0:
		return fs.SkipDir
	case !entry.Type().IsRegular():
		return nil
	case strings.HasPrefix(path.Base(name), "otlpctl_") && strings.HasSuffix(name, ".tar.gz"):
		return r.archive(name)
	}
	data, err := readProgramFile(r.files, name)
	if err != nil || data == nil {
		return err
	}
	return r.add(name, data)
}

// readProgramFile returns a file if it begins like a program for Linux, else nil.
func readProgramFile(files fs.FS, name string) (_ []byte, err error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var magic [len(elfMagic)]byte
	if n, _ := io.ReadFull(f, magic[:]); string(magic[:n]) != elfMagic {
		return nil, nil
	}
	return readAll(name, io.MultiReader(bytes.NewReader(magic[:]), f))
}

// elfMagic is how a program for Linux begins.
const elfMagic = "\x7fELF"

// archive adds the program in an archive.
func (r *release) archive(name string) (err error) {
	f, err := r.files.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	packed, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path.Join(r.name, name), err)
	}
	for entries := tar.NewReader(packed); ; {
		header, err := entries.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", path.Join(r.name, name), err)
		case header.Typeflag != tar.TypeReg || path.Base(header.Name) != "otlpctl":
			continue
		}
		data, err := readAll(name, entries)
		if err != nil {
			return fmt.Errorf("%s: %w", path.Join(r.name, name), err)
		}
		if bytes.HasPrefix(data, []byte(elfMagic)) {
			return r.add(name, data)
		}
		return nil // it is for another system
	}
}

// add keeps a program, if it is an otlpctl.
func (r *release) add(name string, data []byte) error {
	p, err := ReadProgram(path.Join(r.name, name), data)
	if err != nil {
		return nil //nolint:nilerr // a folder may have other programs in it
	}
	platform := p.Platform.String()
	if other, ok := r.found[platform]; ok {
		if bytes.Equal(other.Data, p.Data) {
			return nil // unpacked, and in its archive
		}
		return unfit(r.name, fmt.Sprintf("has two programs for %s: %s and %s", platform, other.Name, p.Name), "remove one, or name it with --binary")
	}
	r.found[platform] = p
	r.order = append(r.order, platform)
	return nil
}

func (r *release) all() []Program {
	var programs []Program
	for _, platform := range r.order {
		programs = append(programs, r.found[platform])
	}
	return programs
}

// ReadProgramFile reads the program in a file. The name says where it is from.
func ReadProgramFile(file, name string) (_ Program, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return Program{}, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return Program{}, unfit(name, "is no regular file", "name an otlpctl as it is in a release")
	}
	if info.Size() > maxProgram {
		return Program{}, tooLong(name)
	}
	f, err := os.Open(file) //nolint:gosec // the user named it
	if err != nil {
		return Program{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := readAll(name, f)
	if err != nil {
		return Program{}, err
	}
	return ReadProgram(name, data)
}

func readAll(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxProgram+1))
	if err == nil && len(data) > maxProgram {
		err = tooLong(name)
	}
	return data, err
}

func tooLong(name string) error {
	return unfit(name, fmt.Sprintf("is longer than %d MiB", maxProgram>>20), "name an otlpctl as it is in a release")
}
