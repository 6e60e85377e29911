package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConsulServices(s term.Streams) *cobra.Command {
	var access consul.Access
	var format output.Format
	cmd := &cobra.Command{
		Use:   "services",
		Short: "List all services, and how their instances are",
		Long: `List all services that Consul knows, with the number of their instances and of those whose checks
pass, warn, fail, or that are in maintenance. Environment and flags say which agent is asked, as with
the consul command: CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, CONSUL_CACERT and so on.`,
		Example: `  otlpctl consul services
  otlpctl consul services -o json | jq -r '.services[] | select(.critical > 0) | .name'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := reach(cmd, access)
			if err != nil {
				return err
			}
			return runConsulServices(cmd.Context(), s, c, format)
		},
	}
	consulFlags(cmd, &access)
	datacenterFlag(cmd, &access)
	formatFlag(cmd, &format)
	return cmd
}

// consulServices is the document of consul services. The names of its fields are API.
type consulServices struct {
	Services []catalog.Service `json:"services"`
}

func runConsulServices(ctx context.Context, s term.Streams, c *catalog.Catalog, format output.Format) error {
	all, err := c.Services(ctx)
	if err != nil {
		return err
	}
	return format.Write(s.Out, consulServices{all}, func(r *output.Rows) {
		r.Header("NAME", "INSTANCES", "PASSING", "WARNING", "CRITICAL", "MAINTENANCE", "TAGS")
		for _, one := range all {
			r.Add(serviceCells(one)...)
		}
	})
}

func serviceCells(s catalog.Service) []string {
	return []string{
		s.Name, strconv.Itoa(s.Instances), strconv.Itoa(s.Passing), strconv.Itoa(s.Warning), strconv.Itoa(s.Critical),
		strconv.Itoa(s.Maintenance), strings.Join(s.Tags, ","),
	}
}
