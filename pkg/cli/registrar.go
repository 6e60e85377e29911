package cli

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/discovery/register"
	"github.com/otlpctl/otlpctl/receiver"
)

// planDiscovery makes what keeps the receiver registered. The error tells the places of all faults.
func planDiscovery(loaded config.Loaded) (*register.Plan, error) {
	plan, err := register.Prepare(loaded.Discovery, mainListener(loaded), os.LookupEnv)
	faults, ok := errors.AsType[register.Faults](err)
	if !ok {
		return plan, err
	}
	var all config.Errors
	for _, f := range faults {
		all = append(all, loaded.Finding("discovery."+f.ConfigPath(), f.Problem(), f.Hint()))
	}
	return nil, all
}

// mainListener returns the address of the port for OTLP that registries tell, as it is in use here, or nothing.
func mainListener(loaded config.Loaded) string {
	var grpc, http string
	for _, id := range loaded.Config.Named(func(p receiver.PipelineConfig) []receiver.ID { return p.Receivers }) {
		otlp := loaded.Config.Receivers[id]
		if otlp == nil {
			continue
		}
		if g := otlp.Protocols.GRPC; g != nil && g.Transport != "unix" {
			grpc = cmp.Or(grpc, g.Endpoint)
		}
		if h := otlp.Protocols.HTTP; h != nil && h.Transport != "unix" {
			http = cmp.Or(http, h.Endpoint)
		}
	}
	return cmp.Or(grpc, http)
}

// addRegistries adds to checks that what the section discovery names is there, and that the registries answer.
func addRegistries(checks *receiver.Checks, loaded config.Loaded) {
	for kind, section := range loaded.Discovery.Each() {
		name := "discovery." + kind
		var plan *register.Plan
		checks.Add(receiver.Check{Level: receiver.LevelBuild, Name: name, Path: "discovery", Run: func(context.Context) (err error) {
			plan, err = register.Prepare(section, mainListener(loaded), os.LookupEnv)
			return err
		}})
		checks.Add(receiver.Check{Level: receiver.LevelConnect, Name: name, Path: name, Needs: name, Run: func(ctx context.Context) error {
			defer plan.Discard()
			return plan.Probe(ctx)
		}})
	}
}
