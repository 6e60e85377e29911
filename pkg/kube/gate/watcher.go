package gate

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
)

// The rhythm of a watcher.
const (
	// longestPause is between two readings of a pod, unless the window is short.
	longestPause = 2 * time.Second
	// silence is how long a pod that is ready may leave the question for its counters unanswered.
	silence = 15 * time.Second
	// atOnce is how many pods are asked at the same time.
	atOnce = 8
)

// watcher reads what pods count. It belongs to one goroutine at a time.
type watcher struct {
	Gate

	pods []*pod
	// before is what pods have counted that were judged anew since.
	before []tally
	looked bool
	// steady says that the last look has found the new pods of the one before it, all ready.
	steady bool
	// unseen is why the last look has found nothing.
	unseen error
	paused bool
	judged []Counter
	items  int64
}

// pod is one that is or was there.
type pod struct {
	account

	id   types.UID
	name string
	// old is of an earlier revision; gone is not there any more.
	old, gone bool
	ready     bool
	// counted says that the pod was there before the new revision, and what it has counted until then is not
	// the question.
	counted bool
	// asked is since when the pod has not answered, fails why.
	asked time.Time
	fails error
}

func (w *watcher) every() time.Duration { return min(longestPause, w.Window/5) }

// look reads which pods there are, and what those have counted that are ready.
func (w *watcher) look(ctx context.Context) {
	members, err := watch.Members(ctx, w.API, w.Namespace, w.Name)
	if w.unseen = err; err != nil {
		w.steady = false
		return
	}
	w.meet(members)
	w.looked = true
	w.ask(ctx, members)
}

// meet notes which pods have come and gone.
func (w *watcher) meet(members []watch.Member) {
	w.steady = true
	for _, p := range w.pods {
		p.gone = true
	}
	for _, m := range members {
		p := w.find(m.UID)
		if p == nil {
			p = &pod{id: m.UID, name: m.Name, counted: !w.looked}
			w.pods = append(w.pods, p)
			w.steady = w.steady && m.Old
		}
		p.gone, p.old, p.ready = false, m.Old, m.Phase == ready.Ready
		w.steady = w.steady && (p.old || p.ready)
		if p.counted && p.started.IsZero() {
			p.skipped = m.Restarts()
		}
		if !p.ready {
			p.asked = time.Time{}
		}
		p.restarted(m.Restarts())
	}
	for _, p := range w.pods {
		if p.gone && !p.old && p.ready {
			p.ready, w.steady = false, false
		}
	}
}

func (w *watcher) find(id types.UID) *pod {
	for _, p := range w.pods {
		if p.id == id {
			return p
		}
	}
	return nil
}

// ask reads the counters of all pods that are ready.
func (w *watcher) ask(ctx context.Context, members []watch.Member) {
	var asking sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for _, m := range members {
		p := w.find(m.UID)
		if !p.ready {
			continue
		}
		room <- struct{}{}
		asking.Go(func() {
			defer func() { <-room }()
			told, err := watch.Ask[report](ctx, w.API, m.Pod)
			p.hear(told, err)
		})
	}
	asking.Wait()
}

// hear notes what a pod has told, or why it has not.
func (p *pod) hear(told *report, err error) {
	now := time.Now()
	if p.asked.IsZero() {
		p.asked = now
	}
	if p.fails = err; err != nil {
		return
	}
	p.asked = now
	if p.counted && p.started.IsZero() {
		p.open(*told)
		return
	}
	p.take(*told)
}

// renew judges the pods that there are anew: what they have counted up to now is that of the old configuration.
func (w *watcher) renew() {
	w.before = append(w.before, w.tallies(false)...)
	for _, p := range w.pods {
		p.account, p.counted = account{}, true
	}
}

// tallies returns what the old pods have counted, or the new ones, as far as they have answered.
func (w *watcher) tallies(old bool) []tally {
	var all []tally
	for _, p := range w.pods {
		if p.old == old && !p.started.IsZero() {
			all = append(all, p.tally())
		}
	}
	return all
}
