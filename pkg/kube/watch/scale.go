package watch

import (
	"fmt"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// Count is how many pods a Deployment is to have: after a change of an autoscaler it takes a while until that
// sees to it.
type Count struct{ Least, Most int32 }

// judgeCount corrects a verdict that is good: a number that is still another one, or pods that have not
// stopped yet, are not done.
func (w *waiting) judgeCount() {
	state := w.Count.judge(w.objects)
	if state.Phase == ready.Ready {
		return
	}
	w.verdict.State, w.verdict.Lines[0].State = state, state
}

// judge counts the pods themselves: a Deployment calls itself complete before those that are too many stop. Pods
// that have ended on their own, such as evicted ones, stay where they are and do not count.
func (c Count) judge(o ready.Objects) ready.State {
	n, pods := ready.Desired(o.Deployment), int32(0)
	for _, p := range o.Pods {
		hasEnded := p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded
		if !hasEnded || p.DeletionTimestamp != nil {
			pods++
		}
	}
	var why string
	switch {
	case n < c.Least:
		why = fmt.Sprintf("waits for the autoscaler to ask for %d pods, not %d", c.Least, n)
	case n > c.Most:
		why = fmt.Sprintf("waits for the autoscaler to ask for %d pods at most, not %d", c.Most, n)
	case pods > n:
		why = fmt.Sprintf("goes down from %d to %d", pods, n)
	default:
		return ready.State{Phase: ready.Ready}
	}
	return ready.State{Phase: ready.Progressing, Why: why}
}
