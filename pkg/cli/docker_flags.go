package cli

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
)

// dockerOptions say how a container is to run.
type dockerOptions struct {
	config  configOptions
	image   string
	name    string
	restart string
	memory  memoryFlag
	cpus    float64
	data    string
	env     []string
	publish publishFlag
	network string
}

func dockerFlags(cmd *cobra.Command, o *dockerOptions) {
	o.memory = engine.DefaultMemory
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "`reference` of an image that the engine has (default otlpctl:VERSION of this program, or otlpctl:latest)")
	nameFlag(cmd, &o.name)
	f.StringVar(&o.restart, "restart", engine.DefaultRestart, "`policy`: no, always, unless-stopped or on-failure[:TIMES]")
	f.Var(&o.memory, "memory", "limit, with b, k, m or g behind it; 0 is none")
	f.Float64Var(&o.cpus, "cpus", engine.DefaultCPUs, "limit in processors; 0 is none")
	f.StringVar(&o.data, "data", "", "`volume` or absolute path for what outlives the container (default NAME-data)")
	f.StringArrayVar(&o.env, "env", nil, "variable for the container, `name[=value]`; without a value it is that of this environment")
	f.Var(&o.publish, "publish", "`address` of the host at which the ports are reachable, or all or none")
	f.StringVar(&o.network, "network", "", "`network` to be on (default the engine's)")
	configFlags(cmd, &o.config)
	offer(cmd, "restart", "no", "always", "unless-stopped", "on-failure")
	offer(cmd, "publish", "all", "none", "127.0.0.1")
}

// nameFlag adds --name to a command about one container.
func nameFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "name", engine.DefaultName, "`name` of the container")
}

// check finds flags that are wrong, and completes --data and --env.
func (o *dockerOptions) check() error {
	if err := checkName(o.name); err != nil {
		return err
	}
	if err := engine.ValidRestart(o.restart); err != nil {
		return fmt.Errorf("--restart %w", err)
	}
	if engine.Reserved(o.name) {
		return fmt.Errorf("--name %q: such names are those of replacements that are under way", o.name)
	}
	switch {
	case strings.HasPrefix(o.network, "container:"):
		return fmt.Errorf("--network %s: want a network; that of another container has its ports, not these", o.network)
	case !(o.cpus >= engine.LeastCPUs || o.cpus == 0):
		return fmt.Errorf("--cpus %v: want %v or more, or 0 for no limit", o.cpus, engine.LeastCPUs)
	case o.memory != 0 && o.memory < engine.LeastMemory:
		return fmt.Errorf("--memory %s: want %s or more, or 0 for no limit", &o.memory, engine.MemoryFlag(engine.LeastMemory))
	}
	switch {
	case o.data == "":
		o.data = engine.DataVolume(o.name)
	case !strings.HasPrefix(o.data, "/") && checkName(o.data) != nil:
		return fmt.Errorf("--data %q: want the name of a volume, or an absolute path", o.data)
	}
	return o.completeEnv()
}

// completeEnv takes the values that are not given from this environment. Of a variable that is given twice the last
// value holds: programs disagree on that.
func (o *dockerOptions) completeEnv() error {
	complete := make([]string, 0, len(o.env))
	for _, variable := range o.env {
		name, _, given := strings.Cut(variable, "=")
		if name == "" {
			return fmt.Errorf("--env =***: want name or name=value")
		}
		if !given {
			value, set := os.LookupEnv(name)
			if !set {
				return fmt.Errorf("--env %s: it is not set in this environment, so --env %[1]s=VALUE has to say it", name)
			}
			variable = name + "=" + value
		}
		complete = slices.DeleteFunc(complete, func(earlier string) bool { return strings.HasPrefix(earlier, name+"=") })
		complete = append(complete, variable)
	}
	o.env = complete
	return nil
}

// checkName says whether a container or volume can be called that.
func checkName(name string) error {
	if regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`).MatchString(name) {
		return nil
	}
	return fmt.Errorf("--name %q: want two or more letters, digits, _, . or -, and a letter or digit first", name)
}

// memoryFlag is a limit in bytes.
type memoryFlag int64

func (f *memoryFlag) String() string { return engine.MemoryFlag(int64(*f)) }

// Type names the value in help texts.
func (*memoryFlag) Type() string { return "size" }

// Set reads a size.
func (f *memoryFlag) Set(text string) error {
	n, err := engine.ParseMemory(text)
	*f = memoryFlag(n)
	return err
}

// publishFlag is where ports are published.
type publishFlag struct{ engine.Publish }

func (f *publishFlag) String() string {
	switch {
	case f.Off:
		return "none"
	case f.Address.IsValid():
		return f.Address.String()
	}
	return "all"
}

// Type names the value in help texts.
func (*publishFlag) Type() string { return "address" }

// Set reads an address.
func (f *publishFlag) Set(text string) (err error) {
	f.Publish, err = engine.ParsePublish(text)
	return err
}
