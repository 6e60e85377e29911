package database

import (
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/internal/secret"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Config is the configuration of the database exporter. The Collector has none.
type Config struct {
	URL            secret.Text          `yaml:"url" doc:"The database: postgres://USER:PASSWORD@HOST:PORT/NAME with the parameters of libpq, or sqlite:PATH for a file." secret:"true"`
	MaxConnections int                  `yaml:"max_connections" doc:"How many connections to PostgreSQL may be open at the same time." unit:"connections" min:"1" max:"1000"`
	Timeout        time.Duration        `yaml:"timeout" doc:"End an attempt to write a batch after this time; 0 never does. What of a large batch is written by then stays." min:"0s"`
	Retention      Retention            `yaml:"retention" doc:"When telemetry is deleted. Nothing is unless this says so."`
	SendingQueue   pipeline.QueueConfig `yaml:"sending_queue" doc:"The queue in front of the exporter."`
	RetryOnFailure pipeline.RetryConfig `yaml:"retry_on_failure" doc:"What to do while the database takes nothing."`
}

// Retention says how much telemetry is kept. In PostgreSQL it goes in whole days.
type Retention struct {
	MaxAge     time.Duration `yaml:"max_age" doc:"Delete telemetry that is older than this, in PostgreSQL whole days of it; 0 never does." min:"0s"`
	MaxSizeMiB int64         `yaml:"max_size_mib" doc:"Delete the oldest telemetry when there is more than this; 0 never does." unit:"MiB" min:"0" max:"1073741824"`
}

// maxBytes returns the size above which the oldest telemetry is deleted, or zero.
func (r Retention) maxBytes() int64 { return r.MaxSizeMiB << 20 }

// DefaultConfig returns the defaults of the database exporter. There is none for
// the URL. A batch is tried until the database has it: databases come back, and
// until then a full queue tells clients.
func DefaultConfig() Config {
	queue := pipeline.DefaultQueueConfig()
	queue.NumConsumers = 4
	retry := pipeline.DefaultRetryConfig()
	retry.InitialInterval, retry.MaxElapsedTime = time.Second, 0
	return Config{MaxConnections: 4, Timeout: 30 * time.Second, SendingQueue: queue, RetryOnFailure: retry}
}

// Validate checks what concerns several keys.
func (c *Config) Validate() error {
	switch c.scheme() {
	case "":
		return invalid.Key("url", "must name the database: postgres://HOST:PORT/NAME, with user and password before the host, or sqlite:PATH")
	case schemePostgres, schemePostgresql:
		return nil // what is in it is checked with the rules of libpq, when the exporter is made
	case schemeSQLite:
		if c.path() == "" || strings.HasPrefix(c.path(), ":") {
			return invalid.Key("url", "its scheme must be followed by the path of a file")
		}
		return nil
	default:
		return invalid.Key("url", "begins with neither postgres: nor sqlite:, the databases there are")
	}
}

// The schemes of URLs.
const (
	schemePostgres   = "postgres"
	schemePostgresql = "postgresql"
	schemeSQLite     = "sqlite"
)

func (c *Config) scheme() string {
	scheme, _, _ := strings.Cut(string(c.URL), ":")
	return strings.ToLower(scheme)
}

// path returns the file of an SQLite database: sqlite:PATH, sqlite:///PATH.
func (c *Config) path() string {
	_, path, _ := strings.Cut(string(c.URL), ":")
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		path = rest
		if plain, err := url.PathUnescape(rest); err == nil {
			path = plain
		}
	}
	return path
}

// FileURL returns the URL of an SQLite database in a file.
func FileURL(path string) secret.Text { return secret.Text(schemeSQLite + ":" + path) }

// Location returns the file that the exporter writes to as a path that does not
// depend on how it is written, or nothing if it writes to a server.
func (c *Config) Location() string {
	if c.scheme() != schemeSQLite {
		return ""
	}
	path, err := filepath.Abs(c.path())
	if err != nil {
		return filepath.Clean(c.path())
	}
	return path
}

// Lacks says why the exporter takes nothing of a signal, or nothing.
func (c *Config) Lacks(sig wire.Signal) string {
	if sig == wire.Profiles {
		return "has no tables for profiles: give that pipeline another exporter"
	}
	return ""
}

// Undivided says that one probe answers for all signals: a database takes all of them or none.
func (*Config) Undivided() {}

// TargetKey returns the key that says where telemetry goes.
func (*Config) TargetKey() string { return "url" }

// Settings returns how a pipeline.Destination is to treat the exporter.
func (c *Config) Settings() pipeline.Settings {
	return pipeline.Settings{Queue: c.SendingQueue, Retry: c.RetryOnFailure, Timeout: c.Timeout}
}
