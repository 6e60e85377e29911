package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConsulShow(s term.Streams) *cobra.Command {
	var access consul.Access
	var format output.Format
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show the instances of a service, and what their checks say",
		Long: `Show all instances of a service, whatever their checks say: where each is, what it runs, and what the
checks say that do not pass. -o json has all checks with their output, and the metadata. Consul does
not know since when an instance is registered: the age is that of its metadata registered_at, which
otlpctl consul register writes. Exit 1 if there are no instances.`,
		Example: `  otlpctl consul show otlp-receiver
  otlpctl consul show otlp-receiver -o json | jq -r '.instances[] | select(.status == "critical") | .id'`,
		Args: oneService,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := reach(cmd, access)
			if err != nil {
				return err
			}
			return runConsulShow(cmd.Context(), s, c, args[0], format)
		},
	}
	consulFlags(cmd, &access)
	datacenterFlag(cmd, &access)
	formatFlag(cmd, &format)
	return cmd
}

// consulInstances is the document of consul show. The names of its fields are API.
type consulInstances struct {
	Service   string             `json:"service"`
	Instances []catalog.Instance `json:"instances"`
}

func runConsulShow(ctx context.Context, s term.Streams, c *catalog.Catalog, name string, format output.Format) error {
	all, err := c.Instances(ctx, name)
	switch {
	case err != nil:
		return err
	case len(all) == 0:
		return noSuchService(name)
	}
	now := time.Now()
	return format.Write(s.Out, consulInstances{name, all}, func(r *output.Rows) {
		r.Header("ID", "STATUS", "ADDRESS", "NODE", "ZONE", "VERSION", "CONFIG", "AGE", "TAGS", "CHECKS")
		for _, i := range all {
			age := ""
			if i.RegisteredAt != nil {
				age = ageText(s.Out, *i.RegisteredAt, now)
			}
			r.Add(i.ID, i.Status, i.Addr, i.Node, i.Zone, i.Version, i.ConfigHash, age, strings.Join(i.Tags, ","), checksText(i.Checks))
		}
	})
}

// checksText says how many checks pass, and what the others say.
func checksText(all []catalog.Check) string {
	var complaints []string
	for _, c := range all {
		if c.Status == catalog.StatusPassing {
			continue
		}
		said := strings.Join(strings.Fields(c.Output), " ")
		if said != "" {
			said = ": " + said
		}
		complaints = append(complaints, c.ID+" is "+c.Status+said)
	}
	text := fmt.Sprintf("%d of %d pass", len(all)-len(complaints), len(all))
	return strings.Join(append([]string{text}, complaints...), "; ")
}
