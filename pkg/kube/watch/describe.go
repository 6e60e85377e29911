package watch

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// Description is all that the cluster and the pods tell about a deployment. In JSON it is API.
type Description struct {
	*Status

	Conditions  []Condition      `json:"conditions"`
	ReplicaSets []ReplicaSet     `json:"replica_sets"`
	Pods        []PodDescription `json:"pods"` // in place of those of Status
	Probes      []Probe          `json:"probes"`
	// Events are those of the deployment and of what belongs to it, the latest last.
	Events []ObjectEvent `json:"events"`
}

// Condition is what a controller says about the Deployment. In JSON it is API.
type Condition struct {
	Type    string    `json:"type"`
	Status  string    `json:"status"`
	Since   time.Time `json:"since"`
	Reason  string    `json:"reason,omitempty"`
	Message string    `json:"message,omitempty"`
}

// ReplicaSet is what a Deployment has made of one of its revisions. In JSON it is API.
type ReplicaSet struct {
	Name string `json:"name"`
	// Revision is the number that Kubernetes counts, not that of otlpctl.
	Revision   string    `json:"revision"`
	IsCurrent  bool      `json:"current"`
	Image      string    `json:"image"`
	ConfigHash string    `json:"config_hash,omitempty"`
	Created    time.Time `json:"created"`
	Desired    int32     `json:"desired"`
	Pods       int32     `json:"pods"`
	Ready      int32     `json:"ready"`
}

// Probe is one that the kubelet makes of the receiver. In JSON it is API.
type Probe struct {
	Name string `json:"name"`
	// Asks is what is asked, such as: GET http :metrics/ready.
	Asks      string `json:"asks"`
	Delay     int32  `json:"initial_delay_seconds"`
	Period    int32  `json:"period_seconds"`
	Timeout   int32  `json:"timeout_seconds"`
	Failures  int32  `json:"failure_threshold"`
	Successes int32  `json:"success_threshold"`
}

// Describe asks for all that there is to know. What may not be read is in Unknown.
func Describe(ctx context.Context, api API, namespace, name string) (*Description, error) {
	l, err := newLook(ctx, api, namespace, name)
	if err != nil {
		return nil, err
	}
	d := &Description{Status: l.status(ctx)}
	d.Conditions = conditions(l.objects.Deployment)
	d.ReplicaSets = replicaSets(l.objects.Deployment, l.objects.ReplicaSets)
	d.Probes = probes(l.objects.Deployment.Spec.Template.Spec)
	var reading sync.WaitGroup
	reading.Go(func() { d.Pods = l.describePods(ctx, d.Status.Pods) })
	reading.Go(func() { d.Events = l.events(ctx, d) })
	reading.Wait()
	slices.Sort(l.unknown)
	d.Unknown = slices.Compact(l.unknown)
	return d, nil
}

func conditions(d *appsv1.Deployment) []Condition {
	all := make([]Condition, 0, len(d.Status.Conditions))
	for _, c := range d.Status.Conditions {
		all = append(all, Condition{string(c.Type), string(c.Status), c.LastTransitionTime.UTC(), c.Reason, c.Message})
	}
	slices.SortFunc(all, func(a, b Condition) int { return cmp.Compare(a.Type, b.Type) })
	return all
}

// replicaSets describes those of a Deployment, the latest first.
func replicaSets(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) []ReplicaSet {
	all := []ReplicaSet{}
	for _, set := range sets {
		if !metav1.IsControlledBy(set, d) {
			continue
		}
		r := ReplicaSet{
			Name: set.Name, Revision: set.Annotations[revisionNumber], ConfigHash: set.Spec.Template.Annotations[configHash],
			Created: set.CreationTimestamp.UTC(), Desired: 1, Pods: set.Status.Replicas, Ready: set.Status.ReadyReplicas,
			Image: imageOf(set.Spec.Template.Spec),
		}
		if set.Spec.Replicas != nil {
			r.Desired = *set.Spec.Replicas
		}
		r.IsCurrent = r.Revision == d.Annotations[revisionNumber]
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b ReplicaSet) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// revisionNumber is the annotation by which a Deployment and its ReplicaSets count.
const revisionNumber = "deployment.kubernetes.io/revision"

// imageOf returns the image of the receiver in a specification of pods.
func imageOf(spec corev1.PodSpec) string {
	for _, c := range spec.Containers {
		if c.Name == receiver {
			return c.Image
		}
	}
	return ""
}

func probes(spec corev1.PodSpec) []Probe {
	all := []Probe{}
	for _, c := range spec.Containers {
		if c.Name != receiver {
			continue
		}
		for _, p := range []struct {
			name  string
			probe *corev1.Probe
		}{{"startup", c.StartupProbe}, {"liveness", c.LivenessProbe}, {"readiness", c.ReadinessProbe}} {
			if p.probe != nil {
				all = append(all, Probe{
					p.name, asks(p.probe.ProbeHandler), p.probe.InitialDelaySeconds, p.probe.PeriodSeconds,
					p.probe.TimeoutSeconds, p.probe.FailureThreshold, p.probe.SuccessThreshold,
				})
			}
		}
	}
	return all
}
