package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/manifest"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// builtK8s is an image that has been built, and that nodes cannot get yet. The zero value is none.
type builtK8s struct {
	image *image.Built
	// name is how pods name it.
	name   string
	digest string
	// loading is how it gets into a local cluster, if it is not pushed.
	loading  imageLoadOptions
	insecure bool
}

// planBuilt builds the image, once the configuration and the cluster are found to be well, and plans its deployment. It
// puts it nowhere.
func (o *deployK8sOptions) planBuilt(ctx context.Context, s term.Streams) (*kube.Client, *kube.Plan, builtK8s, error) {
	named := o.image
	var err error
	if o.image, err = o.build.expected(named); err != nil {
		return nil, nil, builtK8s{}, coded{err, exitUsage}
	}
	before, err := o.set(s)
	if err == nil {
		err = errors.Join(o.options.Check(before), o.build.checkSet(before, o.image))
	}
	if err != nil {
		return nil, nil, builtK8s{}, coded{err, exitUsage}
	}
	c, err := kube.Open(o.access)
	if err != nil {
		return nil, nil, builtK8s{}, nothingDone(s, o.format, before.Target, err)
	}
	plan, made, err := o.buildAndPlan(ctx, s, c, before, named)
	return c, plan, made, nothingDone(s, o.format, before.Target, err)
}

func (o *deployK8sOptions) buildAndPlan(ctx context.Context, s term.Streams, c *kube.Client, before kube.Set, named string) (*kube.Plan, builtK8s, error) {
	if err := checkK8s(ctx, s, c, before); err != nil {
		return nil, builtK8s{}, err
	}
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return nil, builtK8s{}, err
	}
	made, err := o.build.pack(ctx, s, c.Context, nodes, named)
	if err != nil {
		return nil, made, err
	}
	o.image = made.name
	set, err := o.again()
	if err != nil {
		return nil, made, err
	}
	plan, err := c.Plan(ctx, set, o.options)
	if err == nil {
		plan.Know(made.digest)
	}
	return plan, made, err
}

// again renders the objects once more. Their warnings have been printed.
func (o *k8sOptions) again() (kube.Set, error) {
	in, err := o.input()
	if err != nil {
		return kube.Set{}, err
	}
	set, err := manifest.Render(in)
	return deployedSet(in.Config.Deploy, set), err
}

// pack builds the image for the platforms that the nodes have, in memory.
func (o *buildK8sOptions) pack(ctx context.Context, s term.Streams, cluster string, nodes []kube.Node, named string) (builtK8s, error) {
	b := imageBuildOptions{
		builder: builderOCI, place: image.Place{Kind: image.Registry}, // takes all that there may be
		binary: o.binary, binaries: o.binaries, tags: []string{image.Repository},
	}
	made := builtK8s{insecure: o.insecure}
	var err error
	if o.load != "" {
		if made.loading, err = loadingFor(o.load, cluster, nodes); err != nil {
			return made, err
		}
	}
	programs, err := b.programs()
	if err != nil {
		return made, err
	}
	if programs, err = o.fitting(s, programs, nodes); err != nil {
		return made, err
	}
	request, err := b.requestOf(ctx, s, programs)
	if err != nil {
		return made, err
	}
	show, done := showSteps(s)
	made.image, err = oci.Build(ctx, request, show)
	done()
	if err != nil {
		return made, err
	}
	return made, o.name(&made, programs[0].Version(), named)
}

// name gives the image its names.
func (o *buildK8sOptions) name(made *builtK8s, version, named string) error {
	digest, err := made.image.Digest()
	if err != nil {
		return err
	}
	made.digest = digest.String()
	if made.name, err = o.deployedName(named, version, made.digest); err != nil {
		return err
	}
	made.image.Tags = []string{made.name}
	if o.push != "" {
		made.image.Tags[0], err = o.pushName(version)
	}
	return err
}

// fitting returns the programs that nodes can run, and one only if it is to be loaded. Nodes that are not known run any.
func (o *buildK8sOptions) fitting(s term.Streams, programs []oci.Program, nodes []kube.Node) ([]oci.Program, error) {
	var platforms []string
	for _, n := range nodes {
		platforms = append(platforms, n.OS+"/"+n.Architecture)
	}
	if len(nodes) == 0 && o.load != "" { // which are on this machine
		platforms = []string{"linux/" + runtime.GOARCH}
	}
	kept := slices.DeleteFunc(slices.Clone(programs), func(p oci.Program) bool {
		return len(platforms) > 0 && !slices.Contains(platforms, p.Platform.OS+"/"+p.Platform.Architecture)
	})
	slices.Sort(platforms)
	platforms = slices.Compact(platforms)
	switch {
	case len(kept) == 0:
		return nil, hinted.New(
			fmt.Errorf("the nodes are %s, and there is a program for %s", strings.Join(platforms, ", "), platformList(programs)),
			"name one for them with --binary, or a folder of a release with --binaries",
		)
	case len(kept) > 1 && o.load != "":
		return nil, hinted.New(fmt.Errorf("the nodes are %s, and an image that is loaded is for one platform", strings.Join(platforms, ", ")), "--push takes them all")
	case len(kept) < len(platforms):
		printK8sWarnings(s, []string{fmt.Sprintf("the nodes are %s, and the image is for %s: pods do not run on the others", strings.Join(platforms, ", "), platformList(kept))})
	}
	return kept, nil
}

// publish puts the image where the nodes get it.
func (b builtK8s) publish(ctx context.Context, s term.Streams) error {
	switch {
	case b.image == nil:
		return nil
	case b.loading.into != "":
		return b.load(ctx, s)
	}
	show, done := showSteps(s)
	err := image.Put(ctx, b.image, image.Place{Kind: image.Registry}, image.PutOptions{Insecure: b.insecure, On: show})
	done()
	if err == nil {
		_, err = fmt.Fprintf(s.Err, "pushed %s, %s\n", b.image.Tags[0], b.digest)
	}
	return err
}

func (b builtK8s) load(ctx context.Context, s term.Streams) error {
	loader, closeLoader, err := b.loading.loader(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(b.loading.put(ctx, s, b.image, loader), closeLoader()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Err, "loaded %s into %s\n", b.name, b.loading.into)
	return err
}
