package receiver

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Level is how far a configuration is checked. Each includes those before it.
type Level string

// The levels.
const (
	// LevelSchema is what whoever loads a Config has checked.
	LevelSchema Level = "schema"
	// LevelBuild makes every component, without a trace.
	LevelBuild Level = "build"
	// LevelBind takes every port, and the lock of every database in a file, and lets go of them.
	LevelBind Level = "bind"
	// LevelConnect sends an empty request to every backend.
	LevelConnect Level = "connect"
)

// Levels returns the levels in their order.
func Levels() []Level { return []Level{LevelSchema, LevelBuild, LevelBind, LevelConnect} }

func (l Level) rank() int { return slices.Index(Levels(), l) }

// Check is one thing that is tried.
type Check struct {
	Level Level
	// Name says what is tried: "exporters.otlp/two".
	Name string
	// Path is that of the key that an error is about, unless it names another one.
	Path string
	// Needs is the Name of the check without which this one cannot run, or empty.
	Needs string
	// Note says why there is nothing to try; Run is nil then.
	Note string
	Run  func(context.Context) error
}

// prober is an exporter that can tell whether its backend takes a signal.
type prober interface {
	Probe(ctx context.Context, sig wire.Signal) error
}

// Checks are what can be tried of a configuration before it runs. They make its
// components with the code that runs them, and leave nothing behind.
type Checks struct {
	All []Check

	upTo     Level
	receiver *Receiver
	builder  builder
	now      *generation // as far as it has been built
	opening  *opening
	probers  map[ID]prober
	ends     []func(context.Context) error
}

// NewChecks returns the checks for cfg, which has been validated, up to a level.
// Run does them.
func NewChecks(cfg Config, deps Deps, upTo Level) *Checks {
	r, nothing := newReceiver(deps), noGeneration()
	c := &Checks{
		upTo: upTo, receiver: r, now: &generation{cfg: cfg, files: printsOf(&cfg), servers: map[ID]*served{}},
		opening: newOpening(nil), probers: map[ID]prober{},
	}
	c.builder = builder{deps: deps, pool: r.pool, before: nothing, files: c.now.files}
	c.opening.listen = ingest.OpenTrial
	c.build(nothing)
	c.bind()
	c.connect()
	return c
}

// Add adds a check behind those of its level, unless that is beyond the level that was asked for.
func (c *Checks) Add(check Check) {
	if check.Level.rank() > c.upTo.rank() {
		return
	}
	i := slices.IndexFunc(c.All, func(other Check) bool { return other.Level.rank() > check.Level.rank() })
	if i < 0 {
		i = len(c.All)
	}
	c.All = slices.Insert(c.All, i, check)
}

// build adds a check for each component, in the order in which they are made.
func (c *Checks) build(nothing *generation) {
	cfg := &c.now.cfg
	add := func(path string, run func(context.Context) error) {
		c.Add(Check{Level: LevelBuild, Name: path, Path: path, Run: run})
	}
	add(logsPath, func(context.Context) error { return cfg.Service.Telemetry.Logs.check() })
	for _, id := range cfg.usedExporters() {
		add("exporters."+string(id), func(ctx context.Context) error { return c.exporter(ctx, id) })
	}
	for _, id := range cfg.usedProcessors() {
		add("processors."+string(id), func(context.Context) error {
			c.builder.limiter(id, cfg.Processors[id])
			return nil
		})
	}
	for _, id := range cfg.usedReceivers() {
		add("receivers."+string(id), func(context.Context) error { return c.server(id, nothing) }) //nolint:contextcheck // calls have contexts of their own
	}
	c.now.desk = make([]*deskServer, len(cfg.desk()))
	for i, w := range cfg.desk() {
		add(w.name(), func(context.Context) (err error) {
			c.now.desk[i] = &deskServer{made: w.deskConfig}
			c.now.desk[i].Server, err = c.receiver.deskServer(w.deskConfig)
			return err
		})
	}
}

// exporter makes an exporter, unless it would leave a trace: then it is only told
// whether that is possible.
func (c *Checks) exporter(ctx context.Context, id ID) error {
	conf := c.now.cfg.Exporters[id]
	if traceless, ok := conf.(interface{ Check() error }); ok && !remote(conf) {
		return traceless.Check()
	}
	e, err := c.builder.exporter(ctx, id, conf)
	if err != nil {
		return err
	}
	c.ends = append(c.ends, e.Close)
	if p, ok := e.(prober); ok {
		c.probers[id] = p
	}
	return nil
}

func (c *Checks) server(id ID, nothing *generation) error {
	s, err := c.now.server(id, c.receiver, nil, nothing)
	if err != nil {
		return err
	}
	c.now.servers[id] = s
	c.ends = append(c.ends, func(context.Context) error {
		s.Discard()
		return nil
	})
	return nil
}

// holdable is an exporter to a file that one process has at a time.
type holdable interface {
	Location() string
	// Held returns who has it, as an error.
	Held() error
}

// bind adds a check for each socket, and for each file that another process may hold. All sockets stay open
// until the last one is: some addresses that look different are the same.
func (c *Checks) bind() {
	cfg := &c.now.cfg
	for i, w := range cfg.desk() {
		c.Add(Check{
			Level: LevelBind, Name: w.path, Path: w.path, Needs: w.name(),
			Run: func(ctx context.Context) error { return c.now.desk[i].Listen(ctx, c.opening.open) },
		})
	}
	for _, id := range cfg.usedReceivers() {
		for _, t := range cfg.Receivers[id].Transports() {
			path := endpointPath(id, t)
			c.Add(Check{
				Level: LevelBind, Name: path, Path: path, Needs: "receivers." + string(id),
				Run: func(ctx context.Context) error { return c.now.servers[id].ListenFor(ctx, t, c.opening.open) },
			})
		}
	}
	for _, id := range cfg.usedExporters() {
		if file, ok := cfg.Exporters[id].(holdable); ok && file.Location() != "" {
			name := "exporters." + string(id)
			c.Add(Check{Level: LevelBind, Name: name, Path: name, Needs: name, Run: func(context.Context) error { return file.Held() }})
		}
	}
}

// connect adds a check for each exporter and signal.
func (c *Checks) connect() {
	cfg := &c.now.cfg
	for _, id := range cfg.usedExporters() {
		name := "exporters." + string(id)
		switch conf := cfg.Exporters[id]; {
		case remote(conf):
			for label, sig := range cfg.probed(id) {
				c.Add(Check{
					Level: LevelConnect, Name: label, Path: name + "." + targetKey(conf), Needs: name,
					Run: func(ctx context.Context) error { return c.probers[id].Probe(ctx, sig) },
				})
			}
		default:
			c.Add(Check{Level: LevelConnect, Name: name, Path: name, Note: "has no backend to reach"})
		}
	}
}

// undivided is an exporter whose backend takes all signals that it has a place for, or none of them.
type undivided interface{ Undivided() }

// probed returns what is asked of an exporter's backend, and how that is called: once for each signal, or
// once for all of them.
func (c *Config) probed(id ID) iter.Seq2[string, wire.Signal] {
	name, signals := "exporters."+string(id), c.signalsOf(id)
	return func(yield func(string, wire.Signal) bool) {
		if _, whole := c.Exporters[id].(undivided); whole {
			yield(name, signals[0])
			return
		}
		for _, sig := range signals {
			if !yield(name+" "+sig.String(), sig) {
				return
			}
		}
	}
}

// remote reports whether an exporter delivers to somebody who has to be reached.
func remote(c ExporterConfig) bool { return targetKey(c) != "" && locationOf(c) == "" }

// release closes the sockets.
func (c *Checks) release() error {
	err := c.opening.abort()
	c.opening = newOpening(nil)
	return err
}

// close gives up everything that was made.
func (c *Checks) close(ctx context.Context) error {
	errs := []error{c.release()}
	for _, end := range c.ends {
		errs = append(errs, end(ctx))
	}
	return errors.Join(errs...)
}

// signalsOf returns the signals that pipelines bring to an exporter.
func (c *Config) signalsOf(exporter ID) []wire.Signal {
	var all []wire.Signal
	for id, p := range c.Service.Pipelines {
		if sig, ok := wire.ParseSignal(id.Type()); ok && slices.Contains(p.Exporters, exporter) {
			all = append(all, sig)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
