package database

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/internal/secret"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestValidateURL(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		c := DefaultConfig()
		c.URL = secret.Text(url)
		err := c.Validate()
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	f("postgres://otlp:s3cret@db:5432/telemetry?sslmode=require", "")
	f("postgresql://db/telemetry", "")
	f("sqlite:telemetry.db", "")
	f("sqlite:///var/lib/telemetry.db", "")
	f("", "must name the database")
	f("mysql://otlp:s3cret@db/telemetry", "begins with neither postgres: nor sqlite:")
	f("telemetry.db", "begins with neither")
	f("sqlite:", "must be followed by the path of a file")
	f("sqlite://", "must be followed by the path of a file")
	f("sqlite::memory:", "must be followed by the path of a file")
}

func TestLocation(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		c := Config{URL: secret.Text(url)}
		if want != "" {
			want, _ = filepath.Abs(filepath.FromSlash(want))
		}
		if got := c.Location(); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	f("postgres://db/telemetry", "")
	f("sqlite:a/../telemetry.db", "telemetry.db")
	f("sqlite:/data/telemetry.db", "/data/telemetry.db")
	f("sqlite:///data/with%20space.db", "/data/with space.db")
	f("sqlite:/data/100%25.db", "/data/100%25.db") // no URL but a path
	f(string(FileURL("/data/telemetry.db")), "/data/telemetry.db")
}

func TestLacks(t *testing.T) {
	c := DefaultConfig()
	for sig, want := range map[wire.Signal]bool{wire.Traces: false, wire.Metrics: false, wire.Logs: false, wire.Profiles: true} {
		if got := c.Lacks(sig) != ""; got != want {
			t.Errorf("%s: %v", sig, got)
		}
	}
}
