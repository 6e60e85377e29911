package ready

import (
	autoscalingv2 "github.com/otlpctl/otlpctl/pkg/manifest/api/autoscaling/v2"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
	policyv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/policy/v1"
)

// Service judges a Service by how many addresses behind it take connections.
func Service(s *corev1.Service, endpoints int) State {
	switch {
	case endpoints == 0:
		return stuck("has no endpoint that is ready")
	case s.Spec.Type == corev1.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0:
		return progressing("waits for the address of its load balancer")
	}
	return ready("%s", counted(int32(endpoints), "endpoint"))
}

// Autoscaler judges a HorizontalPodAutoscaler. One that cannot read its metrics leaves the number of pods
// as it is.
func Autoscaler(h *autoscalingv2.HorizontalPodAutoscaler) State {
	for _, c := range h.Status.Conditions {
		bad := c.Status == corev1.ConditionFalse && c.Type != autoscalingv2.ScalingLimited
		if bad && c.Reason == "ScalingDisabled" {
			return stuck("is off while the Deployment is scaled to 0")
		}
		if bad {
			return stuck("%s", because("cannot scale", c.Message))
		}
	}
	if len(h.Status.Conditions) == 0 {
		return progressing("has not looked at the pods yet")
	}
	for _, c := range h.Status.Conditions {
		if c.Type == autoscalingv2.ScalingLimited && c.Status == corev1.ConditionTrue && c.Reason == "TooManyReplicas" {
			return ready("wants more than max_replicas, %d", h.Spec.MaxReplicas)
		}
	}
	return ready("%s", counted(h.Status.DesiredReplicas, "pod"))
}

// DisruptionBudget judges a PodDisruptionBudget by whether a node could be drained.
func DisruptionBudget(b *policyv1.PodDisruptionBudget) State {
	s := b.Status
	switch {
	case s.ObservedGeneration < b.Generation:
		return progressing("has changed, which the cluster has not seen yet")
	case s.DisruptionsAllowed == 0:
		return progressing("allows no eviction: %d of %s healthy, %d needed", s.CurrentHealthy, counted(s.ExpectedPods, "pod"), s.DesiredHealthy)
	}
	return ready("allows %s", counted(s.DisruptionsAllowed, "eviction"))
}

// Claim judges a PersistentVolumeClaim. One whose storage class waits for a pod is as it should be until
// there is one.
func Claim(c *corev1.PersistentVolumeClaim) State {
	switch c.Status.Phase {
	case corev1.ClaimBound:
		return ready("is bound to %s", c.Spec.VolumeName)
	case corev1.ClaimLost:
		return failed("has lost its volume %s", c.Spec.VolumeName).finally(true)
	}
	return progressing("waits for a volume")
}
