package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type statusDockerOptions struct {
	name   string
	format output.Format
}

func newStatusDocker(s term.Streams) *cobra.Command {
	var o statusDockerOptions
	cmd := &cobra.Command{
		Use:   "docker",
		Short: "Show how the container of deploy docker is",
		Long: `Show how the container is: exit 0 if it runs and is healthy, 3 if not. The image is outdated
once its name stands for another one.`,
		Example: `  otlpctl status docker
  otlpctl status docker --name gateway -o json | jq -r .health`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkName(o.name); err != nil {
				return usageError(cmd, err)
			}
			return runStatusDocker(cmd.Context(), s, o)
		},
	}
	nameFlag(cmd, &o.name)
	formatFlag(cmd, &o.format)
	return cmd
}

func runStatusDocker(ctx context.Context, s term.Streams, o statusDockerOptions) (err error) {
	e, err := engine.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	status, err := e.Status(ctx, o.name)
	if err != nil {
		return err
	}
	if err := o.format.Write(s.Out, status, func(r *output.Rows) { statusRows(r, status) }); err != nil {
		return err
	}
	if !status.Ready() {
		return reported{coded{fmt.Errorf("%s is not healthy", o.name), exitNotReady}}
	}
	return nil
}

func statusRows(r *output.Rows, status *engine.Status) {
	r.Add("name", status.Name)
	r.Add("state", status.State)
	r.Add("health", status.Health)
	if status.Why != "" {
		r.Add("why", status.Why)
	}
	image := status.Image
	if status.Outdated {
		image += " (outdated)"
	}
	r.Add("image", image)
	if status.Started != nil {
		r.Add("started", status.Started.Local().Format(time.RFC3339))
	}
	r.Add("restarts", strconv.Itoa(status.Restarts)+" ("+status.Policy+")")
	for _, p := range status.Ports {
		r.Add("port", strings.Join(append([]string{strconv.Itoa(p.Port)}, p.Published...), " at "))
	}
	r.Add("memory", units.BytesSize(float64(status.Memory))+" of "+limitText(status.MemoryLimit))
	r.Add("cpus", cpusText(status.CPUs))
	for _, file := range status.Configuration {
		r.Add("config", file)
	}
	r.Add("data", status.Data)
}

// limitText returns a limit in the units of --memory.
func limitText(bytes int64) string {
	if bytes == 0 {
		return "unlimited"
	}
	return units.BytesSize(float64(bytes))
}

func cpusText(cpus float64) string {
	if cpus == 0 {
		return "unlimited"
	}
	return strconv.FormatFloat(cpus, 'f', -1, 64)
}
