package watch

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// podsAtOnce is how many pods are asked for at a time.
const podsAtOnce = 500

// Pod is a pod of whatever kind: where it is, and how.
type Pod struct {
	Namespace, Name string
	IPs             []string
	// State says how it is, such as "running, but not ready".
	State string
	// ConfigHash is that of the configuration which it was deployed with, if otlpctl has done that and it cannot change.
	ConfigHash string
}

// Pods returns all pods of a namespace, or of the cluster if that is empty.
func Pods(ctx context.Context, api API, namespace string) ([]Pod, error) {
	path := core + "/pods"
	if namespace != "" {
		path = at(core, namespace, "pods")
	}
	var all []Pod
	query := url.Values{"limit": {strconv.Itoa(podsAtOnce)}}
	for {
		some, err := list[corev1.Pod](ctx, api, path, query)
		if err != nil {
			return nil, err
		}
		for _, p := range some.Items {
			all = append(all, podOf(p))
		}
		if some.Metadata.Continue == "" {
			return all, nil
		}
		query.Set("continue", some.Metadata.Continue)
	}
}

func podOf(p *corev1.Pod) Pod {
	pod := Pod{Namespace: p.Namespace, Name: p.Name, State: stateOf(p), ConfigHash: p.Annotations[configHash]}
	if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return pod // others may have its addresses
	}
	for _, ip := range p.Status.PodIPs {
		pod.IPs = append(pod.IPs, ip.IP)
	}
	return pod
}

func stateOf(p *corev1.Pod) string {
	if p.DeletionTimestamp != nil {
		return "being deleted"
	}
	phase := strings.ToLower(string(p.Status.Phase))
	unready := func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady && c.Status != corev1.ConditionTrue }
	if p.Status.Phase == corev1.PodRunning && slices.ContainsFunc(p.Status.Conditions, unready) {
		return phase + ", but not ready"
	}
	return phase
}
