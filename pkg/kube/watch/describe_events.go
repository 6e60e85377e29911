package watch

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// ObjectEvent is something that happened to an object of the deployment. In JSON it is API.
type ObjectEvent struct {
	Event
	// Object is as kubectl names it.
	Object string `json:"object"`
}

// events returns what happened to the deployment and to what belongs to it, the latest last: as long as the
// cluster remembers it, which is mostly an hour.
func (l *look) events(ctx context.Context, d *Description) []ObjectEvent {
	found := []ObjectEvent{}
	all, err := list[corev1.Event](ctx, l.api, at(core, l.namespace, "events"), nil)
	if err != nil {
		l.cannot("events", err)
		return found
	}
	for _, e := range all.Items {
		if d.isAbout(e.InvolvedObject) {
			found = append(found, ObjectEvent{
				Event{ready.EventTime(*e).UTC(), e.Type, e.Reason, strings.TrimSpace(e.Message), ready.Times(*e)},
				strings.ToLower(e.InvolvedObject.Kind) + "/" + e.InvolvedObject.Name,
			})
		}
	}
	slices.SortStableFunc(found, func(a, b ObjectEvent) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Object, b.Object))
	})
	return found
}

// isAbout reports whether an object belongs to the deployment, or did so before it was gone.
func (d *Description) isAbout(o corev1.ObjectReference) bool {
	switch o.Kind {
	case "Deployment":
		return o.Name == d.Name
	case "ReplicaSet", "Pod":
		return slices.ContainsFunc(d.ReplicaSets, func(r ReplicaSet) bool {
			return o.Name == r.Name || o.Kind == "Pod" && strings.HasPrefix(o.Name, r.Name+"-")
		})
	case "HorizontalPodAutoscaler":
		return d.Autoscaler != nil && o.Name == d.Autoscaler.Name
	case "PodDisruptionBudget":
		return d.DisruptionBudget != nil && o.Name == d.DisruptionBudget.Name
	case "Service":
		return slices.ContainsFunc(d.Services, func(s Service) bool { return o.Name == s.Name })
	case "PersistentVolumeClaim":
		return slices.ContainsFunc(d.Claims, func(c OtherState) bool { return o.Name == c.Name })
	}
	return false
}
