package watch

import (
	"cmp"
	"context"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	autoscalingv2 "github.com/otlpctl/otlpctl/pkg/manifest/api/autoscaling/v2"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
	policyv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/policy/v1"
)

// Service is how a Service is that leads to the pods. In JSON it is API.
type Service struct {
	OtherState
	Type      string `json:"type"`
	ClusterIP string `json:"cluster_ip,omitempty"`
	// Endpoints are how many addresses take connections, NotReady how many do not.
	Endpoints int `json:"endpoints"`
	NotReady  int `json:"endpoints_not_ready"`
}

// Autoscaler is how the HorizontalPodAutoscaler is. In JSON it is API.
type Autoscaler struct {
	OtherState
	Min     int32    `json:"min_replicas"`
	Max     int32    `json:"max_replicas"`
	Current int32    `json:"current_replicas"`
	Desired int32    `json:"desired_replicas"`
	Metrics []Metric `json:"metrics"`
}

// Metric is what an autoscaler aims at, in percent of what pods request; Current is nil if it is not
// known.
type Metric struct {
	Name    string `json:"name"`
	Target  int32  `json:"target_percent"`
	Current *int32 `json:"current_percent"`
}

// Budget is how the PodDisruptionBudget is. In JSON it is API.
type Budget struct {
	OtherState
	Allowed int32 `json:"disruptions_allowed"`
	Healthy int32 `json:"healthy"`
	Needed  int32 `json:"healthy_needed"`
	Total   int32 `json:"pods"`
}

// others reads what belongs to the deployment besides its pods, all at the same time.
func (l *look) others(ctx context.Context, s *Status) {
	var reading sync.WaitGroup
	reading.Go(func() { s.Services = l.services(ctx) })
	reading.Go(func() { s.Autoscaler = l.autoscaler(ctx) })
	reading.Go(func() { s.DisruptionBudget = l.budget(ctx) })
	reading.Go(func() { s.Claims = l.claims(ctx) })
	reading.Go(func() { s.Registries = l.registries(ctx) })
	reading.Wait()
}

func (l *look) services(ctx context.Context) []Service {
	found := []Service{}
	all, err := list[corev1.Service](ctx, l.api, at(core, l.namespace, "services"), nil)
	if err != nil {
		l.cannot("services", err)
		return found
	}
	for _, svc := range all.Items {
		if len(svc.Spec.Selector) == 0 || !labels.SelectorFromSet(svc.Spec.Selector).Matches(l.labels) {
			continue
		}
		s := Service{Type: string(svc.Spec.Type), ClusterIP: svc.Spec.ClusterIP}
		if s.Endpoints, s.NotReady, err = l.endpoints(ctx, svc.Name); err != nil {
			l.cannot("endpoints", err)
			continue
		}
		s.OtherState = OtherState{svc.Name, ready.Service(svc, s.Endpoints)}
		found = append(found, s)
	}
	slices.SortFunc(found, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	return found
}

// endpoints counts the addresses behind a Service. One may be in several slices, by family.
func (l *look) endpoints(ctx context.Context, service string) (count, notReady int, err error) {
	all, err := list[EndpointSlice](ctx, l.api, at(discovery, l.namespace, "endpointslices"), slicesOf(service))
	if err != nil {
		return 0, 0, err
	}
	states := map[string]bool{}
	for _, slice := range all.Items {
		for _, e := range slice.Endpoints {
			for _, address := range e.Addresses {
				states[address] = e.Conditions.IsReady()
			}
		}
	}
	for _, isReady := range states {
		if isReady {
			count++
		} else {
			notReady++
		}
	}
	return count, notReady, nil
}

func (l *look) autoscaler(ctx context.Context) *Autoscaler {
	all, err := list[autoscalingv2.HorizontalPodAutoscaler](ctx, l.api, at(scaling, l.namespace, "horizontalpodautoscalers"), nil)
	if err != nil {
		l.cannot("autoscaler", err)
		return nil
	}
	for _, h := range all.Items {
		if h.Spec.ScaleTargetRef.Kind != "Deployment" || h.Spec.ScaleTargetRef.Name != l.objects.Deployment.Name {
			continue
		}
		a := &Autoscaler{
			OtherState: OtherState{h.Name, ready.Autoscaler(h)}, Min: 1, Max: h.Spec.MaxReplicas,
			Current: h.Status.CurrentReplicas, Desired: h.Status.DesiredReplicas, Metrics: []Metric{},
		}
		if h.Spec.MinReplicas != nil {
			a.Min = *h.Spec.MinReplicas
		}
		for _, m := range h.Spec.Metrics {
			if m.Resource != nil && m.Resource.Target.AverageUtilization != nil {
				a.Metrics = append(a.Metrics, metric(h, *m.Resource))
			}
		}
		return a
	}
	return nil
}

func metric(h *autoscalingv2.HorizontalPodAutoscaler, aim autoscalingv2.ResourceMetricSource) Metric {
	m := Metric{Name: string(aim.Name), Target: *aim.Target.AverageUtilization}
	for _, now := range h.Status.CurrentMetrics {
		if now.Resource != nil && now.Resource.Name == aim.Name {
			m.Current = now.Resource.Current.AverageUtilization
		}
	}
	return m
}

func (l *look) budget(ctx context.Context) *Budget {
	all, err := list[policyv1.PodDisruptionBudget](ctx, l.api, at(policy, l.namespace, "poddisruptionbudgets"), nil)
	if err != nil {
		l.cannot("disruption budget", err)
		return nil
	}
	for _, b := range all.Items {
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil || selector.Empty() || !selector.Matches(l.labels) {
			continue
		}
		s := b.Status
		return &Budget{
			OtherState{b.Name, ready.DisruptionBudget(b)},
			s.DisruptionsAllowed, s.CurrentHealthy, s.DesiredHealthy, s.ExpectedPods,
		}
	}
	return nil
}

// claims reads the volumes that the pods ask for.
func (l *look) claims(ctx context.Context) []OtherState {
	names := map[string]bool{}
	for _, pod := range l.objects.Pods {
		for _, v := range pod.Spec.Volumes {
			switch {
			case v.PersistentVolumeClaim != nil:
				names[v.PersistentVolumeClaim.ClaimName] = true
			case v.Ephemeral != nil:
				names[pod.Name+"-"+v.Name] = true
			}
		}
	}
	var found []OtherState
	for name := range names {
		c, err := get[corev1.PersistentVolumeClaim](ctx, l.api, at(core, l.namespace, "persistentvolumeclaims", name), nil)
		if err != nil {
			l.cannot("volume claims", err)
			continue
		}
		found = append(found, OtherState{name, ready.Claim(c)})
	}
	slices.SortFunc(found, func(a, b OtherState) int { return cmp.Compare(a.Name, b.Name) })
	return found
}
