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

// The defaults of checks that the agent makes.
const (
	checkInterval = 10 * time.Second
	checkTimeout  = 3 * time.Second
)

type consulRegisterOptions struct {
	access       consul.Access
	registration catalog.Registration
	meta         []string
	format       output.Format
}

func newConsulRegister(s term.Streams) *cobra.Command {
	var o consulRegisterOptions
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Register an instance by hand",
		Long: `Make the agent register an instance of a service, in place of one that has the same ID. This is for
what does not do that itself: a receiver does, as its section discovery says.

The agent asks by --check-http, --check-grpc (grpc.health.v1) or --check-tcp whether the instance is
well; with --check-ttl the instance reports that itself. Without a check it counts as well as long
as it is registered, dead or alive.`,
		Example: `  otlpctl consul register --name collector --id collector-1 --address 10.0.0.7 --port 4317 \
      --tag otlp --tag grpc --meta zone=a --check-grpc 10.0.0.7:4317
  otlpctl consul register --name collector --port 4318 --tag http --check-http http://10.0.0.7:13133/`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.complete(); err != nil {
				return usageError(cmd, err)
			}
			c, err := reach(cmd, o.access)
			if err != nil {
				return err
			}
			return runConsulRegister(cmd.Context(), s, c, o)
		},
	}
	consulFlags(cmd, &o.access)
	o.flags(cmd)
	formatFlag(cmd, &o.format)
	return cmd
}

func (o *consulRegisterOptions) flags(cmd *cobra.Command) {
	r, f := &o.registration, cmd.Flags()
	f.StringVar(&r.Name, "name", "", "`name` of the service, under which clients find it")
	f.StringVar(&r.ID, "id", "", "`name` of the instance, which no other of the agent may have (default that of the service)")
	f.StringVar(&r.Address, "address", "", "`host` or IP address that clients are told (default that of the agent's node)")
	f.IntVar(&r.Port, "port", 0, "`port` that clients are told")
	f.StringArrayVar(&r.Tags, "tag", nil, "`tag`, as often as wanted; grpc or http says how OTLP is spoken at the port")
	f.StringArrayVar(&o.meta, "meta", nil, "`key=value` of the metadata, as often as wanted, such as zone=a")
	f.StringVar(&r.HTTP, "check-http", "", "`URL` that answers with a status of 2xx when the instance is well")
	f.StringVar(&r.GRPC, "check-grpc", "", "`host:port` of grpc.health.v1, and behind a slash the name of a service if it has one")
	f.StringVar(&r.TCP, "check-tcp", "", "`host:port` that takes connections when the instance is well")
	f.DurationVar(&r.TTL, "check-ttl", 0, "how long a report of the instance itself holds")
	f.BoolVar(&r.UseTLS, "check-tls", false, "ask over TLS, with --check-grpc")
	f.BoolVar(&r.SkipVerify, "check-tls-skip-verify", false, "take any certificate of the instance")
	f.DurationVar(&r.Interval, "check-interval", checkInterval, "how often the agent asks")
	f.DurationVar(&r.Timeout, "check-timeout", checkTimeout, "how long it waits for an answer")
	f.DurationVar(&r.DeregisterAfter, "deregister-critical-after", 0, "the agent forgets an instance that has not been well for this long, 1m or more (default never)")
}

// complete reads the metadata, and checks all without asking anybody.
func (o *consulRegisterOptions) complete() error {
	o.registration.Meta = map[string]string{}
	for _, pair := range o.meta {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return fmt.Errorf("--meta %q: want key=value", pair)
		}
		o.registration.Meta[key] = value
	}
	return o.registration.Check()
}

// consulRegistered is the document of consul register. The names of its fields are API.
type consulRegistered struct {
	Action string `json:"action"`
	catalog.Entry
}

func runConsulRegister(ctx context.Context, s term.Streams, c *catalog.Catalog, o consulRegisterOptions) error {
	entry, replaced, err := c.Register(ctx, o.registration)
	if err != nil {
		return err
	}
	done := consulRegistered{actionRegistered, entry}
	if replaced {
		done.Action = actionReplaced
	}
	return o.format.Write(s.Out, done, func(r *output.Rows) {
		r.Header("ACTION", "ID", "SERVICE", "ADDRESS")
		r.Add(done.Action, done.ID, done.Service, done.Addr)
	})
}
