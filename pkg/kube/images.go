package kube

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// Answer is what a registry says about an image.
type Answer int

// The answers.
const (
	// NoAnswer is that it was not asked, or could not be reached: the nodes may reach others.
	NoAnswer Answer = iota
	Published
	Missing
	// Denied is that it does not tell whoever asked.
	Denied
)

// PullPolicy returns when nodes pull the image of the receiver.
func (s Set) PullPolicy() corev1.PullPolicy {
	w, _ := s.workload()
	for _, c := range w.pod.Containers {
		if c.Name == Receiver || len(w.pod.Containers) == 1 {
			return c.ImagePullPolicy
		}
	}
	return ""
}

// DigestOfImage returns the digest of the image, as far as it is known; empty is not at all.
func (s Set) DigestOfImage() string { return cmp.Or(digestIn(s.Image()), s.ImageDigest) }

// bringsImage reports whether pods are to have another image than those that are deployed now.
func (p *Plan) bringsImage() bool {
	for _, c := range p.Changes {
		if c.same(p.deployment()) {
			return c.now == nil || receiverImage(c.now) != p.set.Image()
		}
	}
	return false
}

// Know takes down which digest the image has.
func (p *Plan) Know(digest string) { p.set.ImageDigest = digest }

// CheckImage finds an image that the nodes cannot get, as far as can be known before they try. One that is
// certain to be missing is an error; what is only likely is among the warnings.
func (c *Client) CheckImage(ctx context.Context, p *Plan, said Answer) (warnings []string, err error) {
	w, ok := p.set.workload()
	if !ok || !p.bringsImage() || said == Published {
		return nil, nil
	}
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	d := imageDoubt{image: p.set.Image(), policy: p.set.PullPolicy(), logins: len(w.pod.ImagePullSecrets) > 0, nodes: nodes, said: said}
	warning, err := d.judge()
	if warning != "" {
		warnings = append(warnings, warning)
	}
	return warnings, err
}

// imageDoubt is what is known about an image that no registry has been seen to have.
type imageDoubt struct {
	image  string
	policy corev1.PullPolicy
	// logins says that the pods bring credentials for registries.
	logins bool
	// nodes is empty if they are not known.
	nodes []Node
	said  Answer
}

// judge returns what is likely to go wrong, or what is certain to.
func (d imageDoubt) judge() (warning string, err error) {
	lacking := d.lacking()
	if d.policy == corev1.PullNever {
		if len(lacking) == 0 {
			return "", nil
		}
		return fmt.Sprintf("deploy.image_pull_policy is Never, and these nodes do not tell that they have %s: %s; %s",
			d.image, strings.Join(lacking, ", "), loads), nil
	}
	if d.policy != corev1.PullAlways && len(lacking) < len(d.nodes) { // one of them has got it somewhere
		return d.spread(lacking), nil
	}
	switch {
	case d.said == Missing && d.isElsewhere():
		return "", hinted.New(
			fmt.Errorf("%s is not there: its registry knows no such image, and no node is known to have it", d.image),
			"push it, as 'otlpctl deploy k8s --build --push' does; if the nodes have it all the same, --set deploy.image_pull_policy=Never says so",
		)
	case d.said == Missing:
		return fmt.Sprintf("%s is not in its registry, and no node is known to have it: %s", d.image, loads), nil
	case d.said == Denied && !d.logins:
		return fmt.Sprintf("the registry of %s wants credentials, the pods have no deploy.image_pull_secrets, and no node is known to have the image", d.image), nil
	case d.said == NoAnswer && !d.isElsewhere() && len(d.nodes) > 0:
		return fmt.Sprintf("no node is known to have %s, and its name says no registry: %s", d.image, loads), nil
	}
	return "", nil
}

// loads is what helps nodes that lack an image.
const loads = "'otlpctl image load', or deploy k8s --build --load, brings it to a local cluster"

// spread says which nodes lack an image that no registry may have, while others have it.
func (d imageDoubt) spread(lacking []string) string {
	if len(lacking) == 0 || d.isElsewhere() {
		return ""
	}
	return fmt.Sprintf("these nodes are not known to have %s, and its name says no registry: %s; %s", d.image, strings.Join(lacking, ", "), loads)
}

// lacking returns the names of the nodes that do not tell of the image. A node tells of 50 at most, and
// some time after it has got one.
func (d imageDoubt) lacking() []string {
	var names []string
	for _, n := range d.nodes {
		if !n.has(d.image) {
			names = append(names, n.Name)
		}
	}
	return names
}

// isElsewhere reports whether the name has a registry that is the same one for everybody.
func (d imageDoubt) isElsewhere() bool {
	host, _, found := strings.Cut(d.image, "/")
	host, _, _ = strings.Cut(host, ":")
	isHost := strings.Contains(host, ".") || strings.HasPrefix(strings.TrimPrefix(d.image, host), ":")
	return found && isHost && host != "localhost" && !strings.HasPrefix(host, "127.")
}

// complete returns a name with all that is left out of it, and without a tag beside a digest. One that is no
// name stays as it is.
func complete(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	if digested, ok := named.(reference.Digested); ok {
		return reference.TrimNamed(named).Name() + "@" + digested.Digest().String()
	}
	return reference.TagNameOnly(named).String()
}
