package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

func newConsul(s term.Streams) *cobra.Command {
	return group(
		"consul", "Show, change and judge what Consul knows of services",
		newConsulServices(s),
		newConsulShow(s),
		newConsulWatch(s),
		newConsulRegister(s),
		newConsulDeregister(s),
		newConsulMaintenance(s),
		newConsulDoctor(s),
	)
}

// consulFlags adds the flags that say which agent is meant. What they do not say the environment does.
func consulFlags(cmd *cobra.Command, a *consul.Access) {
	f := cmd.Flags()
	f.StringVar(&a.Address, "http-addr", "", "`address` of the agent: host:port, or a URL of the scheme http, https or unix (default $CONSUL_HTTP_ADDR, then 127.0.0.1:8500)")
	f.StringVar(&a.TokenFile, "token-file", "", "`file` with the ACL token (default $CONSUL_HTTP_TOKEN_FILE, then $CONSUL_HTTP_TOKEN)")
	f.StringVar(&a.Namespace, "namespace", "", "`namespace`, of Consul Enterprise (default $CONSUL_NAMESPACE)")
	f.StringVar(&a.Partition, "partition", "", "admin `partition`, of Consul Enterprise (default $CONSUL_PARTITION)")
	if err := cmd.MarkFlagFilename("token-file"); err != nil {
		panic(err) // the flag does not exist
	}
}

// datacenterFlag is for commands that ask the catalog: what an agent has itself is in its own datacenter.
func datacenterFlag(cmd *cobra.Command, a *consul.Access) {
	cmd.Flags().StringVar(&a.Datacenter, "datacenter", "", "`name` of the datacenter that is asked for (default the agent's)")
}

// reach opens the catalog that flags and environment mean. It asks nobody.
func reach(cmd *cobra.Command, a consul.Access) (*catalog.Catalog, error) {
	agent, err := consul.Reach(a)
	if err != nil {
		return nil, usageError(cmd, err)
	}
	return catalog.New(agent), nil
}

// oneService is for commands whose only argument is the name of a service.
func oneService(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && args[0] != "" {
		return nil
	}
	return usageError(cmd, fmt.Errorf("%s takes the name of one service", cmd.CommandPath()))
}

// noSuchService says that a service has no instances at all.
func noSuchService(name string) error {
	return hinted.New(fmt.Errorf("%s: %w", name, resolve.ErrNoInstances), "otlpctl consul services lists what there is")
}

// The actions of commands that change something by hand. They are API.
const (
	actionRegistered   = "registered"
	actionReplaced     = "replaced"
	actionDeregistered = "deregistered"
	actionKept         = "kept"
)

// onOrOff reads the first argument of consul maintenance.
func onOrOff(text string) (bool, error) {
	at := slices.Index([]string{"off", "on"}, text)
	if at < 0 {
		return false, errors.New("want on or off")
	}
	return at == 1, nil
}
