package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type consulMaintenanceOptions struct {
	access consul.Access
	on     bool
	id     string
	reason string
	format output.Format
}

func newConsulMaintenance(s term.Streams) *cobra.Command {
	var o consulMaintenanceOptions
	cmd := &cobra.Command{
		Use:   "maintenance on|off [ID]",
		Short: "Take instances out of service for a time, and back",
		Long: `Put an instance of the agent that is asked into maintenance, or take it out; without an ID all that
is on the agent's node. Clients find an instance in maintenance no more, but go on with requests that
are under way. It lasts until it is taken out, also if the agent starts anew.`,
		Example: `  otlpctl consul maintenance on collector-1 --reason 'new disk'
  otlpctl consul maintenance off collector-1`,
		Args: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) == 0 || len(args) > 2 {
				return usageError(cmd, fmt.Errorf("%s takes on or off, and the ID of one instance at most", cmd.CommandPath()))
			}
			if o.on, err = onOrOff(args[0]); err != nil {
				return usageError(cmd, fmt.Errorf("%q: %w", args[0], err))
			}
			if len(args) == 2 {
				if o.id = args[1]; o.id == "" {
					return usageError(cmd, errors.New("the ID is empty: leave it out to mean the whole node"))
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.reason != "" && !o.on {
				return usageError(cmd, errors.New("--reason goes with on only"))
			}
			c, err := reach(cmd, o.access)
			if err != nil {
				return err
			}
			return runConsulMaintenance(cmd.Context(), s, c, o)
		},
		ValidArgs: []string{"on", "off"},
	}
	consulFlags(cmd, &o.access)
	cmd.Flags().StringVar(&o.reason, "reason", "", "`text` that others see: why")
	formatFlag(cmd, &o.format)
	return cmd
}

// consulMaintenance is the document of consul maintenance. The names of its fields are API.
type consulMaintenance struct {
	Maintenance bool `json:"maintenance"`
	// ID is that of the instance; empty is the agent's node.
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason,omitempty"`
}

func runConsulMaintenance(ctx context.Context, s term.Streams, c *catalog.Catalog, o consulMaintenanceOptions) error {
	if o.id != "" {
		if _, err := c.Find(ctx, "", []string{o.id}); err != nil {
			return err
		}
	}
	if err := c.Maintain(ctx, o.id, o.on, o.reason); err != nil {
		return err
	}
	done := consulMaintenance{o.on, o.id, o.reason}
	return o.format.Write(s.Out, done, func(r *output.Rows) {
		r.Header("MAINTENANCE", "ID", "REASON")
		state, id := "off", "all on the node"
		if o.on {
			state = "on"
		}
		if o.id != "" {
			id = o.id
		}
		r.Add(state, id, o.reason)
	})
}
