package watch

import (
	"context"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// Member is a pod of a Deployment, as it is at a moment.
type Member struct {
	*corev1.Pod
	ready.State

	// Old says that the pod is of an earlier revision.
	Old bool
}

// Restarts is how often the receiver in the pod was restarted.
func (m Member) Restarts() int32 {
	for _, c := range m.Status.ContainerStatuses {
		if c.Name == receiver {
			return c.RestartCount
		}
	}
	return 0
}

// Members returns the pods of a Deployment, those aside that are stopping.
func Members(ctx context.Context, api API, namespace, name string) ([]Member, error) {
	d, query, err := deploymentOf(ctx, api, namespace, name)
	if err != nil {
		return nil, err
	}
	sets, err := list[appsv1.ReplicaSet](ctx, api, at(apps, namespace, "replicasets"), query)
	if err != nil {
		return nil, err
	}
	pods, err := list[corev1.Pod](ctx, api, at(core, namespace, "pods"), query)
	if err != nil {
		return nil, err
	}
	objects := ready.Objects{Deployment: d, ReplicaSets: sets.Items, Pods: pods.Items}
	var members []Member
	for _, line := range ready.Rollout(objects, time.Now()).Lines {
		for _, pod := range pods.Items {
			if pod.UID == line.UID && pod.DeletionTimestamp == nil {
				members = append(members, Member{Pod: pod, State: line.State, Old: line.Old})
			}
		}
	}
	return members, nil
}
