package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/kube"
)

// intoAny is the place of an image that the cluster itself decides on.
const intoAny = "auto"

// buildK8sOptions are the flags of deploy k8s with which it makes the image, too.
type buildK8sOptions struct {
	on               bool
	push             string
	load             string
	binary, binaries string
	insecure         bool
}

func buildK8sFlags(cmd *cobra.Command, o *buildK8sOptions) {
	f := cmd.Flags()
	f.BoolVar(&o.on, "build", false, "build the image, of this program, and deploy it: goes with --push or --load")
	f.StringVar(&o.push, "push", "", "with --build: push the image to this `repository`, with the version as its tag unless it has one")
	f.StringVar(&o.load, "load", "", "with --build: load the image into a local cluster: auto, "+strings.Join(loadPlaces(), ", "))
	f.Lookup("load").NoOptDefVal = intoAny
	f.StringVar(&o.binary, "binary", "", "with --build: the otlpctl for Linux to pack, a `file` (default this program)")
	f.StringVar(&o.binaries, "binaries", "", "with --build: `folder` of a release, with a program for each platform of the nodes")
	insecureFlag(cmd, &o.insecure)
	offer(cmd, "load", append([]string{intoAny}, loadPlaces()...)...)
	if err := errors.Join(cmd.MarkFlagFilename("binary"), cmd.MarkFlagDirname("binaries")); err != nil {
		panic(err) // a flag does not exist
	}
}

// check finds flags that are wrong or contradict each other. The image is the name that was given for it.
func (o *buildK8sOptions) check(cmd *cobra.Command, name string) error {
	pushes, loads := cmd.Flags().Changed("push"), cmd.Flags().Changed("load")
	if !o.on {
		for _, flag := range []string{"push", "load", "binary", "binaries"} {
			if cmd.Flags().Changed(flag) {
				return fmt.Errorf("--%s goes with --build only", flag)
			}
		}
		return nil
	}
	places := append([]string{intoAny}, loadPlaces()...)
	switch {
	case !pushes && !loads:
		return errors.New("--build has to know where nodes get the image: --push REPOSITORY puts it into a registry, --load into a local cluster")
	case pushes && loads:
		return errors.New("--push and --load exclude each other")
	case loads && !slices.Contains(places, o.load):
		return fmt.Errorf("--load=%s: want one of %s", o.load, strings.Join(places, ", "))
	case o.binary != "" && o.binaries != "":
		return errors.New("--binary and --binaries exclude each other")
	case strings.Contains(name, "@"):
		return fmt.Errorf("--image %s: an image that is yet to be built has no digest", name)
	}
	if pushes {
		if _, err := image.ParseTags([]string{o.push}); err != nil {
			return fmt.Errorf("--push: %w", err)
		}
	}
	return nil
}

// pushName returns the name that an image of that version is pushed under.
func (o *buildK8sOptions) pushName(version string) (string, error) { return tagged(o.push, version) }

// tagged returns a name with a tag: its own, or the version.
func tagged(name, version string) (string, error) {
	complete, err := image.ParseTags([]string{name})
	if err != nil || complete[0] == name {
		return name, err
	}
	_, tag, _ := strings.Cut(image.DefaultTags(version)[0], ":")
	return name + ":" + tag, nil
}

// expected is a name for the image before there is one: as long, and as little likely to move.
func (o *buildK8sOptions) expected(name string) (string, error) {
	return o.deployedName(name, "dev", "sha256:"+strings.Repeat("0", 64))
}

// deployedName returns how pods name an image of that version and digest. The name is the one that was given for it;
// empty is none.
func (o *buildK8sOptions) deployedName(name, version string, digest string) (string, error) {
	if o.push != "" {
		pushed, err := o.pushName(version)
		if name == "" || err != nil {
			return pushed + "@" + digest, err
		}
		name, err := tagged(name, pushed[strings.LastIndex(pushed, ":")+1:])
		return name + "@" + digest, err
	}
	if name == "" {
		name = image.Repository
	}
	// No registry decides what a digest is of: a tag of its own makes another image another name.
	name, err := tagged(name, version)
	const letters = 12
	return name + "-" + strings.TrimPrefix(digest, "sha256:")[:letters], err
}

// checkSet finds what keeps pods from getting the image that is built: another image, or a policy by which nodes take
// none that was loaded.
func (o *buildK8sOptions) checkSet(set kube.Set, name string) error {
	switch {
	case set.Image() != name:
		return hinted.New(fmt.Errorf("pods would have the image %s, and not the one that is built", set.Image()), "a patch sets it: leave that to deploy.image")
	case o.load != "" && set.PullPolicy() == "Always":
		return hinted.New(errors.New("deploy.image_pull_policy is Always: nodes would not take an image that was loaded"), "--set deploy.image_pull_policy=IfNotPresent")
	}
	return nil
}
