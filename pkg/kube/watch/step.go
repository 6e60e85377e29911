package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// HasBegun reports whether the cluster has begun to make the pods that a Deployment describes, and has acted on all
// that it was told about it. By the number of its revision alone that is not known: one that was there before gets a
// new number while the rollout is paused.
func HasBegun(ctx context.Context, api API, namespace, name string) (bool, error) {
	return patiently(ctx, func() (bool, error) { return hasBegun(ctx, api, namespace, name) })
}

func hasBegun(ctx context.Context, api API, namespace, name string) (bool, error) {
	d, query, err := deploymentOf(ctx, api, namespace, name)
	if err != nil || d.Status.ObservedGeneration < d.Generation {
		return false, err
	}
	sets, err := list[appsv1.ReplicaSet](ctx, api, at(apps, namespace, "replicasets"), query)
	if err != nil {
		return false, err
	}
	for _, set := range sets.Items {
		wanted := set.Spec.Replicas == nil || *set.Spec.Replicas > 0
		if wanted && metav1.IsControlledBy(set, d) && samePods(set.Spec.Template, d.Spec.Template) {
			return true, nil
		}
	}
	return false, nil
}

// samePods compares templates as the cluster does: but for the label that it gives to those of ReplicaSets.
func samePods(a, b corev1.PodTemplateSpec) bool {
	x, errA := withoutHash(a)
	y, errB := withoutHash(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

func withoutHash(t corev1.PodTemplateSpec) ([]byte, error) {
	t.Labels = maps.Clone(t.Labels)
	delete(t.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
	return json.Marshal(t)
}
