package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// registryPatience is how long a registry may take to say what it has: a deployment does not depend on it.
const registryPatience = 3 * time.Second

// checkImage says before anything changes if nodes cannot get the image, and has the plan know its digest, as
// far as the registry and the nodes tell.
func checkImage(ctx context.Context, s term.Streams, c *kube.Client, plan *kube.Plan, insecure bool) error {
	if plan.IsNoop() {
		return nil
	}
	set, answer := plan.Set(), kube.NoAnswer
	if set.PullPolicy() != "Never" {
		var digest string
		if digest, answer = askRegistry(ctx, set.Image(), insecure); digest != "" {
			plan.Know(digest)
		}
	}
	warnings, err := c.CheckImage(ctx, plan, answer)
	printK8sWarnings(s, warnings)
	return err
}

func printK8sWarnings(s term.Streams, warnings []string) {
	for _, warning := range warnings {
		_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "warning:"), s.Err.Printable(warning))
	}
}

// askRegistry returns what an image is now, or what its registry says instead.
func askRegistry(ctx context.Context, name string, insecure bool) (digest string, answer kube.Answer) {
	ctx, cancel := context.WithTimeout(ctx, registryPatience)
	defer cancel()
	digest, err := image.Resolve(ctx, name, insecure)
	switch {
	case err == nil:
		return digest, kube.Published
	case errors.Is(err, image.ErrMissing):
		return "", kube.Missing
	case errors.Is(err, image.ErrDenied):
		return "", kube.Denied
	}
	return "", kube.NoAnswer
}

// checkFormerImage says what keeps a revision from coming back as it was. Nodes may still have what its registry
// has no more: that is no error.
func checkFormerImage(ctx context.Context, s term.Streams, c *kube.Client, plan *kube.Plan, r kube.Revision) {
	if err := checkImage(ctx, s, c, plan, false); err != nil && ctx.Err() == nil {
		printK8sWarnings(s, []string{err.Error()})
	}
	now := plan.Set().DigestOfImage()
	if r.ImageDigest == "" || now == "" || r.ImageDigest == now {
		return
	}
	printK8sWarnings(s, []string{fmt.Sprintf("the tag of %s has moved: revision %d had %s, and its registry has %s now", r.Image, r.Number, r.ImageDigest, now)})
	printHint(s.Err, "pods get what their nodes have, or else the new one; deploy the former one by its digest if it has to be that")
}

// recordDigest has a new revision tell which image its pods run: they alone know what a node had already.
// That it cannot be known is no fault.
func (r *rolloutK8s) recordDigest(ctx context.Context, plan *kube.Plan) {
	set := plan.Set()
	if !plan.IsNew() || strings.Contains(set.Image(), "@") {
		return
	}
	running, err := r.client.RunningDigests(ctx, set)
	if err != nil || len(running) == 0 || r.isKnown(ctx, set, running) {
		return
	}
	if known := set.DigestOfImage(); known != "" {
		printK8sWarnings(r.streams, []string{fmt.Sprintf("nodes had %s already: pods run %s, and its registry has %s now", set.Image(), strings.Join(running, " and "), known)})
		printHint(r.streams.Err, "a name with a digest is the same everywhere")
	}
	if len(running) > 1 {
		return
	}
	if err := r.client.RecordDigest(ctx, set.Target, r.result.Revision, running[0]); err == nil {
		r.result.ImageDigest = running[0]
	}
}

// isKnown reports whether all that pods run is the image whose digest is known, or made for one of its
// platforms.
func (r *rolloutK8s) isKnown(ctx context.Context, set kube.Set, running []string) bool {
	known := set.DigestOfImage()
	if known == "" {
		return false
	}
	others := slices.DeleteFunc(slices.Clone(running), func(digest string) bool { return digest == known })
	if len(others) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, registryPatience)
	defer cancel()
	held, err := image.Parts(ctx, set.Image(), known, r.options.build.insecure)
	return err != nil || !slices.ContainsFunc(others, func(digest string) bool { return !slices.Contains(held, digest) })
}
