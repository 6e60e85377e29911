package cli

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/manifest"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// k8sOptions are the flags of every command that makes the objects of a deployment to Kubernetes.
type k8sOptions struct {
	config    configOptions
	image     string
	replicas  int
	namespace string
	name      string
	templates string
	patches   []string
	// scaled says that replicas was given.
	scaled bool
}

func k8sFlags(cmd *cobra.Command, o *k8sOptions) {
	configFlags(cmd, &o.config)
	flags := cmd.Flags()
	flags.Var((*word)(&o.image), "image", "`image` of the receiver; short for --set deploy.image=…")
	flags.IntVar(&o.replicas, "replicas", 0, "how many pods; with autoscaling, how many at least")
	flags.VarP((*word)(&o.namespace), "namespace", "n", "`namespace` of all objects; short for --set deploy.namespace=…")
	flags.Var((*word)(&o.name), "name", "`name` of the Deployment and what belongs to it; short for --set deploy.name=…")
	flags.StringVar(&o.templates, "templates", "", "`folder` whose files replace the built-in templates of the same name")
	flags.StringArrayVar(&o.patches, "patch", nil, "`file` with changes to the objects: fields to merge, or a target and a JSON Patch; can be repeated")
	for _, register := range []error{cmd.MarkFlagDirname("templates"), cmd.MarkFlagFilename("patch", "yaml", "yml", "json")} {
		if register != nil {
			panic(register) // the flag does not exist
		}
	}
}

type renderK8sOptions struct {
	k8sOptions
	format output.Format
}

func newRenderK8s(s term.Streams) *cobra.Command {
	o := renderK8sOptions{format: output.YAML}
	cmd := &cobra.Command{
		Use:   "k8s",
		Short: "Print the Kubernetes objects of a deployment",
		Long: `Print the Kubernetes objects that run a configuration: what kubectl apply takes, in the
order in which it is to be applied. No cluster is asked.

The configuration consists of config/default, config/$ENV, --config and --set. Its section deploy
says how many pods there are, what they may use and what else is wanted; ports, probes, the
Service, GOMEMLIMIT and the grace period follow what the receiver is to do. Variables of this
process have no part in it: ${env:…} stays as it is and is resolved in the pod, which must have
the variable. Plain secret values become a Secret, and are printed as such.`,
		Example: `  otlpctl render k8s --config otel.yaml | kubectl apply -f -

  otlpctl render k8s --config otel.yaml --image registry.example.com/otlp-receiver:1.2.0 -n telemetry

  # What would change in the cluster?
  otlpctl render k8s --config otel.yaml | kubectl diff -f -

  # One field that the section deploy does not have
  otlpctl render k8s --patch tolerations.yaml
  otlpctl render k8s -o json | jq '.items[] | select(.kind == "Deployment")'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.scaled = cmd.Flags().Changed("replicas")
			return runRenderK8s(s, o)
		},
	}
	k8sFlags(cmd, &o.k8sOptions)
	documentFlag(cmd, &o.format)
	return cmd
}

func runRenderK8s(s term.Streams, o renderK8sOptions) error {
	_, set, err := o.render(s)
	if err != nil {
		return coded{err, exitUsage}
	}
	if o.format == output.JSON {
		return o.format.Write(s.Out, set.List(), nil)
	}
	text, err := set.YAML()
	if err != nil {
		return err
	}
	_, err = s.Out.Write(text)
	return err
}

// render makes the objects and prints the warnings.
func (o k8sOptions) render(s term.Streams) (config.Deploy, manifest.Set, error) {
	in, err := o.input()
	if err != nil {
		return config.Deploy{}, manifest.Set{}, err
	}
	set, err := manifest.Render(in)
	if err != nil {
		return config.Deploy{}, manifest.Set{}, err
	}
	printWarnings(s, in.Config.Warnings)
	printWarnings(s, set.Warnings)
	return in.Config.Deploy, set, nil
}

// input reads everything that objects are made from.
func (o k8sOptions) input() (manifest.Input, error) {
	var in manifest.Input
	var err error
	if in.Config, err = o.portable(); err != nil {
		return in, err
	}
	if in.Templates, err = o.readTemplates(); err != nil {
		return in, err
	}
	in.Patches, err = o.readPatches()
	return in, err
}

// portable reads the configuration. The flags are the last of the --set values.
func (o k8sOptions) portable() (config.Portable, error) {
	set := append([]string{}, o.config.set...)
	for _, flag := range []struct{ key, value string }{{"image", o.image}, {"namespace", o.namespace}, {"name", o.name}} {
		if flag.value != "" {
			set = append(set, "deploy."+flag.key+"="+flag.value)
		}
	}
	loaded, err := config.LoadPortable(config.ProcessSources(o.config.files, set))
	if err != nil || !o.scaled {
		return loaded, err
	}
	key := "deploy.replicas"
	if loaded.Deploy.Autoscaling.Enabled {
		key = "deploy.autoscaling.min_replicas"
	}
	set = append(set, key+"="+strconv.Itoa(o.replicas))
	return config.LoadPortable(config.ProcessSources(o.config.files, set))
}

func (o k8sOptions) readTemplates() (manifest.Templates, error) {
	if o.templates == "" {
		return manifest.BuiltinTemplates()
	}
	all, err := manifest.ReadTemplates(os.DirFS(o.templates))
	if err != nil {
		return nil, fmt.Errorf("--templates %s: %w", o.templates, err)
	}
	return all, nil
}

func (o k8sOptions) readPatches() ([]manifest.Patch, error) {
	var all []manifest.Patch
	for _, name := range o.patches {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("--patch: %w", err)
		}
		patches, err := manifest.ReadPatches(name, data)
		if err != nil {
			return nil, err
		}
		all = append(all, patches...)
	}
	return all, nil
}
