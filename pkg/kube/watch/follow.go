package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// lastWords is how long the log of a pod that is gone may still come.
const lastWords = 5 * time.Second

// Follow reads what there is and what comes, of pods that come later as well, until ctx ends, or the
// Deployment and all its pods are gone. Connections that break are made again, and no line comes twice.
func (l Logs) Follow(ctx context.Context) error {
	query, err := l.selector(ctx)
	if err != nil {
		return err
	}
	if _, err := l.pods(ctx, query); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &following{Logs: l, end: cancel, pods: map[types.UID]*followed{}}
	var running sync.WaitGroup
	running.Go(func() { f.deployment(ctx) })
	f.start = func(p *followed) { running.Go(func() { f.pod(ctx, p) }) }
	pods := feed[corev1.Pod, *corev1.Pod]{api: l.API, path: at(core, l.Namespace, "pods"), query: query, changed: f.changed, away: f.away}
	if err := pods.run(ctx); ctx.Err() == nil {
		cancel(err)
	}
	running.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, errAllGone) {
		return cause
	}
	return nil
}

// errAllGone says that there is nothing left to follow.
var errAllGone = errors.New("the deployment is gone")

// following is what the goroutines of Follow share.
type following struct {
	Logs
	end context.CancelCauseFunc
	// start follows one more pod.
	start func(*followed)

	mu     sync.Mutex
	pods   map[types.UID]*followed
	listed bool
	gone   bool // the Deployment

	writing sync.Mutex
}

// followed is a pod that is followed.
type followed struct {
	pod *corev1.Pod // as it is now; behind following.mu
	// late says that it came after the beginning: all of its log is new.
	late bool
	gone chan struct{}
}

// deployment watches whether the Deployment is there.
func (f *following) deployment(ctx context.Context) {
	self := url.Values{"fieldSelector": {"metadata.name=" + f.Name}}
	changed := func(all []*appsv1.Deployment) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.gone = len(all) == 0
		f.endIfGone()
	}
	d := feed[appsv1.Deployment, *appsv1.Deployment]{
		api: f.API, path: at(apps, f.Namespace, "deployments"), query: self, changed: changed, away: func(error) {},
	}
	_ = d.run(ctx) // who may not watch it follows until the interruption
}

func (f *following) endIfGone() {
	if f.gone && f.listed && len(f.pods) == 0 {
		f.end(errAllGone)
	}
}

// changed starts to follow the pods that are new.
func (f *following) changed(all []*corev1.Pod) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := map[types.UID]bool{}
	for _, pod := range all {
		now[pod.UID] = true
		if p, known := f.pods[pod.UID]; known {
			p.pod = pod
			continue
		}
		p := &followed{pod: pod, late: f.listed, gone: make(chan struct{})}
		f.pods[pod.UID] = p
		f.start(p)
	}
	for id, p := range f.pods {
		if !now[id] && !isClosed(p.gone) {
			close(p.gone)
		}
	}
	f.listed = true
	f.endIfGone()
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (f *following) away(err error) {
	if err != nil {
		f.Note(err.Error() + "; trying again")
	}
}

// pod follows a pod until it is gone.
func (f *following) pod(ctx context.Context, p *followed) {
	defer f.left(p)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := tailer{f: f, p: p, restarts: -1}
	go func() { // a node that is lost never ends its streams
		select {
		case <-p.gone:
			timer := time.AfterFunc(lastWords, cancel)
			<-ctx.Done()
			timer.Stop()
		case <-ctx.Done():
		}
	}()
	for pause := firstPause; ctx.Err() == nil; {
		read, err := t.stream(ctx)
		switch {
		case ctx.Err() != nil, isClosed(p.gone):
			return
		case err != nil && isRefusal(err) && !isNotStarted(err):
			f.end(fmt.Errorf("the log of pod/%s: %w", p.pod.Name, err))
			return
		case read:
			pause = firstPause
		}
		wait(ctx, p.gone, pause)
		pause = min(2*pause, longestPause)
	}
}

func (f *following) left(p *followed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pods, p.pod.UID)
	f.endIfGone()
}

func wait(ctx context.Context, gone chan struct{}, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-gone:
	case <-timer.C:
	}
}

// tailer reads the log of a pod, stream by stream.
type tailer struct {
	f *following
	p *followed

	seen seen
	// restarts is how often the container had been restarted that was read last, which is ended if its
	// log was read to its end; -1 before the first.
	restarts int32
	ended    string
}

// stream reads until the container or the connection ends; read says that there was anything.
func (t *tailer) stream(ctx context.Context) (read bool, err error) {
	t.f.mu.Lock()
	pod := t.p.pod
	t.f.mu.Unlock()
	status, readable := t.container(pod)
	if !readable {
		return false, nil
	}
	if t.restarts >= 0 && status.RestartCount > t.restarts+1 {
		// One has come and gone before its log could be asked for.
		if _, err := t.copy(ctx, pod, true); err != nil && !isNotStarted(err) {
			return false, err
		}
	}
	if read, err = t.copy(ctx, pod, false); err == nil {
		t.restarts, t.ended = status.RestartCount, status.ContainerID
	}
	return read, err
}

// container returns the status of the container, and whether it has a log that was not read to its end.
func (t *tailer) container(pod *corev1.Pod) (corev1.ContainerStatus, bool) {
	name := t.f.container(pod)
	for _, list := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for _, c := range list {
			if c.Name == name {
				return c, c.State.Running != nil || c.ContainerID != "" && c.ContainerID != t.ended
			}
		}
	}
	return corev1.ContainerStatus{}, false
}

// copy passes the lines of one stream on that were not there before.
func (t *tailer) copy(ctx context.Context, pod *corev1.Pod, previous bool) (read bool, err error) {
	s, err := t.f.open(ctx, pod, t.query(pod, previous))
	if err != nil {
		return false, err
	}
	defer func() { _ = s.body.Close() }()
	wasSeen := t.seen.resume()
	for {
		line, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return read, nil
		case err != nil:
			return read, err
		case wasSeen(line.Time):
			continue
		}
		t.seen.add(line.Time)
		read = true
		if err := t.f.write(line); err != nil {
			t.f.end(err)
			return read, err
		}
	}
}

// query asks for what follows what was read.
func (t *tailer) query(pod *corev1.Pod, previous bool) url.Values {
	query := t.f.query(pod)
	if t.p.late || t.restarts >= 0 || !t.seen.last.IsZero() {
		query.Del("tailLines")
		query.Del("sinceSeconds")
	}
	if !t.seen.last.IsZero() {
		query.Set("sinceTime", t.seen.last.UTC().Format(time.RFC3339))
	}
	if previous {
		query.Set("previous", "true")
	} else {
		query.Set("follow", "true")
	}
	return query
}

// write passes lines on one at a time.
func (f *following) write(line LogLine) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	return f.Line(line)
}
