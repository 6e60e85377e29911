package admin

import (
	"context"
	"log/slog"
	"time"

	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/presence"
)

// Source is what the servers report about. Its methods are called from several
// goroutines at a time and must not wait for anything.
type Source interface {
	// Health reports whether the process does its work; if not, it should be
	// restarted, and why says what is wrong.
	Health() (ok bool, why string)
	// Ready reports whether requests are welcome. They are not while starting and
	// draining, and when a listener or the spool has failed; a full queue or a
	// backend that is away changes nothing, as all replicas would go away with it.
	Ready() (ok bool, why string)
	// Snapshot returns the state of every part. The account of each exporter in
	// it is of one moment.
	Snapshot() Snapshot
}

// Deps is what a Server is given. Source and Log are required.
type Deps struct {
	Source Source
	Log    *slog.Logger
	Build  Build
	// Started is when the process began.
	Started time.Time
	// WithoutMetrics leaves /metrics out.
	WithoutMetrics bool
	// Reload reads the configuration again, for POST /reload. An error says that
	// the one in use stays. Nil leaves the page out.
	Reload func(context.Context) error
}

// Build says what program this is. What is not known is empty.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"date,omitempty"`
}

// Snapshot is the state of a receiver.
type Snapshot struct {
	Config    Configuration
	Pipelines []Pipeline
	Receivers []ingest.State
	Exporters []pipeline.State
	InFlight  InFlight
	// Registrations are in the registries that the receiver is announced in.
	Registrations []presence.Registration
}

// Configuration says which configuration is in use.
type Configuration struct {
	// Generation counts the configurations since the start, from 1.
	Generation int64  `json:"generation"`
	Hash       string `json:"hash"`
	// Loaded is when it came into use.
	Loaded time.Time `json:"loaded"`
	// Reloads and Failed count attempts to change it.
	Reloads int64 `json:"reloads"`
	Failed  int64 `json:"failed_reloads"`
	// Problem is why the latest attempt failed; empty if it did not.
	Problem string `json:"problem,omitempty"`
}

// Pipeline is one entry of service.pipelines.
type Pipeline struct {
	Name       string   `json:"name"`
	Receivers  []string `json:"receivers"`
	Processors []string `json:"processors"`
	Exporters  []string `json:"exporters"`
}

// InFlight is the memory of requests that are being received, in all receivers
// together.
type InFlight struct {
	Bytes int64 `json:"bytes"`
	Limit int64 `json:"limit_bytes"`
}
