// Package templates holds what is written out for other programs: the Dockerfile and the configuration
// in an image. The files are complete and valid as they are; code that changes one knows its syntax.
package templates

import _ "embed"

// Dockerfile builds the image from source.
//
//go:embed Dockerfile
var dockerfile string

// Dockerfile returns the Dockerfile of the image. It is for BuildKit, and needs no more of it than
// Docker 18.09 has.
func Dockerfile() string { return dockerfile }
