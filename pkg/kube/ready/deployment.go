package ready

import (
	"fmt"
	"time"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// deadlineExceeded is the reason of a Deployment that made no progress for too long.
const deadlineExceeded = "ProgressDeadlineExceeded"

// Deployment judges a Deployment by its own status. Rollout looks at its pods as well, and is sooner
// to know.
func Deployment(d *appsv1.Deployment) State {
	desired, s := Desired(d), d.Status
	switch {
	case d.DeletionTimestamp != nil:
		return failed("is being deleted").finally(true)
	case s.ObservedGeneration < d.Generation:
		return progressing("has changed, which the cluster has not seen yet")
	case complete(d) && desired == 0:
		return ready("is scaled to 0")
	case complete(d) && d.Spec.Paused:
		return ready("%d of %s available, and the rollout is paused", s.AvailableReplicas, counted(desired, "pod"))
	case complete(d):
		return ready("%d of %s available", s.AvailableReplicas, counted(desired, "pod"))
	}
	if c := deploymentCondition(d, appsv1.DeploymentProgressing); c != nil && c.Reason == deadlineExceeded {
		return failed("%s, and made no progress for %s", counts(d), deadline(d)).finally(true)
	}
	if d.Spec.Paused {
		return stuck("is paused with %s", counts(d)).finally(true)
	}
	return progressing("%s", counts(d))
}

// Desired is how many pods a Deployment is to have.
func Desired(d *appsv1.Deployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}

// complete says that all pods are new and available, and the old ones are gone or stopping.
func complete(d *appsv1.Deployment) bool {
	desired, s := Desired(d), d.Status
	return s.UpdatedReplicas >= desired && s.Replicas <= s.UpdatedReplicas && s.AvailableReplicas >= desired
}

// counts says how many pods have come how far: the earliest stage that is not done.
func counts(d *appsv1.Deployment) string {
	desired, s := Desired(d), d.Status
	old := s.Replicas - s.UpdatedReplicas
	switch {
	case s.UpdatedReplicas < desired && old > 0:
		return fmt.Sprintf("%d of %s new, %s left", s.UpdatedReplicas, counted(desired, "pod"), counted(old, "old one"))
	case s.UpdatedReplicas < desired:
		return fmt.Sprintf("%d of %s created", s.Replicas, counted(desired, "pod"))
	case s.AvailableReplicas < desired:
		return fmt.Sprintf("%d of %s available", s.AvailableReplicas, counted(desired, "pod"))
	}
	return counted(old, "old pod") + " left"
}

func deadline(d *appsv1.Deployment) time.Duration {
	if d.Spec.ProgressDeadlineSeconds == nil {
		return 10 * time.Minute // the API server's default
	}
	return time.Duration(*d.Spec.ProgressDeadlineSeconds) * time.Second
}

func deploymentCondition(d *appsv1.Deployment, kind appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	for i, c := range d.Status.Conditions {
		if c.Type == kind {
			return &d.Status.Conditions[i]
		}
	}
	return nil
}

// ReplicaSet judges what a Deployment has made of one of its revisions.
func ReplicaSet(r *appsv1.ReplicaSet, now time.Time) State {
	desired := int32(1)
	if r.Spec.Replicas != nil {
		desired = *r.Spec.Replicas
	}
	for _, c := range r.Status.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue && r.Status.Replicas < desired {
			return refused(c, now)
		}
	}
	if desired == 0 && r.Status.Replicas == 0 {
		return ready("has no pods")
	}
	if r.Status.Replicas > desired {
		return progressing("goes down to %s", counted(desired, "pod"))
	}
	if r.Status.ObservedGeneration < r.Generation || r.Status.Replicas != desired || r.Status.AvailableReplicas < desired {
		return progressing("%d of %s available", r.Status.AvailableReplicas, counted(desired, "pod"))
	}
	return ready("%d of %s available", r.Status.AvailableReplicas, counted(desired, "pod"))
}
