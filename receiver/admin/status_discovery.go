package admin

import (
	"time"

	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// discoveryReport is what an exporter knows of backends that it finds by name. Listed
// are no more than the first hundred.
type discoveryReport struct {
	Source string `json:"source"`
	// Answered is when the registry has said last who is there.
	Answered *time.Time `json:"answered,omitempty"`
	// Stale is true while the registry cannot be asked, for the reason in Error.
	Stale     bool                      `json:"stale"`
	Error     string                    `json:"error,omitempty"`
	Known     int                       `json:"known"`
	By        map[balance.Condition]int `json:"by_condition"`
	Ejections int64                     `json:"ejections"`
	Failovers int64                     `json:"failovers"`
	Instances []instanceReport          `json:"instances"`
}

type instanceReport struct {
	ID          string            `json:"id"`
	Address     string            `json:"address"`
	Zone        string            `json:"zone,omitempty"`
	Condition   balance.Condition `json:"condition"`
	Until       *time.Time        `json:"until,omitempty"`
	InFlight    int               `json:"in_flight"`
	Requests    int64             `json:"requests"`
	Failures    int64             `json:"failures"`
	Consecutive int               `json:"consecutive_failures"`
}

func discoveryOf(d *pipeline.Discovered) *discoveryReport {
	r := &discoveryReport{
		Source: d.Source, Answered: known(d.At), Stale: d.Problem != "", Error: d.Problem,
		Known: d.Known, By: d.Conditions, Ejections: d.Ejections, Failovers: d.Failovers, Instances: []instanceReport{},
	}
	for _, m := range d.Instances {
		r.Instances = append(r.Instances, instanceReport{
			ID: m.ID, Address: m.Addr, Zone: m.Zone, Condition: m.Condition, Until: known(m.Until),
			InFlight: m.InFlight, Requests: m.Picks, Failures: m.Failures, Consecutive: m.Consecutive,
		})
	}
	return r
}

// known returns a time in UTC, or nil for none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
