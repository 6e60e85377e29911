package manifest

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	autoscalingv2 "github.com/otlpctl/otlpctl/pkg/manifest/api/autoscaling/v2"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
	policyv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/policy/v1"
)

func (r *renderer) autoscaler() error {
	a := r.deploy.Autoscaling
	if !a.Enabled {
		return nil
	}
	h, err := template[autoscalingv2.HorizontalPodAutoscaler](r.templates, "horizontalpodautoscaler.yaml")
	if err != nil {
		return err
	}
	r.adopt(h, r.deploy.Name)
	h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: r.deploy.Name}
	h.Spec.MinReplicas, h.Spec.MaxReplicas = new(int32(a.MinReplicas)), int32(a.MaxReplicas)
	setTarget(h, corev1.ResourceCPU, a.CPUUtilization)
	setTarget(h, corev1.ResourceMemory, a.MemoryUtilization)
	if h.Spec.Behavior == nil {
		h.Spec.Behavior = &autoscalingv2.HorizontalPodAutoscalerBehavior{}
	}
	down, up := a.ScaleDown, a.ScaleUp
	setRules(&h.Spec.Behavior.ScaleDown, down.StabilizationWindowSeconds,
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: int32(down.Percent), PeriodSeconds: int32(down.PeriodSeconds)})
	setRules(&h.Spec.Behavior.ScaleUp, up.StabilizationWindowSeconds,
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: int32(up.Percent), PeriodSeconds: int32(up.PeriodSeconds)},
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: int32(up.Pods), PeriodSeconds: int32(up.PeriodSeconds)})
	return r.add(h)
}

// setTarget sets the utilization of a resource to aim at, beside metrics that a template has of its
// own; 0 is none.
func setTarget(h *autoscalingv2.HorizontalPodAutoscaler, name corev1.ResourceName, percent int) {
	var kept []autoscalingv2.MetricSpec
	for _, m := range h.Spec.Metrics {
		if m.Resource == nil || m.Resource.Name != name {
			kept = append(kept, m)
		}
	}
	if percent > 0 {
		kept = append(kept, autoscalingv2.MetricSpec{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
			Name:   name,
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(int32(percent))},
		}})
	}
	h.Spec.Metrics = kept
}

func setRules(rules **autoscalingv2.HPAScalingRules, window int, policies ...autoscalingv2.HPAScalingPolicy) {
	if *rules == nil {
		*rules = &autoscalingv2.HPAScalingRules{}
	}
	(*rules).StabilizationWindowSeconds, (*rules).Policies = new(int32(window)), policies
}

func (r *renderer) disruptionBudget() error {
	if !r.deploy.DisruptionBudget.Enabled {
		return nil
	}
	b, err := template[policyv1.PodDisruptionBudget](r.templates, "poddisruptionbudget.yaml")
	if err != nil {
		return err
	}
	r.adopt(b, r.deploy.Name)
	b.Spec.Selector = &metav1.LabelSelector{MatchLabels: r.selector()}
	b.Spec.MinAvailable, b.Spec.MaxUnavailable = nil, nil
	if least := r.deploy.DisruptionBudget.MinAvailable; least != "" {
		b.Spec.MinAvailable = new(intstr.Parse(least))
	} else {
		b.Spec.MaxUnavailable = new(intstr.Parse(r.deploy.DisruptionBudget.MaxUnavailable))
	}
	return r.add(b)
}
