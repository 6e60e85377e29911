package watch

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// judged is how often a rollout is judged while nothing happens: patience ends without an event.
const judged = time.Second

// Rollout is a Deployment to wait for.
type Rollout struct {
	API             API
	Namespace, Name string
	// ConfigHash is what every pod must tell about its configuration before the rollout counts as done:
	// pods that read it again while they run do so late. Empty is the hash that the Deployment has, if it
	// is not part of its pods; those that have it from their beginning are not asked.
	ConfigHash string
	// First has Wait end once those new pods are ready that there are, however many are to come: a rollout
	// that is paused brings no more.
	First bool
	// Count is how many pods there must be before the rollout counts as done, those that stop being gone; nil
	// is any number.
	Count *Count
	// Show is told of every object whose line has changed, parents before their children. Gone says that
	// there is no such object any more. It may be nil.
	Show func(line ready.Line, gone bool)
	// Note is told what goes on besides, such as an API server that cannot be reached. It may be nil.
	Note func(string)
}

// Wait waits until all pods are new and ready. It returns a *NotReadyError as soon as waiting can change
// nothing, and when ctx ends, which it then wraps. Other errors mean that the cluster could not be asked.
func (r Rollout) Wait(ctx context.Context) error {
	deployment, err := patiently(ctx, func() (*appsv1.Deployment, error) {
		return get[appsv1.Deployment](ctx, r.API, at(apps, r.Namespace, "deployments", r.Name), nil)
	})
	if ctx.Err() != nil {
		return r.notReady(ready.State{Why: "its state is not known"}, ctx.Err())
	}
	if err != nil {
		return err
	}
	pods, err := selecting(deployment.Spec.Selector)
	if err != nil {
		return err
	}
	if r.ConfigHash == "" {
		r.ConfigHash = liveHash(deployment)
	}
	err = r.wait(ctx, pods)
	if refused, ok := errors.AsType[*NotReadyError](err); ok {
		refused.Cause = r.cause(ctx, refused)
	}
	return err
}

// wait runs the feeds and judges what they bring.
func (r Rollout) wait(ctx context.Context, pods url.Values) error {
	feeding, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	w := &waiting{
		Rollout: r, updates: make(chan update), live: newLive(),
		listed: map[string]bool{},
	}
	w.spawn = func(work func(context.Context, func(update))) {
		running.Go(func() {
			work(feeding, func(u update) {
				select {
				case w.updates <- u:
				case <-feeding.Done():
				}
			})
		})
	}
	w.feed(pods)
	return w.loop(ctx)
}

// update changes what is known. An error says that no more can be known.
type update func() error

// waiting is a Rollout that is waited for. It belongs to one goroutine; others send it updates.
type waiting struct {
	Rollout
	updates chan update
	// spawn runs work beside the loop, for as long as that runs.
	spawn func(work func(context.Context, func(update)))

	objects ready.Objects
	listed  map[string]bool // by resource
	verdict ready.Verdict
	shown   []ready.Line
	away    int // feeds that cannot ask
	live    live
}

// notRoutine leaves out what happens to every pod.
const notRoutine = "involvedObject.kind=Pod,reason!=Scheduled,reason!=Pulling,reason!=Pulled,reason!=Created,reason!=Started"

// feed starts the feeds of everything that a rollout is judged by.
func (w *waiting) feed(pods url.Values) {
	self := url.Values{"fieldSelector": {"metadata.name=" + w.Name}}
	start(w, apps, "deployments", self, func(all []*appsv1.Deployment) {
		w.objects.Deployment = nil
		for _, d := range all {
			w.objects.Deployment = d
		}
	})
	start(w, apps, "replicasets", pods, func(all []*appsv1.ReplicaSet) { w.objects.ReplicaSets = all })
	start(w, core, "pods", pods, func(all []*corev1.Pod) { w.objects.Pods = all })
	start(w, core, "events", url.Values{"fieldSelector": {notRoutine}}, func(all []*corev1.Event) {
		w.objects.Events = make([]corev1.Event, len(all))
		for i, e := range all {
			w.objects.Events[i] = *e
		}
	})
}

// start runs the feed of one resource.
func start[T any, O interface {
	*T
	metav1.Object
}](w *waiting, group, resource string, query url.Values, changed func([]*T)) {
	w.spawn(func(ctx context.Context, send func(update)) {
		f := feed[T, O]{api: w.API, path: at(group, w.Namespace, resource), query: query}
		f.changed = func(all []*T) {
			send(func() error {
				w.listed[resource] = true
				changed(all)
				return nil
			})
		}
		f.away = func(err error) {
			send(func() error {
				w.noteAway(err)
				return nil
			})
		}
		if err := f.run(ctx); err != nil {
			send(func() error {
				if resource == "events" {
					w.note("the events of the pods cannot be read, so some causes stay unknown: " + err.Error())
					return nil
				}
				return err
			})
		}
	})
}

// noteAway tells when no feed has heard of the API server's failure before, and when all are well again.
func (w *waiting) noteAway(err error) {
	before := w.away
	if err != nil {
		w.away++
	} else {
		w.away--
	}
	switch {
	case before == 0 && err != nil:
		w.note(err.Error() + "; trying again")
	case before > 0 && w.away == 0:
		w.note("the API server answers again")
	}
}

func (w *waiting) note(text string) {
	if w.Note != nil {
		w.Note(text)
	}
}
