package watch

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
)

// Generation is what the cluster has made of a Deployment.
type Generation struct {
	// Revision is that of the ReplicaSet that is to have the pods.
	Revision string
	// Seen says that all changes of the Deployment have been acted upon.
	Seen bool
}

// Generated returns what the cluster has made of a Deployment.
func Generated(ctx context.Context, api API, namespace, name string) (Generation, error) {
	d, err := get[appsv1.Deployment](ctx, api, at(apps, namespace, "deployments", name), nil)
	if err != nil {
		return Generation{}, err
	}
	return Generation{d.Annotations["deployment.kubernetes.io/revision"], d.Status.ObservedGeneration >= d.Generation}, nil
}
