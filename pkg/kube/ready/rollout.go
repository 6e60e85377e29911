package ready

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// Objects are a Deployment and what has come of it. ReplicaSets and Pods of others are ignored, and so
// are events about anything but the pods.
type Objects struct {
	Deployment  *appsv1.Deployment // nil if there is none
	ReplicaSets []*appsv1.ReplicaSet
	Pods        []*corev1.Pod
	Events      []corev1.Event
}

// Line is the verdict on one object of a rollout.
type Line struct {
	Kind string
	Name string
	UID  types.UID
	// Depth is 0 for the Deployment, 1 for its ReplicaSets and 2 for their pods.
	Depth int
	// Node is where a pod is; empty if it is nowhere yet.
	Node string
	// Old says that a pod or ReplicaSet is of an earlier revision.
	Old bool
	State
}

// Verdict is that on a rollout.
type Verdict struct {
	State
	// Culprit is the pod that stands in the way; nil if none does, or no single one.
	Culprit *corev1.Pod
	// Lines are the tree from the Deployment to its pods, each parent before its children.
	Lines []Line
}

// revision is the annotation by which a Deployment and the ReplicaSet that is to have the pods agree.
const revision = "deployment.kubernetes.io/revision"

// Rollout judges a Deployment together with its pods: it knows of causes that the Deployment itself tells
// late, or never.
func Rollout(o Objects, now time.Time) Verdict {
	if o.Deployment == nil {
		return Verdict{State: failed("does not exist").finally(true)}
	}
	r := rollout{Objects: o, now: now, sets: o.sets()}
	v := Verdict{Lines: r.lines()}
	v.State = Deployment(o.Deployment)
	v.Lines[0].State = v.State
	if v.Phase == Ready || o.Deployment.DeletionTimestamp != nil || o.Deployment.Status.ObservedGeneration < o.Deployment.Generation {
		return v
	}
	for _, line := range v.Lines[1:] {
		if !line.Old && line.Final {
			v.State = State{Phase: line.Phase, Why: line.Kind + "/" + line.Name + ": " + line.Why, Final: true}
			v.Culprit = r.pod(line.UID)
			return v
		}
	}
	v.Culprit = r.worst(v.Lines)
	return v
}

// rollout is what Rollout works on.
type rollout struct {
	Objects
	now  time.Time
	sets []*appsv1.ReplicaSet
}

// sets returns the ReplicaSets of the Deployment that count, the latest first.
func (o Objects) sets() []*appsv1.ReplicaSet {
	var sets []*appsv1.ReplicaSet
	for _, set := range o.ReplicaSets {
		ours := metav1.IsControlledBy(set, o.Deployment)
		used := set.Status.Replicas > 0 || set.Spec.Replicas == nil || *set.Spec.Replicas > 0 || len(o.podsOf(set)) > 0
		if ours && (used || o.isCurrent(set)) {
			sets = append(sets, set)
		}
	}
	slices.SortFunc(sets, func(a, b *appsv1.ReplicaSet) int {
		if o.isCurrent(a) != o.isCurrent(b) {
			return map[bool]int{true: -1, false: 1}[o.isCurrent(a)]
		}
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return sets
}

// isCurrent says that the ReplicaSet is the one that is to have the pods.
func (o Objects) isCurrent(set *appsv1.ReplicaSet) bool {
	return set.Annotations[revision] == o.Deployment.Annotations[revision]
}

func (o Objects) podsOf(set *appsv1.ReplicaSet) []*corev1.Pod {
	var pods []*corev1.Pod
	for _, p := range o.Pods {
		if metav1.IsControlledBy(p, set) {
			pods = append(pods, p)
		}
	}
	slices.SortFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return pods
}

func (r rollout) lines() []Line {
	d := r.Deployment
	lines := []Line{{Kind: "deployment", Name: d.Name, UID: d.UID}}
	makesRoom := slices.ContainsFunc(r.Pods, func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil })
	for _, set := range r.sets {
		old := !r.isCurrent(set)
		add := func(line Line) {
			line.Old = old
			if line.room && makesRoom {
				line.Final = false
			}
			lines = append(lines, line)
		}
		add(Line{Kind: "replicaset", Name: set.Name, UID: set.UID, Depth: 1, State: ReplicaSet(set, r.now)})
		for _, p := range r.podsOf(set) {
			state := Pod(p, r.eventsOf(p), r.now)
			add(Line{Kind: "pod", Name: p.Name, UID: p.UID, Depth: 2, Node: p.Spec.NodeName, State: state})
		}
	}
	return lines
}

func (o Objects) eventsOf(p *corev1.Pod) []corev1.Event {
	var events []corev1.Event
	for _, e := range o.Events {
		if e.InvolvedObject.UID == p.UID {
			events = append(events, e)
		}
	}
	return events
}

// pod returns the pod with an ID, or nil.
func (o Objects) pod(id types.UID) *corev1.Pod {
	for _, p := range o.Pods {
		if p.UID == id {
			return p
		}
	}
	return nil
}

// worst returns the pod that is most likely why a Deployment is not ready; nil if none looks like it.
func (r rollout) worst(lines []Line) *corev1.Pod {
	for _, bad := range []func(Line) bool{
		func(l Line) bool { return l.Phase == Failed },
		func(l Line) bool { return l.Phase == Stuck }, func(l Line) bool { return l.Phase == Progressing },
	} {
		for _, line := range lines {
			if line.Depth == 2 && !line.Old && bad(line) {
				return r.pod(line.UID)
			}
		}
	}
	return nil
}
