package file

import (
	"io/fs"
	"math"
	"path/filepath"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// The formats of a file.
const (
	formatJSON  = "json"
	formatProto = "proto"
)

const compressionZstd = "zstd"

// Config is the configuration of the file exporter, with the Collector's keys.
// sending_queue and retry_on_failure are ours: the Collector drops what it
// cannot write.
type Config struct {
	Path                 string               `yaml:"path" doc:"The file to write to; relative to the working directory."`
	Append               bool                 `yaml:"append" doc:"Keep what is in the file at the start. Off: it is emptied, unless rotation is set."`
	Rotation             *Rotation            `yaml:"rotation" doc:"Begin a new file when this one is large, and keep the old ones for a while."`
	Format               string               `yaml:"format" doc:"json: OTLP/JSON, a line for each batch; proto: encoded requests, each behind its length." enum:"json|proto"`
	Compression          string               `yaml:"compression" doc:"Compress each batch; it then stands behind its length in either format." enum:"|zstd"`
	CompressionParams    CompressionParams    `yaml:"compression_params" doc:"How to compress."`
	FlushInterval        time.Duration        `yaml:"flush_interval" doc:"Flush what was written to the disk at the latest this long after; 0 does so for each batch." min:"0s"`
	CreateDirectory      bool                 `yaml:"create_directory" doc:"Create the directory of the file if it does not exist."`
	DirectoryPermissions string               `yaml:"directory_permissions" doc:"Permissions of a created directory, in octal and before the umask; 0755 by default."`
	SendingQueue         pipeline.QueueConfig `yaml:"sending_queue" doc:"The queue before the exporter."`
	RetryOnFailure       pipeline.RetryConfig `yaml:"retry_on_failure" doc:"What to do while the file cannot be written."`
}

// CompressionParams says how to compress.
type CompressionParams struct {
	Level int `yaml:"level" doc:"The level of zstd, of which 1, 3, 6 and 11 differ in effect; 0 is the default, 3." min:"0" max:"22"`
}

// Rotation says when a new file is begun and how long old ones are kept.
type Rotation struct {
	MaxMegabytes int  `yaml:"max_megabytes" doc:"Begin a new file before this one grows beyond this size; 0 is the default, 100." unit:"MiB" min:"0"`
	MaxDays      int  `yaml:"max_days" doc:"Delete old files after this time, by the date in their names; 0 never does." unit:"days" min:"0"`
	MaxBackups   int  `yaml:"max_backups" doc:"Keep this many old files; 0 keeps all." unit:"files" min:"0"`
	LocalTime    bool `yaml:"localtime" doc:"Name old files by local time instead of UTC."`
}

const defaultMaxMegabytes = 100

// SetDefaults sets the Collector's defaults of rotation.
func (r *Rotation) SetDefaults() { *r = Rotation{MaxMegabytes: defaultMaxMegabytes, MaxBackups: 100} }

// maxBytes returns the size that a file must not grow beyond.
func (r *Rotation) maxBytes() int64 {
	if r.MaxMegabytes == 0 {
		return defaultMaxMegabytes << 20
	}
	return int64(min(r.MaxMegabytes, math.MaxInt64>>20)) << 20
}

// maxAge returns how long old files are kept, or zero for ever.
func (r *Rotation) maxAge() time.Duration {
	const day = 24 * time.Hour
	return time.Duration(min(r.MaxDays, int(math.MaxInt64/day))) * day
}

// location is where the times in the names of old files are from.
func (r *Rotation) location() *time.Location {
	if r.LocalTime {
		return time.Local
	}
	return time.UTC
}

// DefaultConfig returns the defaults of the file exporter. There is none for the path.
func DefaultConfig() Config {
	queue := pipeline.DefaultQueueConfig()
	queue.NumConsumers = 1 // batches stand in the file in the order in which they arrived
	return Config{Format: formatJSON, FlushInterval: time.Second, SendingQueue: queue, RetryOnFailure: pipeline.DefaultRetryConfig()}
}

// Location returns the path of the file as one that does not depend on how it is written.
func (c *Config) Location() string {
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return filepath.Clean(c.Path)
	}
	return path
}

// Validate checks what concerns several keys.
func (c *Config) Validate() error {
	switch {
	case c.Path == "":
		return invalid.Key("path", "must name the file to write to")
	case c.DirectoryPermissions != "" && !c.CreateDirectory:
		return invalid.Key("directory_permissions", "only matters with create_directory: true")
	}
	_, err := c.directoryMode()
	return err
}

// directoryMode returns the permissions for a directory that must be created.
func (c *Config) directoryMode() (fs.FileMode, error) {
	if c.DirectoryPermissions == "" {
		return 0o755, nil
	}
	mode, err := strconv.ParseUint(c.DirectoryPermissions, 8, 32)
	if err != nil || fs.FileMode(mode)&^fs.ModePerm != 0 {
		return 0, invalid.Key("directory_permissions", "%q are no permissions in octal, such as 0755", c.DirectoryPermissions)
	}
	return fs.FileMode(mode), nil
}

// framed reports whether each record stands behind its length instead of being a line.
func (c *Config) framed() bool { return c.Format == formatProto || c.Compression != "" }

// TargetKey returns the key that says where telemetry goes.
func (*Config) TargetKey() string { return "path" }

// Settings returns how a pipeline.Destination is to treat the exporter.
func (c *Config) Settings() pipeline.Settings {
	return pipeline.Settings{Queue: c.SendingQueue, Retry: c.RetryOnFailure}
}
