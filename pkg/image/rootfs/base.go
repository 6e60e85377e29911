package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// maxAccounts is how long /etc/passwd and /etc/group of a base may be, in bytes.
const maxAccounts = 1 << 20

// kind is what an entry of a base is.
type kind uint8

const (
	file kind = iota + 1
	folder
	other // a link, most often
)

// Base is what is known of the files of a base image.
type Base struct {
	// Name is how messages call the image.
	Name string

	entries       map[string]kind // by path, without what is in the time zones
	zones         bool
	passwd, group []byte
}

// ReadBase reads the files of a base image from a tar stream of all of them, as they are once the layers
// are on top of each other.
func ReadBase(name string, files io.Reader) (Base, error) {
	b := Base{Name: name, entries: map[string]kind{}}
	archive := tar.NewReader(files)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return Base{}, fmt.Errorf("base image %s: %w", name, err)
		}
		if err := b.add(header, archive); err != nil {
			return Base{}, err
		}
	}
}

func (b *Base) add(header *tar.Header, content io.Reader) error {
	name := path.Clean("/" + header.Name)
	switch {
	case strings.HasPrefix(name, zonesPath+"/"):
		b.zones = true
		return nil
	case header.Typeflag == tar.TypeDir:
		b.entries[name] = folder
		return nil
	case header.Typeflag != tar.TypeReg:
		b.entries[name] = other
		return nil
	}
	b.entries[name] = file
	var err error
	switch name {
	case passwdPath:
		b.passwd, err = b.accounts(name, content)
	case groupPath:
		b.group, err = b.accounts(name, content)
	}
	return err
}

func (b *Base) accounts(name string, content io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(content, maxAccounts+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("base image %s: %s: %w", b.Name, name, err)
	case len(data) > maxAccounts:
		return nil, b.fault("%s is longer than %d bytes", name, maxAccounts)
	}
	return data, nil
}

// hasAuthorities reports whether the base has certificate authorities in one of the places that Go's
// standard library knows.
func (b *Base) hasAuthorities() bool {
	for _, name := range []string{
		bundlePath, "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
	} {
		if _, ok := b.entries[name]; ok {
			return true
		}
	}
	return false
}

// fault says why nothing can be built on the base.
func (b *Base) fault(format string, args ...any) error {
	return hinted.New(fmt.Errorf("base image %s: "+format, append([]any{b.Name}, args...)...),
		"use another base image, or none: the image needs no other files")
}
