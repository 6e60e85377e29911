// Package compression packs and unpacks requests and responses: gzip and zstd
// over reference-counted buffers, with pooled state and bounded output. It knows
// nothing of gRPC or HTTP beyond the names that both use for a content coding.
package compression

import (
	"fmt"
)

// Algorithm is a content coding, as Content-Encoding and grpc-encoding name it.
type Algorithm uint8

// The algorithms. None is data as it is.
const (
	None Algorithm = iota
	Gzip
	Zstd
)

// String returns the content coding: "identity", "gzip" or "zstd".
func (a Algorithm) String() string {
	switch a {
	case Gzip:
		return "gzip"
	case Zstd:
		return "zstd"
	default:
		return "identity"
	}
}

// Parse returns the algorithm that a configuration names: "gzip", "zstd", and
// "none" or nothing for None.
func Parse(name string) (Algorithm, error) {
	switch name {
	case "", "none":
		return None, nil
	case "gzip":
		return Gzip, nil
	case "zstd":
		return Zstd, nil
	}
	return None, fmt.Errorf("%q is not supported: use gzip, zstd or none", name)
}

// Levels of compression beside the algorithm's own scale (gzip: 1 to 9, zstd: 1 to 22).
const (
	// Fast is the zero value. Telemetry repeats itself so much that the lowest
	// level saves most of the bytes at a fraction of the time.
	Fast = 0
	// Balanced is what the algorithm's library takes as its default.
	Balanced = -1
	// HuffmanOnly looks for no repetition at all; gzip only.
	HuffmanOnly = -2
)

// ValidLevel reports whether the algorithm has the level.
func (a Algorithm) ValidLevel(level int) bool {
	switch a {
	case Gzip:
		return level >= HuffmanOnly && level <= 9
	case Zstd:
		return level >= Balanced && level <= 22
	default:
		return level == Fast
	}
}
