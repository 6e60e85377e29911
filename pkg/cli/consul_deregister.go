package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type consulDeregisterOptions struct {
	access consul.Access
	ids    []string
	node   string
	yes    bool
	format output.Format
}

func newConsulDeregister(s term.Streams) *cobra.Command {
	var o consulDeregisterOptions
	cmd := &cobra.Command{
		Use:   "deregister ID...",
		Short: "Remove registrations by hand",
		Long: `Remove registrations of the agent that is asked, all of them or, if it does not know one, none. It
asks first, unless --yes. A receiver that runs registers itself again within a check interval.

With --node it removes what an agent has left in the catalog that is gone for good. One that lives
would put it back: there, remove it with --http-addr.`,
		Example: `  otlpctl consul deregister collector-1
  otlpctl consul deregister --node lost-machine --yes collector-2 collector-3`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || slices.Contains(args, "") {
				return usageError(cmd, fmt.Errorf("%s takes the IDs of registrations", cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := askable(cmd, s, o.yes); err != nil {
				return err
			}
			if o.access.Datacenter != "" && o.node == "" {
				return usageError(cmd, errors.New("--datacenter goes with --node only: an agent is in one datacenter"))
			}
			c, err := reach(cmd, o.access)
			if err != nil {
				return err
			}
			o.ids = slices.Compact(slices.Sorted(slices.Values(args)))
			return runConsulDeregister(cmd.Context(), s, c, o)
		},
	}
	consulFlags(cmd, &o.access)
	datacenterFlag(cmd, &o.access)
	cmd.Flags().StringVar(&o.node, "node", "", "`name` of a node whose agent is gone: remove from the catalog what it has left there")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	formatFlag(cmd, &o.format)
	return cmd
}

// consulDeregistered is the document of consul deregister. The names of its fields are API.
type consulDeregistered struct {
	Deregistered []catalog.Entry `json:"deregistered"`
	Error        string          `json:"error,omitempty"`
}

func runConsulDeregister(ctx context.Context, s term.Streams, c *catalog.Catalog, o consulDeregisterOptions) error {
	found, err := c.Find(ctx, o.node, o.ids)
	if err != nil {
		return err
	}
	if !o.yes {
		if err := confirm(ctx, s, "deregister "+entryNames(found)+"? [y/N]"); err != nil {
			return err
		}
	}
	done := consulDeregistered{Deregistered: []catalog.Entry{}}
	for _, e := range found {
		if err := c.Deregister(ctx, e); err != nil {
			done.Error = err.Error()
			err = fmt.Errorf("deregister %s: %w", e.ID, err)
			if len(done.Deregistered) > 0 {
				err = fmt.Errorf("%w; %s deregistered before that", err, entryNames(done.Deregistered))
			}
			return partly(s, o.format, err, done)
		}
		done.Deregistered = append(done.Deregistered, e)
	}
	return o.format.Write(s.Out, done, func(r *output.Rows) {
		r.Header("ACTION", "ID", "SERVICE", "ADDRESS")
		for _, e := range done.Deregistered {
			r.Add(actionDeregistered, e.ID, e.Service, e.Addr)
		}
	})
}

// entryNames names registrations, but not hundreds of them.
func entryNames(all []catalog.Entry) string {
	const most = 10
	var names []string
	for _, e := range all[:min(most, len(all))] {
		names = append(names, printable(fmt.Sprintf("%s (%s)", e.ID, strings.TrimSpace(e.Service+" "+e.Addr))))
	}
	text := strings.Join(names, ", ")
	if rest := len(all) - most; rest > 0 {
		text += fmt.Sprintf(" and %d more", rest)
	}
	return text
}
