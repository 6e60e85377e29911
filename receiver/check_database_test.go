package receiver

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/export/database"
)

// A database is asked once, however many signals it gets; a file of one is not asked at all.
func TestChecksAskADatabaseOnce(t *testing.T) {
	f := func(url string, asked int) {
		t.Helper()
		c := DefaultConfig()
		conf := database.DefaultConfig()
		conf.URL = "postgres://db/x"
		if url != "" {
			conf.URL = database.FileURL(url)
		}
		c.Exporters["database"] = &conf
		for id, p := range c.Service.Pipelines {
			p.Exporters = []ID{"database"}
			c.Service.Pipelines[id] = p
		}
		n := 0
		for _, check := range NewChecks(c, Deps{}, LevelConnect).All {
			if check.Level == LevelConnect && check.Name == "exporters.database" && check.Run != nil {
				n++
			}
		}
		if n != asked {
			t.Errorf("%s: asked %d times, want %d", conf.Location(), n, asked)
		}
	}
	f("", 1)
	f("x.db", 0)
}

// A file that somebody writes to is found out as a port is on which somebody listens.
func TestChecksNameWhoHoldsADatabase(t *testing.T) {
	conf := database.DefaultConfig()
	conf.URL = database.FileURL(filepath.Join(t.TempDir(), "telemetry.db"))
	c := local()
	c.Exporters["database"] = &conf
	for id, p := range c.Service.Pipelines {
		p.Exporters = []ID{"database"}
		c.Service.Pipelines[id] = p
	}
	f := func(status Status, problem string) {
		t.Helper()
		for _, o := range check(t, c, LevelBind) {
			if o.Level == LevelBind && o.Name == "exporters.database" {
				if o.Status != status || !strings.Contains(o.Problem, problem) || status == CheckFailed && (o.At != "exporters.database.url" || o.Hint == "") {
					t.Errorf("%+v, want %s", o, problem)
				}
				return
			}
		}
		t.Error("no check")
	}
	f(CheckOK, "")
	if left, err := filepath.Glob(conf.Location() + "*"); len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	e, err := database.New(conf, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	f(CheckFailed, "is written by otlpctl serve, pid ")
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
	f(CheckOK, "")
}
