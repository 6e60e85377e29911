package database

import (
	"github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/export/database/sqlite"
)

// CheckURL returns why the URL names no database, whatever is there. The error repeats nothing secret of it.
func (c *Config) CheckURL() error {
	if err := c.Validate(); err != nil {
		return err
	}
	if c.scheme() == schemeSQLite {
		return sqlite.CheckPath(c.path())
	}
	return postgres.CheckURL(string(c.URL))
}
