// Package database is an exporter that keeps telemetry in PostgreSQL or SQLite,
// in tables that are made to be searched.
//
// What was exported is committed. A batch that is sent again, by this receiver or
// by a client, is there once: the keys of rows are derived from their content.
package database

import (
	"fmt"
	"log/slog"

	"github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/export/database/sqlite"
	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// New returns the exporter to the database that the URL names. A file is opened
// at once, a server when there is something to write.
func New(c Config, log *slog.Logger) (pipeline.Exporter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	e, err := c.open(log)
	if err != nil {
		return nil, invalid.At("url", err)
	}
	return e, nil
}

func (c *Config) open(log *slog.Logger) (pipeline.Exporter, error) {
	if path := c.Location(); path != "" {
		e, err := sqlite.New(c.sqlite(), log)
		if err != nil {
			return nil, err
		}
		log.Info("telemetry goes to a database", "database", path)
		return e, nil
	}
	e, err := postgres.New(postgres.Config{
		URL: string(c.URL), MaxConnections: c.MaxConnections, MaxAge: c.Retention.MaxAge, MaxBytes: c.Retention.maxBytes(),
	}, log)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (c *Config) sqlite() sqlite.Config {
	return sqlite.Config{Path: c.path(), MaxAge: c.Retention.MaxAge, MaxBytes: c.Retention.maxBytes()}
}

// Held returns who writes to the file of an SQLite database, as an error, or nothing.
func (c *Config) Held() error {
	if c.Location() == "" {
		return nil
	}
	if err := sqlite.Held(c.path()); err != nil {
		return invalid.At("url", err)
	}
	return nil
}

// Check returns why the file of an SQLite database could not be written. It leaves no trace.
func (c *Config) Check() error {
	if err := c.Validate(); err != nil {
		return err
	}
	conf := c.sqlite()
	if err := conf.Check(); err != nil {
		return invalid.At("url", fmt.Errorf("sqlite: %w", err))
	}
	return nil
}
