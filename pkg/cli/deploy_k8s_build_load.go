package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/kube"
)

// loadingFor says how an image gets into a cluster, by its place or, if that is auto, by what the cluster is.
func loadingFor(place, context string, nodes []kube.Node) (imageLoadOptions, error) {
	o := imageLoadOptions{into: place}
	found, err := localCluster(context, nodes, thisHost())
	switch {
	case place == intoAny:
		return found, err
	case place == intoKind && found.into == intoKind:
		return found, nil
	case place == intoKind:
		o.cluster = strings.TrimPrefix(context, "kind-")
	}
	return o, nil
}

// thisHost returns the name of this machine as kubelets have it; empty is not known.
func thisHost() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return strings.ToLower(name)
}

// localCluster says what the cluster on a machine is, if it is there. Its nodes tell; if they are not known, the
// context is what the programs call it that make such clusters.
func localCluster(context string, nodes []kube.Node, host string) (imageLoadOptions, error) {
	const desktop = "docker-desktop"
	isAny := func(is func(kube.Node) bool) bool { return slices.ContainsFunc(nodes, is) }
	name, isKind := kindOf(context, nodes)
	switch {
	case isKind:
		return imageLoadOptions{into: intoKind, cluster: name}, nil
	case context == desktop && len(nodes) == 0, isAny(func(n kube.Node) bool { return n.Name == desktop }):
		return imageLoadOptions{into: intoEngine}, nil
	case isAny(func(n kube.Node) bool { return n.Labels["minikube.k8s.io/name"] != "" }):
		return imageLoadOptions{}, foreign(context, "is minikube's", "'otlpctl image build --output docker-archive:FILE' and 'minikube image load FILE' bring it there")
	case isAny(func(n kube.Node) bool { return strings.HasPrefix(n.Name, "k3d-") }):
		return imageLoadOptions{}, foreign(context, "is k3d's", "'otlpctl image build --output docker-archive:FILE' and 'k3d image import FILE' bring it there")
	case len(nodes) != 1 || nodes[0].Name != host:
		return imageLoadOptions{}, foreign(context, "is none that is known to be on this machine",
			"--load=PLACE says where its nodes get images: "+strings.Join(loadPlaces(), ", ")+"; --push is for a cluster elsewhere")
	case strings.HasPrefix(nodes[0].Provider, "k3s://"):
		return imageLoadOptions{into: intoK3s}, nil
	}
	return imageLoadOptions{into: intoContainerd}, nil
}

// kindOf returns the name of a cluster of kind.
func kindOf(context string, nodes []kube.Node) (name string, ok bool) {
	if len(nodes) == 0 {
		return strings.CutPrefix(context, "kind-")
	}
	for _, n := range nodes {
		if at, ok := strings.CutPrefix(n.Provider, "kind://"); ok {
			_, at, _ = strings.Cut(at, "/") // the engine
			name, _, _ = strings.Cut(at, "/")
			return name, true
		}
	}
	return "", false
}

func foreign(context, what, hint string) error {
	return hinted.New(fmt.Errorf("--load: the cluster of the context %q %s", context, what), hint)
}
