package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/export/database"
)

// How much the embedded store keeps.
const (
	embeddedAge = time.Hour
	embeddedMiB = 1024
)

// embeddedID is the exporter to the embedded store.
const embeddedID receiver.ID = "database/embedded"

// embed gives the receiver a store of its own if it was started on a terminal by somebody who has
// not said where telemetry goes. It runs without one if there can be no such file. That another process
// writes to the file shows when it is opened, and ends the start: its error says who does (nameElsewhere).
func (o *serveOptions) embed(s term.Streams, loaded *config.Loaded) {
	if !loaded.ByDefault() || !s.Err.IsTerminal() || inContainer() {
		return
	}
	path, err := embeddedStore()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = embeddedConfig(path).Check()
	}
	if err != nil {
		note(s.Err, "telemetry is not kept: %s", s.Err.Printable(err.Error()))
		return
	}
	o.embedded = path
	keep(&loaded.Config, path)
}

// keep adds the embedded store to every pipeline.
func keep(c *receiver.Config, path string) {
	c.Exporters[embeddedID] = embeddedConfig(path)
	for id, p := range c.Service.Pipelines {
		p.Exporters = append(p.Exporters, embeddedID)
		c.Service.Pipelines[id] = p
	}
}

// nameElsewhere makes hints about the file of the embedded store, which is in no configuration, say how another one is
// named.
func nameElsewhere(err error) error {
	faults, _ := errors.AsType[config.Errors](err)
	for i, f := range faults {
		if strings.HasPrefix(f.Path, "exporters."+string(embeddedID)) {
			faults[i].Hint = strings.Replace(f.Hint, "name another file", "name another file in $"+databaseVariable+", such as sqlite:other.db", 1)
		}
	}
	return err
}

func embeddedConfig(path string) *database.Config {
	c := database.DefaultConfig()
	c.URL = database.FileURL(path)
	c.Retention = database.Retention{MaxAge: embeddedAge, MaxSizeMiB: embeddedMiB}
	return &c
}

// inContainer reports whether a container engine has left its mark. A file of one counts where there
// are other processes outside, too: a machine may have been made of an image.
func inContainer() bool {
	for _, name := range []string{"container", "KUBERNETES_SERVICE_HOST"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	for _, file := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(file); err == nil {
			return !seesAllProcesses()
		}
	}
	return false
}

// seesAllProcesses reports whether this is the namespace of processes in which Linux begins: its number
// is fixed (PROC_PID_INIT_INO in the kernel's include/linux/proc_ns.h).
func seesAllProcesses() bool {
	namespace, err := os.Readlink("/proc/self/ns/pid")
	return err == nil && namespace == "pid:[4026531836]"
}

// tilde returns a path as people write it.
func tilde(path string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	if rest, below := strings.CutPrefix(path, home+string(filepath.Separator)); below {
		return filepath.Join("~", rest)
	}
	return path
}
