package receiver

import (
	"context"
	"reflect"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/admin"
)

// deskServer is where the receiver answers about itself: the admin server, or a
// further address for metrics.
type deskServer struct {
	*admin.Server

	made deskConfig
	kept bool // from the generation before
	end  context.CancelFunc
}

// deskConfig is what a server of the desk was made of.
type deskConfig struct {
	admin   admin.Config // of the admin server
	address string       // of one for metrics only
	metrics string       // service.telemetry.metrics.level
}

// wantedDesk is a server of the desk and the key of its address.
type wantedDesk struct {
	deskConfig

	path string
}

// name returns the path of what the server is made of.
func (w wantedDesk) name() string { return strings.TrimSuffix(w.path, ".endpoint") }

// desk returns what the desk is to consist of: the admin server comes first.
func (c *Config) desk() []wantedDesk {
	level := c.Service.Telemetry.Metrics.Level
	all := []wantedDesk{{deskConfig{admin: c.Admin, metrics: level}, "admin.endpoint"}}
	for _, l := range c.metricsListeners() {
		all = append(all, wantedDesk{deskConfig{address: l.address, metrics: level}, l.path})
	}
	return all
}

// buildDesk makes the servers of the desk.
func (g *generation) buildDesk(r *Receiver, before *generation) error {
	for _, w := range g.cfg.desk() {
		if there := before.deskOf(w.deskConfig); there != nil && g.files.same(before.files, &w.admin) {
			g.desk = append(g.desk, &deskServer{Server: there.Server, made: w.deskConfig, kept: true, end: there.end})
			continue
		}
		s, err := r.deskServer(w.deskConfig)
		if err != nil {
			return newFault(w.name(), err)
		}
		g.desk = append(g.desk, &deskServer{Server: s, made: w.deskConfig})
	}
	return nil
}

// deskOf returns the server that was made of the same.
func (g *generation) deskOf(c deskConfig) *deskServer {
	for _, d := range g.desk {
		if reflect.DeepEqual(d.made, c) {
			return d
		}
	}
	return nil
}

// hasDesk reports whether the generation has kept a server of the one before.
func (g *generation) hasDesk(d *deskServer) bool {
	for _, mine := range g.desk {
		if mine.Server == d.Server {
			return true
		}
	}
	return false
}

func (r *Receiver) deskServer(c deskConfig) (*admin.Server, error) {
	deps := admin.Deps{
		Source: view{r}, Log: r.deps.Log, Build: r.deps.Build, Started: r.started, WithoutMetrics: c.metrics == "none",
	}
	if c.address != "" {
		return admin.NewMetrics(c.address, deps), nil
	}
	if c.admin.Reload {
		deps.Reload = r.deps.Reload
	}
	return admin.New(c.admin, deps)
}

// view shows a Receiver to its desk.
type view struct{ r *Receiver }

// Health reports that the process works: what fails for good ends it.
func (v view) Health() (ok bool, why string) { return true, "" }

// Ready reports whether the receiver takes requests, and otherwise why not.
func (v view) Ready() (ok bool, why string) {
	why, _ = v.r.ready.Read()
	return why == "", why
}

// Snapshot returns the state of every part.
func (v view) Snapshot() admin.Snapshot {
	reloads, failed, problem := v.r.history.read() // before the generation that came of it
	g := v.r.now.Load()
	s := admin.Snapshot{
		Config: admin.Configuration{
			Generation: g.number, Hash: g.hash, Loaded: g.loaded, Reloads: reloads, Failed: failed, Problem: problem,
		},
		InFlight: admin.InFlight{Bytes: v.r.budget.Used(), Limit: v.r.budget.Capacity()},
	}
	for _, id := range sortedKeys(g.cfg.Service.Pipelines) {
		p := g.cfg.Service.Pipelines[id]
		s.Pipelines = append(s.Pipelines, admin.Pipeline{
			Name: string(id), Receivers: names(p.Receivers), Processors: names(p.Processors), Exporters: names(p.Exporters),
		})
	}
	for _, id := range sortedKeys(g.servers) {
		s.Receivers = append(s.Receivers, g.servers[id].State()...)
	}
	s.Exporters = v.r.exporters(g)
	s.Registrations = v.r.registrations()
	return s
}

func names(ids []ID) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = string(id)
	}
	return all
}

var _ admin.Source = view{}
