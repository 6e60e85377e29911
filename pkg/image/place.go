package image

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is a kind of place that an image can be in.
type Kind string

// The kinds.
const (
	Archive  Kind = "docker-archive" // a file, as docker save writes it
	Layout   Kind = "oci"            // a folder, by OCI's image layout
	Registry Kind = "registry"
	Engine   Kind = "engine" // the local container engine
)

// Place is where an image is or goes to. As a flag it is written docker-archive:PATH, oci:DIR,
// registry or engine.
type Place struct {
	Kind Kind
	// Path is that of the file or folder.
	Path string
}

// String returns the place as Set reads it.
func (p *Place) String() string {
	if p.Path == "" {
		return string(p.Kind)
	}
	return string(p.Kind) + ":" + p.Path
}

// Type names the value in help texts.
func (*Place) Type() string { return "place" }

// Set reads a place.
func (p *Place) Set(text string) error {
	kind, path, hasPath := strings.Cut(text, ":")
	needsPath := false
	switch Kind(kind) {
	case Archive, Layout:
		needsPath = true
	case Registry, Engine:
	default:
		return errors.New("want docker-archive:PATH, oci:DIR, registry or engine")
	}
	switch {
	case needsPath && path == "":
		return fmt.Errorf("%s needs a path: %s:PATH", kind, kind)
	case !needsPath && hasPath:
		return fmt.Errorf("%s takes no path: --tag says where the image belongs", kind)
	}
	*p = Place{Kind(kind), path}
	return nil
}

// TakesPlatforms reports whether the place takes an image for several platforms, and what is attached
// to it.
func (p *Place) TakesPlatforms() bool { return p.Kind == Layout || p.Kind == Registry }
