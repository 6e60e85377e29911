package cli

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/image/oci"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func TestDeployedName(t *testing.T) {
	const (
		digest  = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		version = "v1.2.3+dirty"
	)
	f := func(o buildK8sOptions, name, want, pushed string) {
		t.Helper()
		got, err := o.deployedName(name, version, digest)
		if err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
		if pushed == "" {
			return
		}
		if got, err := o.pushName(version); err != nil || got != pushed {
			t.Errorf("pushed as %s, %v, want %s", got, err, pushed)
		}
	}
	f(buildK8sOptions{push: "example.com/a"}, "", "example.com/a:v1.2.3-dirty@"+digest, "example.com/a:v1.2.3-dirty")
	f(buildK8sOptions{push: "example.com/a:7"}, "", "example.com/a:7@"+digest, "example.com/a:7")
	f(buildK8sOptions{push: "localhost:5000/a"}, "registry:5000/a", "registry:5000/a:v1.2.3-dirty@"+digest, "localhost:5000/a:v1.2.3-dirty")
	f(buildK8sOptions{push: "localhost:5000/a:7"}, "registry:5000/a", "registry:5000/a:7@"+digest, "localhost:5000/a:7")
	f(buildK8sOptions{push: "localhost:5000/a:7"}, "registry:5000/a:8", "registry:5000/a:8@"+digest, "localhost:5000/a:7")
	f(buildK8sOptions{load: intoKind}, "", "otlpctl:v1.2.3-dirty-0123456789ab", "")
	f(buildK8sOptions{load: intoKind}, "gateway:7", "gateway:7-0123456789ab", "")
}

func TestLocalCluster(t *testing.T) {
	f := func(context string, nodes []kube.Node, into, cluster, fault string) {
		t.Helper()
		got, err := localCluster(context, nodes, "here")
		if got.into != into || got.cluster != cluster || (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) {
			t.Errorf("%s with %v: %+v, %v", context, nodes, got, err)
		}
	}
	node := func(name, provider string) []kube.Node { return []kube.Node{{Name: name, Provider: provider}} }
	f("any", node("n", "kind://docker/staging/staging-control-plane"), intoKind, "staging", "")
	f("kind-staging", nil, intoKind, "staging", "")
	f("kind-of", node("far", ""), "", "", `the cluster of the context "kind-of" is none that is known`)
	f("any", node("docker-desktop", ""), intoEngine, "", "")
	f("docker-desktop", nil, intoEngine, "", "")
	f("any", node("here", "k3s://here"), intoK3s, "", "")
	f("any", node("here", ""), intoContainerd, "", "")
	f("any", node("there", ""), "", "", "is none that is known to be on this machine")
	f("any", slices.Concat(node("here", ""), node("there", "")), "", "", "is none that is known")
	f("any", nil, "", "", "is none that is known")
	f("any", node("k3d-a-server-0", "k3s://k3d-a-server-0"), "", "", "is k3d's")
	f("any", []kube.Node{{Name: "m", Labels: map[string]string{"minikube.k8s.io/name": "m"}}}, "", "", "is minikube's")
}

func TestFitting(t *testing.T) {
	program := func(architecture string) oci.Program {
		return oci.Program{Platform: v1.Platform{OS: "linux", Architecture: architecture}}
	}
	nodes := func(architectures ...string) (all []kube.Node) {
		for _, a := range architectures {
			all = append(all, kube.Node{OS: "linux", Architecture: a})
		}
		return all
	}
	f := func(load string, programs []oci.Program, nodes []kube.Node, want, fault string, warns bool) {
		t.Helper()
		var said strings.Builder
		kept, err := (&buildK8sOptions{load: load}).fitting(term.Plain(nil, &said, &said), programs, nodes)
		if platformList(kept) != want || (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) || (said.Len() > 0) != warns {
			t.Errorf("%s, %v and %q for %v", platformList(kept), err, said.String(), nodes)
		}
	}
	amd, arm := program("amd64"), program("arm64")
	both := []oci.Program{amd, arm}
	f("", both, nodes("amd64", "amd64"), "linux/amd64", "", false)
	f("", both, nodes("arm64", "amd64"), "linux/amd64, linux/arm64", "", false)
	f("", both, nil, "linux/amd64, linux/arm64", "", false)
	f("", []oci.Program{amd}, nodes("amd64", "arm64"), "linux/amd64", "", true)
	f("", []oci.Program{amd}, nodes("arm64"), "", "the nodes are linux/arm64, and there is a program for linux/amd64", false)
	f(intoKind, both, nodes("arm64"), "linux/arm64", "", false)
	f(intoKind, both, nodes("arm64", "amd64"), "", "an image that is loaded is for one platform", false)
}
