package receiver

import (
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
