package watch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

const (
	// askedEvery is how often a pod is asked for its configuration.
	askedEvery = 2 * time.Second
	// statusTimeout is how long its answer may take.
	statusTimeout = 5 * time.Second
)

// live is what pods tell about a configuration that they read again while they run.
type live struct {
	asking  bool
	next    time.Time
	reports map[types.UID]Config
	// failed counts the configurations that a pod had refused when it was asked first.
	failed map[types.UID]int64
}

// liveHash returns the hash of a configuration that pods read again while they run; empty if they do not.
func liveHash(d *appsv1.Deployment) string {
	if _, fixed := d.Spec.Template.Annotations[configHash]; fixed {
		return ""
	}
	return d.Annotations[configHash]
}

func newLive() live {
	return live{reports: map[types.UID]Config{}, failed: map[types.UID]int64{}}
}

// judgeLive corrects a verdict that is good: pods with another configuration are not done.
func (w *waiting) judgeLive(now time.Time) {
	var missing []*corev1.Pod
	lines, pods := w.verdict.Lines, 0
	for i, line := range lines {
		pod := w.pod(line)
		if line.Kind != "pod" || pod == nil || pod.DeletionTimestamp != nil {
			continue
		}
		pods++
		state := w.live.judge(pod, w.ConfigHash)
		if state.Phase == ready.Ready {
			continue
		}
		lines[i].State = state
		missing = append(missing, pod)
		if state.Final {
			w.verdict.State = ready.State{Phase: state.Phase, Why: "pod/" + pod.Name + ": " + state.Why, Final: true}
			w.verdict.Culprit = pod
			return
		}
	}
	if len(missing) == 0 {
		return
	}
	w.verdict.State = ready.State{
		Phase: ready.Progressing, Why: fmt.Sprintf("%d of %d pods with the new configuration", pods-len(missing), pods),
	}
	lines[0].State = w.verdict.State
	w.ask(missing, now)
}

func (w *waiting) pod(line ready.Line) *corev1.Pod {
	for _, p := range w.objects.Pods {
		if p.UID == line.UID {
			return p
		}
	}
	return nil
}

// judge says whether a pod has the configuration with a hash.
func (l live) judge(pod *corev1.Pod, hash string) ready.State {
	said, asked := l.reports[pod.UID]
	switch {
	case !asked:
		return ready.State{Phase: ready.Progressing, Why: "is asked for its configuration"}
	case said.Hash == hash:
		return ready.State{Phase: ready.Ready}
	case said.Error != "":
		return ready.State{Phase: ready.Progressing, Why: "does not tell its configuration: " + said.Error}
	case said.Failed > l.failed[pod.UID]:
		return ready.State{Phase: ready.Failed, Why: "refuses the new configuration: " + said.Problem, Final: true}
	}
	return ready.State{Phase: ready.Progressing, Why: "has not read the new configuration yet"}
}

// ask asks pods, all at the same time, unless that goes on or is not long ago.
func (w *waiting) ask(pods []*corev1.Pod, now time.Time) {
	if w.live.asking || now.Before(w.live.next) {
		return
	}
	w.live.asking = true
	w.spawn(func(ctx context.Context, send func(update)) {
		reports := askAll(ctx, w.API, pods)
		send(func() error {
			w.live.asking, w.live.next = false, time.Now().Add(askedEvery)
			w.live.take(pods, reports)
			return nil
		})
	})
}

func (l live) take(pods []*corev1.Pod, reports []Config) {
	for i, pod := range pods {
		l.reports[pod.UID] = reports[i]
		if _, asked := l.failed[pod.UID]; !asked && reports[i].Error == "" {
			l.failed[pod.UID] = reports[i].Failed
		}
	}
}

// askAll asks pods at the same time, and returns what each said.
func askAll(ctx context.Context, api API, pods []*corev1.Pod) []Config {
	reports := make([]Config, len(pods))
	var asking sync.WaitGroup
	for i, pod := range pods {
		asking.Go(func() { reports[i] = askConfig(ctx, api, pod) })
	}
	asking.Wait()
	return reports
}

// Config is what a pod tells about its configuration. In JSON it is API.
type Config struct {
	Hash string `json:"hash,omitempty"`
	// Problem is why the pod refused what it read last; empty if it did not.
	Problem string `json:"problem,omitempty"`
	// Error is why the pod could not be asked.
	Error string `json:"error,omitempty"`
	// Failed counts what it has refused.
	Failed int64 `json:"-"`
}

// askConfig asks a pod for its configuration, through the API server.
func askConfig(ctx context.Context, api API, pod *corev1.Pod) Config {
	status, err := Ask[struct {
		Config struct {
			Hash    string `json:"hash"`
			Failed  int64  `json:"failed_reloads"`
			Problem string `json:"problem"`
		} `json:"config"`
	}](ctx, api, pod)
	if err != nil {
		return Config{Error: err.Error()}
	}
	return Config{Hash: status.Config.Hash, Problem: status.Config.Problem, Failed: status.Config.Failed}
}

// adminPort returns what the proxy of the API server calls the admin port of a pod: where the kubelet
// asks whether it is ready.
func adminPort(pod *corev1.Pod) (target string, ok bool) {
	for _, c := range pod.Spec.Containers {
		if c.Name != receiver || c.ReadinessProbe == nil || c.ReadinessProbe.HTTPGet == nil {
			continue
		}
		get := c.ReadinessProbe.HTTPGet
		port := get.Port.IntVal
		for _, p := range c.Ports {
			if get.Port.StrVal != "" && p.Name == get.Port.StrVal {
				port = p.ContainerPort
			}
		}
		target = fmt.Sprintf("%s:%d", pod.Name, port)
		if get.Scheme == corev1.URISchemeHTTPS {
			target = "https:" + target
		}
		return target, port > 0
	}
	return "", false
}

// receiver is the container of the receiver in its pods.
const receiver = "otlp-receiver"
