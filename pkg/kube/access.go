package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// permission is one thing that has to be allowed.
type permission struct {
	verb      string
	resource  schema.GroupResource
	namespace string
}

func (p permission) String() string { return p.verb + " " + p.resource.String() }

// permissions returns all that deploying a set takes.
func permissions(s Set) []permission {
	var all []permission
	add := func(r Ref, verbs ...string) {
		for _, verb := range verbs {
			p := permission{verb, r.Resource().GroupResource(), r.Namespace}
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	for _, u := range s.Objects {
		add(refOf(u), "get", "create", "patch")
	}
	add(s.configMap(""), "get", "list", "create", "patch", "delete")
	add(s.lease(), "get", "create", "update", "delete")
	add(s.deployment(), "list", "watch")
	add(Ref{"apps/v1", "ReplicaSet", s.Namespace, ""}, "list", "watch")
	add(Ref{"v1", "Pod", s.Namespace, ""}, "list", "watch")
	return all
}

// checkAccess asks whether everything is allowed that deploying a set takes. Who may do everything is
// asked once.
func (c *Client) checkAccess(ctx context.Context, s Set) error {
	anything := permission{"*", schema.GroupResource{Group: "*", Resource: "*"}, ""}
	if allowed, err := c.may(ctx, anything); err != nil || allowed {
		return err
	}
	needed := permissions(s)
	allowed := make([]bool, len(needed))
	err := together(needed, func(i int, p permission) (err error) {
		allowed[i], err = c.may(ctx, p)
		return err
	})
	if err != nil {
		return err
	}
	var missing []string
	for i, p := range needed {
		if !allowed[i] {
			missing = append(missing, p.String())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return c.lacks(s.Target, strings.Join(missing, ", "))
}

// lacks says which permissions are missing.
func (c *Client) lacks(t Target, missing string) error {
	return hinted.New(
		fmt.Errorf("%s may not do everything in the namespace %s that deploying takes: %s", c.context(), t.Namespace, missing),
		"docs/kubernetes-role.yaml is a Role with all that is needed",
	)
}

func (c *Client) may(ctx context.Context, p permission) (bool, error) {
	resource, part, _ := strings.Cut(p.resource.Resource, "/")
	answer, err := c.ask(ctx, "authorization.k8s.io/v1", "SelfSubjectAccessReview", map[string]any{
		"spec": map[string]any{"resourceAttributes": map[string]any{
			"verb": p.verb, "group": p.resource.Group, "resource": resource, "subresource": part, "namespace": p.namespace,
		}},
	})
	if err != nil {
		return false, fmt.Errorf("ask what is allowed: %w", err)
	}
	allowed, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed")
	return allowed, nil
}
