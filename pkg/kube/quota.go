package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// checkQuota finds quotas of the namespace that leave no room for the pods. If none of them runs yet,
// that is an error; otherwise the rollout may still get along with those that stop.
func (c *Client) checkQuota(ctx context.Context, s Set) (warnings []string, err error) {
	wanted, ok := s.workload()
	if !ok {
		return nil, nil
	}
	quotas, err := c.quotas(ctx, s.Target)
	if err != nil || len(quotas) == 0 {
		return nil, err
	}
	running, err := c.pods(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	missing := int64(wanted.count) - int64(len(running.Items))
	for _, quota := range quotas {
		if short := shortages(quota, usage(wanted.pod, missing)); len(short) > 0 {
			warnings = append(warnings, fmt.Sprintf("ResourceQuota/%s leaves no room for %d more pods: %s", quota.Name, missing, strings.Join(short, ", ")))
		}
	}
	if len(running.Items) > 0 || len(warnings) == 0 {
		return warnings, nil
	}
	return nil, hinted.New(fmt.Errorf("%s", strings.Join(warnings, "\n")), "raise the ResourceQuota, or ask for less: deploy.resources, deploy.replicas")
}

func (c *Client) quotas(ctx context.Context, t Target) ([]corev1.ResourceQuota, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	list, err := c.resource(Ref{"v1", "ResourceQuota", t.Namespace, ""}).List(ctx, metav1.ListOptions{})
	switch {
	case isForbidden(err):
		return nil, nil // then the pods tell
	case err != nil:
		return nil, fmt.Errorf("list the quotas of %s: %w", t.Namespace, c.Explain(err))
	}
	quotas := make([]corev1.ResourceQuota, len(list.Items))
	for i, u := range list.Items {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &quotas[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", refOf(&u), err)
		}
	}
	return quotas, nil
}

// pods returns the pods of the deployment.
func (c *Client) pods(ctx context.Context, t Target) (*unstructured.UnstructuredList, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	list, err := c.resource(Ref{"v1", "Pod", t.Namespace, ""}).List(ctx, metav1.ListOptions{LabelSelector: "app=" + t.Name})
	if err != nil {
		return nil, fmt.Errorf("list the pods of %s: %w", t, c.Explain(err))
	}
	return list, nil
}

// workload is the pods of a set.
type workload struct {
	pod   corev1.PodSpec
	count int
}

// workload returns the pods that are there at least.
func (s Set) workload() (workload, bool) {
	i := slices.IndexFunc(s.Objects, func(u *unstructured.Unstructured) bool { return refOf(u).same(s.deployment()) })
	if i < 0 {
		return workload{}, false
	}
	var d appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(s.Objects[i].Object, &d); err != nil {
		return workload{}, false // the server has more to say about it
	}
	w := workload{d.Spec.Template.Spec, 1}
	if d.Spec.Replicas != nil {
		w.count = int(*d.Spec.Replicas)
	}
	if least, ok := s.autoscaled(); ok {
		w.count = int(least)
	}
	return w, true
}

// usage returns what pods ask for, as quotas count it.
func usage(pod corev1.PodSpec, count int64) corev1.ResourceList {
	used := corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(count, resource.DecimalSI)}
	add := func(name corev1.ResourceName, q resource.Quantity) {
		q.Mul(count)
		sum := used[name]
		sum.Add(q)
		used[name] = sum
	}
	for _, c := range pod.Containers {
		for name, q := range c.Resources.Requests {
			add(name, q)
			add("requests."+name, q)
		}
		for name, q := range c.Resources.Limits {
			add("limits."+name, q)
		}
	}
	return used
}

// shortages returns what a quota does not have enough of. One that holds for some pods only says nothing.
func shortages(quota corev1.ResourceQuota, wanted corev1.ResourceList) []string {
	var short []string
	if len(quota.Spec.Scopes) > 0 || quota.Spec.ScopeSelector != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(quota.Status.Hard)) {
		need, asked := wanted[name]
		left := quota.Status.Hard[name].DeepCopy()
		left.Sub(quota.Status.Used[name])
		if asked && need.Cmp(left) > 0 {
			short = append(short, fmt.Sprintf("%s %s, and %s is left", name, need.String(), left.String()))
		}
	}
	return short
}
