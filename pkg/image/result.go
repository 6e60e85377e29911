package image

import "time"

// Result is what a build has made. The names of its JSON fields are API.
type Result struct {
	Builder string `json:"builder"`
	// Output is where the image is now, as --output names it.
	Output string   `json:"output"`
	Tags   []string `json:"tags"`
	// Digest is that of the image's manifest, or of the index if there are several platforms.
	Digest string `json:"digest"`
	// Size is that of all layers as they are moved, compressed, and Unpacked as they lie on a disk,
	// in bytes. Several platforms add up.
	Size      int64     `json:"size"`
	Unpacked  int64     `json:"unpacked"`
	Platforms []Variant `json:"platforms"`
	Layers    []Layer   `json:"layers"`
	Steps     Steps     `json:"steps"`
	// Seconds is how long the build took, from its beginning until the image was in its place.
	Seconds float64 `json:"seconds"`

	Took time.Duration `json:"-"`
}

// Variant is the image for one platform.
type Variant struct {
	// Platform is os/architecture, such as linux/arm64.
	Platform string `json:"platform"`
	// Digest is that of the manifest, and ID that of the configuration, by which engines name images.
	Digest   string `json:"digest"`
	ID       string `json:"id"`
	Size     int64  `json:"size"`
	Unpacked int64  `json:"unpacked"`
	// SBOM is the digest of the bill of materials, if it could be attached.
	SBOM string `json:"sbom,omitempty"`
}

// Layer is one layer of an image.
type Layer struct {
	Platform string `json:"platform"`
	Digest   string `json:"digest"`
	Size     int64  `json:"size"`
	Unpacked int64  `json:"unpacked"`
	// CreatedBy is what made it, as the image's history has it.
	CreatedBy string `json:"created_by"`
}

// Steps counts the steps of a build.
type Steps struct {
	Total  int `json:"total"`
	Cached int `json:"cached"`
}
