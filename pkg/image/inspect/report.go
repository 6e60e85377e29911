// Package inspect looks into images, those of others too: what they consist of, what they run, what
// differs between two, and what a reviewer would object to. It changes and unpacks nothing.
package inspect

import "time"

// Report is what there is to say about an image for one platform. The names of its JSON fields are API.
// Sizes are in bytes.
type Report struct {
	// Name is how the image was asked for.
	Name string `json:"name"`
	// Digest is that of the manifest, and ID that of the configuration, by which engines name images.
	// An image out of a docker-archive or an engine has no manifest there; its digest is the one that
	// it would be pushed with.
	Digest   string `json:"digest"`
	ID       string `json:"id"`
	Platform string `json:"platform"`
	// Platforms are all that the image is for.
	Platforms []string   `json:"platforms"`
	Created   *time.Time `json:"created,omitempty"`
	// Size is that of all layers as they are moved, compressed, and Unpacked as their files lie on a disk.
	Size     int64    `json:"size"`
	Unpacked int64    `json:"unpacked"`
	Layers   []Layer  `json:"layers"`
	Config   Config   `json:"config"`
	Program  *Program `json:"program,omitempty"`
	SBOM     *SBOM    `json:"sbom,omitempty"`
	Wasted   Wasted   `json:"wasted"`
	Checks   []Check  `json:"checks"`
}

// Layer is one layer of an image.
type Layer struct {
	Digest string `json:"digest"`
	// DiffID is the digest of what is in it, before compression.
	DiffID   string `json:"diff_id"`
	Size     int64  `json:"size"`
	Unpacked int64  `json:"unpacked"`
	// Files counts all that are no folders, links included.
	Files int `json:"files"`
	// CreatedBy is what made it, as the image's history has it.
	CreatedBy string `json:"created_by"`
}

// Config is what a container of the image is started with. Values that look like secrets are hidden.
type Config struct {
	User        string            `json:"user"`
	Ports       []string          `json:"ports"`
	Env         []string          `json:"env"`
	Entrypoint  []string          `json:"entrypoint"`
	Cmd         []string          `json:"cmd"`
	WorkingDir  string            `json:"working_dir"`
	StopSignal  string            `json:"stop_signal,omitempty"`
	Volumes     []string          `json:"volumes"`
	Labels      map[string]string `json:"labels"`
	HealthCheck *HealthCheck      `json:"health_check,omitempty"`
}

// HealthCheck is how an engine asks the container for its health. Times that are zero are the engine's
// defaults.
type HealthCheck struct {
	Test        []string `json:"test"`
	Interval    string   `json:"interval,omitempty"`
	Timeout     string   `json:"timeout,omitempty"`
	StartPeriod string   `json:"start_period,omitempty"`
	Retries     int      `json:"retries,omitempty"`
}

// Program is the file that a container of the image runs.
type Program struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	// Static says that it needs no loader and no libraries.
	Static bool `json:"static"`
	// Module and what follows are from the build information of a Go program.
	Module  string `json:"module,omitempty"`
	Version string `json:"version,omitempty"`
	Go      string `json:"go,omitempty"`
	// Modules counts those that it was built from, its own not included.
	Modules int `json:"modules,omitempty"`
}

// SBOM is a bill of materials in brief.
type SBOM struct {
	// Source is referrer, for a document that belongs to the image, or program, if there is none and the
	// packages are those that the program says it was built from.
	Source string `json:"source"`
	// Format is such as SPDX-2.3.
	Format   string `json:"format,omitempty"`
	Digest   string `json:"digest,omitempty"`
	Packages int    `json:"packages"`
}

// Wasted is what is moved and stored but cannot be seen in a container, as a later layer overwrites or
// deletes it.
type Wasted struct {
	Size  int64  `json:"size"`
	Files int    `json:"files"`
	Top   []Lost `json:"top"`
}

// Lost is a file in a layer that cannot be seen in a container.
type Lost struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	// Layer counts from 1.
	Layer int `json:"layer"`
	// How is overwritten or deleted.
	How string `json:"how"`
}

// Status is the verdict of a check.
type Status string

// The verdicts.
const (
	OK   Status = "ok"
	Warn Status = "warn"
)

// Check is what one rule says about an image.
type Check struct {
	Rule   string `json:"rule"`
	Status Status `json:"status"`
	Why    string `json:"why"`
	// Hint says what to do about a warning.
	Hint string `json:"hint,omitempty"`
}
