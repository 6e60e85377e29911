package receiver

import (
	"context"
	"maps"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/admin"
)

// desk is where the receiver answers about itself: the admin server first, then
// further addresses for metrics.
type desk []*admin.Server

func newDesk(r *Receiver) (desk, error) {
	deps := admin.Deps{
		Source: view{r}, Log: r.deps.Log, Build: r.deps.Build, Started: r.started,
		WithoutMetrics: r.cfg.Service.Telemetry.Metrics.Level == "none",
	}
	main, err := admin.New(r.cfg.Admin, deps)
	if err != nil {
		return nil, err
	}
	d := desk{main}
	for _, address := range r.cfg.metricsAddresses() {
		d = append(d, admin.NewMetrics(address, deps))
	}
	return d, nil
}

// listen opens every listener, or none.
func (d desk) listen(ctx context.Context) error {
	for i, s := range d {
		if err := s.Listen(ctx); err != nil {
			for _, open := range d[:i] {
				open.Close()
			}
			return err
		}
	}
	return nil
}

// view shows a Receiver to its desk.
type view struct{ r *Receiver }

// Health reports that the process works: what fails for good ends it.
func (v view) Health() (ok bool, why string) { return true, "" }

// Ready reports whether the receiver takes requests, and otherwise why not.
func (v view) Ready() (ok bool, why string) {
	if w := v.r.waiting.Load(); w != nil {
		return false, *w
	}
	return true, ""
}

// Snapshot returns the state of every part.
func (v view) Snapshot() admin.Snapshot {
	s := admin.Snapshot{
		Config:   admin.Configuration{Generation: 1, Hash: v.r.deps.ConfigHash},
		InFlight: admin.InFlight{Bytes: v.r.budget.Used(), Limit: v.r.budget.Capacity()},
	}
	for _, id := range slices.Sorted(maps.Keys(v.r.cfg.Service.Pipelines)) {
		p := v.r.cfg.Service.Pipelines[id]
		s.Pipelines = append(s.Pipelines, admin.Pipeline{
			Name: string(id), Receivers: names(p.Receivers), Processors: names(p.Processors), Exporters: names(p.Exporters),
		})
	}
	for _, server := range v.r.servers {
		s.Receivers = append(s.Receivers, server.State()...)
	}
	for _, id := range slices.Sorted(maps.Keys(v.r.graph.destinations)) {
		s.Exporters = append(s.Exporters, v.r.graph.destinations[id].State())
	}
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
