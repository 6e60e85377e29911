package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/export/database"
)

// The section database is an exporter in every pipeline, unless that is there already.
func TestShortDatabase(t *testing.T) {
	f := func(s said, url string, pipelines ...string) {
		t.Helper()
		l, err := s.load()
		if err != nil {
			t.Errorf("%v: %v", s, err)
			return
		}
		got := ""
		if conf, ok := l.Config.Exporters["database"].(*database.Config); ok {
			got = fmt.Sprint(string(conf.URL), " ", conf.MaxConnections)
		}
		var listed []string
		for id, p := range l.Config.Service.Pipelines {
			listed = append(listed, fmt.Sprint(id, p.Exporters))
		}
		slices.Sort(listed)
		if got != url || !slices.Equal(listed, pipelines) || len(l.Warnings) > 0 {
			t.Errorf("%v: %q %q, warnings %v", s, got, listed, l.Warnings)
		}
	}
	const some = "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: , nop: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}, logs: {receivers: [otlp], exporters: nop}}}\n"
	const own = "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {nop: , database: {max_connections: 7}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [database]}, logs: {receivers: [otlp], exporters: [nop]}}}\n"
	url := []string{"APP__DATABASE__URL=postgres://u:p@db/x"}

	f(said{}, "", "logs[debug]", "metrics[debug]", "traces[debug]")
	f(said{env: url}, "postgres://u:p@db/x 4", "logs[database]", "metrics[database]", "traces[database]")
	f(said{env: []string{"APP__DATABASE__URL="}}, "", "logs[debug]", "metrics[debug]", "traces[debug]")
	f(said{files: yamlFiles("database: {max_connections: 50}")}, "", "logs[debug]", "metrics[debug]", "traces[debug]")
	f(said{files: yamlFiles("database: {max_connections: 50}"), env: url}, "postgres://u:p@db/x 50", "logs[database]", "metrics[database]", "traces[database]")
	f(said{files: yamlFiles(some + "database: {url: 'sqlite:x.db'}")}, "sqlite:x.db 4", "logs[nop database]", "traces[debug database]")
	f(said{files: yamlFiles(some), env: url}, "postgres://u:p@db/x 4", "logs[nop database]", "traces[debug database]")
	f(said{files: yamlFiles(own), env: url}, "postgres://u:p@db/x 7", "logs[nop]", "traces[database]")
	f(said{files: yamlFiles(own, "database: {max_connections: 9}"), env: url}, "postgres://u:p@db/x 9", "logs[nop]", "traces[database]")
	f(said{env: url, set: []string{"exporters.debug.verbosity=detailed"}}, "postgres://u:p@db/x 4",
		"logs[debug database]", "metrics[debug database]", "traces[debug database]")
}

// What the section does not have is a key of the exporter that it stands for.
func TestShortDatabaseUnknown(t *testing.T) {
	f := func(s said, want string) {
		t.Helper()
		_, err := s.load()
		var found Errors
		if !errors.As(err, &found) || len(found) != 1 || found[0].Hint != want {
			t.Errorf("%v: %v, want the hint %q", s, err, want)
		}
	}
	f(said{files: yamlFiles("database: {retention: {max_age: 1h}}")}, "write it as exporters.database.retention, and name that exporter in pipelines")
	f(said{files: yamlFiles("database: {sendingQueue: {enabled: false}}")}, "write it as exporters.database.sending_queue, and name that exporter in pipelines")
	f(said{files: yamlFiles("database: {urls: x}")}, "did you mean url?")
	f(said{files: yamlFiles("database: {password: x}")}, "known keys: url, max_connections")
	f(said{files: yamlFiles("logging: {retention: {max_age: 1h}}")}, "known keys: level, format")
	f(said{set: []string{"database.retention.max_age=1h"}}, "did you mean exporters.database.retention.max_age?")
	f(said{set: []string{"database.timeout=1h"}}, "did you mean exporters.database.timeout?")
	f(said{set: []string{"database.password=x"}}, "known keys: url, max_connections")
	f(said{env: []string{"APP__DATABASE__RETENTION__MAX_AGE=1h"}}, "did you mean APP__EXPORTERS__DATABASE__RETENTION__MAX_AGE?")
	f(said{env: []string{"APP__DATABASE__PASSWORD=x"}}, "known keys: URL, MAX_CONNECTIONS")
}

func TestShortDatabaseConflicts(t *testing.T) {
	_, err := said{files: yamlFiles("receivers: {otlp: {protocols: {grpc: }}}\nexporters: {database: {url: 'sqlite:a'}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [database]}}}\ndatabase: {url: 'sqlite:b'}")}.load()
	if err == nil || !strings.Contains(err.Error(), "exporters.database.url: differs from database.url, which is short for it") {
		t.Errorf("%v", err)
	}
}
