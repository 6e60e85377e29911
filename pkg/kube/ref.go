package kube

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Target is a deployment: the objects that otlpctl has made under one name. In JSON it is API.
type Target struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String returns the target as messages have it.
func (t Target) String() string { return t.Name + " in " + t.Namespace }

// Check finds names that nothing in a cluster can have.
func (t Target) Check() error {
	return errors.Join(
		checkName("namespace", t.Namespace, validation.IsDNS1123Label),
		checkName("name", t.Name, validation.IsDNS1035Label),
	)
}

func checkName(what, name string, rule func(string) []string) error {
	problems := rule(name)
	if len(problems) == 0 {
		return nil
	}
	problem, _, _ := strings.Cut(problems[0], " (e.g. ") // and a regular expression
	return fmt.Errorf("%q is no possible %s: %s", name, what, problem)
}

// Ref names an object. In JSON it is API.
type Ref struct {
	APIVersion string `json:"api_version"`
	Kind       string `json:"kind"`
	// Namespace is empty if the kind has none.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String returns the object as kubectl names it.
func (r Ref) String() string { return strings.ToLower(r.Kind) + "/" + r.Name }

// Resource is by what the API server knows objects of the kind. It holds for all kinds that are
// deployed, and those that come of them.
func (r Ref) Resource() schema.GroupVersionResource {
	plural, _ := meta.UnsafeGuessKindToResource(schema.FromAPIVersionAndKind(r.APIVersion, r.Kind))
	return plural
}

// owns reports whether an object may belong to the deployment: it is in its namespace, or the namespace itself.
// Whoever may write records into a namespace must not reach beyond it with the rights of who deploys.
func (t Target) owns(r Ref) bool {
	if r.same(t.namespace()) {
		return true
	}
	version, err := schema.ParseGroupVersion(r.APIVersion)
	isPlain := err == nil && len(validation.IsDNS1123Label(strings.ToLower(r.Kind))) == 0 &&
		len(validation.IsDNS1035Label(version.Version)) == 0 &&
		(version.Group == "" || len(validation.IsDNS1123Subdomain(version.Group)) == 0)
	return isPlain && r.Namespace == t.Namespace && r.Name != ""
}

// same reports whether both are one object; the version of its API is no part of what it is.
func (r Ref) same(other Ref) bool {
	return r.Resource().GroupResource() == other.Resource().GroupResource() && r.Namespace == other.Namespace && r.Name == other.Name
}

// refOf names an object.
func refOf(u *unstructured.Unstructured) Ref {
	return Ref{APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
}

// The objects that are asked for by name.
func (t Target) deployment() Ref           { return Ref{"apps/v1", "Deployment", t.Namespace, t.Name} }
func (t Target) configMap(name string) Ref { return Ref{"v1", "ConfigMap", t.Namespace, name} }
func (t Target) namespace() Ref            { return Ref{"v1", namespaceKind, "", t.Namespace} }

func (t Target) lease() Ref {
	return Ref{"coordination.k8s.io/v1", "Lease", t.Namespace, t.Name + "-deploy"}
}
