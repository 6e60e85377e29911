package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
)

// stopMargin is for a receiver to end after its time for draining is over.
const stopMargin = 5 * time.Second

// plan opens the engine, which is the caller's to close, and says what deploying would do.
func (o *dockerOptions) plan(ctx context.Context, s term.Streams) (*engine.Engine, *engine.Plan, error) {
	run, err := o.run(s)
	if err != nil {
		return nil, nil, err
	}
	e, err := engine.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	run.Image = o.image
	if run.Image == "" {
		run.Image = e.FirstImage(ctx, image.DefaultTags(imageVersion(thisBuild())))
	}
	plan, err := e.Plan(ctx, run)
	if err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	return e, plan, nil
}

// imageVersion is the version that an image of this program has.
func imageVersion(b build) string {
	if b.Version == "(devel)" {
		return "dev"
	}
	return cmp.Or(b.Version, "dev")
}

// run translates the options, after it has checked the configuration as the container will see it.
func (o *dockerOptions) run(s term.Streams) (engine.Run, error) {
	run := engine.Run{
		Name: o.name, Restart: o.restart, Memory: int64(o.memory), CPUs: o.cpus,
		Data: o.data, Env: o.env, Set: o.config.set, Publish: o.publish.Publish, Network: o.network,
	}
	loaded, known, err := o.load(s, &run)
	if err != nil {
		return run, err
	}
	run.StopTimeout = loaded.Notice() + loaded.Config.Service.Shutdown.Timeout + stopMargin
	run.Exclusive = !known || writesFiles(loaded.Config)
	listeners, _ := loaded.Listeners() // the others cannot be published
	if known || !slices.Equal(listeners, usualListeners()) {
		run.Ports = reachable(s, listeners)
	}
	return run, nil
}

// load reads the configuration. known is false if it is the image's own, of which no more can be told than that
// the defaults may be in it.
func (o *dockerOptions) load(s term.Streams, run *engine.Run) (loaded config.Loaded, known bool, err error) {
	there := config.Sources{Files: o.config.files, Environ: o.env, Set: o.config.set}
	if len(o.config.files) == 0 {
		if loaded, err := config.Load(there); err == nil {
			return loaded, false, nil
		}
		loaded, err = config.LoadWritten(nil, nil)
		return loaded, false, err
	}
	files, err := config.ReadFiles(o.config.files)
	if err != nil {
		return loaded, true, err
	}
	loaded, err = config.LoadWritten(files, o.config.set)
	if err == nil && !needsTheContainer(files) {
		loaded, err = config.Load(there)
	}
	if err != nil {
		return loaded, true, err
	}
	printWarnings(s, loaded.Warnings)
	for _, file := range files {
		run.Files = append(run.Files, engine.ConfigFile{Name: filepath.Base(file.Name), Content: file.Data})
	}
	return loaded, true, nil
}

// needsTheContainer reports whether files refer to what may only be there: files, and keys to decrypt with.
func needsTheContainer(files []config.File) bool {
	return slices.ContainsFunc(files, func(f config.File) bool {
		return bytes.Contains(f.Data, []byte("${file:")) || bytes.Contains(f.Data, []byte("ENC["))
	})
}

// usualListeners returns what a receiver without a configuration listens on.
func usualListeners() []config.Listener {
	loaded, err := config.LoadWritten(nil, nil)
	if err != nil {
		panic(err) // it has nothing that could be wrong
	}
	known, _ := loaded.Listeners()
	return known
}

// reachable returns the ports of those listeners that can be reached from outside of the container.
func reachable(s term.Streams, listeners []config.Listener) []int {
	var ports []int
	for _, l := range listeners {
		if l.IsLoopback() {
			port := strconv.Itoa(l.Port)
			_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "warning:"), net.JoinHostPort(l.Host, port)+" cannot be reached from outside of the container")
			printHint(s.Err, "0.0.0.0:"+port+" can")
			continue
		}
		ports = append(ports, l.Port)
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// writesFiles reports whether two receivers with this configuration would write to the same files.
func writesFiles(c receiver.Config) bool {
	for _, p := range c.Service.Pipelines {
		if slices.ContainsFunc(p.Exporters, func(id receiver.ID) bool { return id.Type() == "file" }) {
			return true
		}
	}
	return false
}
