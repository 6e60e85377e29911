package watch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
)

// waitFor runs a rollout to its end, and what is to happen meanwhile.
func waitFor(t *testing.T, c *cluster, r Rollout, meanwhile func(cancel func())) (shown, notes []string, err error) {
	t.Helper()
	r.API, r.Namespace, r.Name = c, "ns", "d"
	r.Show = func(line ready.Line, gone bool) {
		text := line.Kind + "/" + line.Name + ": " + line.Why
		if gone {
			text = line.Kind + "/" + line.Name + " is gone"
		}
		shown = append(shown, text)
	}
	r.Note = func(text string) { notes = append(notes, text) }
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	ended := make(chan error)
	go func() { ended <- r.Wait(ctx) }()
	synctest.Wait()
	meanwhile(cancel)
	err = <-ended
	return shown, notes, err
}

func TestWait(t *testing.T) {
	f := func(name string, wantErr string, wantShown []string, meanwhile func(c *cluster, cancel func())) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c := begun(t)
			shown, _, err := waitFor(t, c, Rollout{}, func(cancel func()) { meanwhile(c, cancel) })
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != wantErr {
				t.Errorf("%s: %q, want %q", name, got, wantErr)
			}
			if last := shown[max(0, len(shown)-len(wantShown)):]; !slices.Equal(sorted(last), sorted(wantShown)) {
				t.Errorf("%s: shown\n%s\nwant at the end\n%s", name, strings.Join(shown, "\n"), strings.Join(wantShown, "\n"))
			}
		})
	}
	f("ready", "", []string{"deployment/d: 1 of 1 pod available"}, func(c *cluster, _ func()) {
		c.put("pods", pod("p", isReady))
		c.put("deployments", deployment(available))
	})
	f("crash", "deployment/d in ns is not ready: pod/p: keeps ending: exit code 2", []string{"pod/p: keeps ending: exit code 2"},
		func(c *cluster, _ func()) { c.put("pods", pod("p", isCrashed)) })
	f("timeout", "deployment/d in ns is not ready in time: 0 of 1 pod available; pod/p: is being created", nil, func(*cluster, func()) {})
	f("interruption", "stopped waiting for deployment/d in ns: 0 of 1 pod available; pod/p: is being created", nil,
		func(_ *cluster, cancel func()) { cancel() })
	f("deleted", "deployment/d in ns is not ready: does not exist", []string{"deployment/d is gone", "replicaset/r is gone", "pod/p is gone"},
		func(c *cluster, _ func()) { c.remove("deployments", "d") })
	f("a pod that is replaced", "", []string{"pod/p is gone", "pod/q: is ready", "deployment/d: 1 of 1 pod available"}, func(c *cluster, _ func()) {
		c.remove("pods", "p")
		synctest.Wait()
		c.put("pods", pod("q", isReady))
		synctest.Wait()
		c.put("deployments", deployment(available))
	})
}

// Watches end, versions are forgotten, and servers go away: the waiting goes on.
func TestWaitThroughTrouble(t *testing.T) {
	f := func(name string, wantNotes []string, trouble func(c *cluster)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c := begun(t)
			_, notes, err := waitFor(t, c, Rollout{}, func(func()) {
				trouble(c)
				synctest.Wait()
				c.put("pods", pod("p", isReady))
				c.put("deployments", deployment(available))
			})
			if err != nil || !slices.Equal(notes, wantNotes) {
				t.Errorf("%s: %v, notes %q, want %q", name, err, notes, wantNotes)
			}
		})
	}
	f("the watches end", nil, func(c *cluster) { c.cut() })
	f("the versions are too old", nil, func(c *cluster) {
		c.put("pods", pod("p", isNew))
		c.forget()
		c.cut()
	})
	f("the server is away", []string{"connection refused; trying again", "the API server answers again"}, func(c *cluster) {
		c.setAway(errRefused)
		c.cut()
		time.Sleep(time.Minute)
		c.setAway(nil)
		time.Sleep(longestPause)
		synctest.Wait()
	})
	f("the server starts, and does not know anyone yet", []string{"forbidden; trying again", "the API server answers again"}, func(c *cluster) {
		c.setAway(answered(http.StatusForbidden))
		c.cut()
		time.Sleep(time.Second)
		c.setAway(nil)
		time.Sleep(longestPause)
		synctest.Wait()
	})
}

// While the server is away it is not overrun.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		_, _, _ = waitFor(t, c, Rollout{}, func(cancel func()) {
			c.setAway(errRefused)
			c.cut()
			before := c.requests("/pods?")
			time.Sleep(time.Minute)
			if n := c.requests("/pods?") - before; n < 20 || n > 30 {
				t.Errorf("%d requests in a minute", n)
			}
			cancel()
		})
	})
}

func TestWaitRefused(t *testing.T) {
	f := func(resource string, wantErr bool, wantNotes int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c := begun(t)
			c.refused[resource] = http.StatusForbidden
			_, notes, err := waitFor(t, c, Rollout{}, func(func()) {
				c.put("pods", pod("p", isReady))
				c.put("deployments", deployment(available))
			})
			if (err != nil) != wantErr || len(notes) != wantNotes {
				t.Errorf("%s: %v, notes %q", resource, err, notes)
			}
		})
	}
	f("deployments", true, 0)
	f("replicasets", true, 0)
	f("pods", true, 0)
	f("events", false, 1) // they are a help, no more
}

// An API server that is away for a moment when the waiting begins is no verdict on the rollout.
func TestWaitHiccup(t *testing.T) {
	f := func(code int, away time.Duration, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c := begun(t)
			c.put("pods", pod("p", isReady))
			c.put("deployments", deployment(available))
			c.setAway(answered(code))
			_, _, err := waitFor(t, c, Rollout{}, func(func()) {
				time.Sleep(away)
				c.setAway(nil)
			})
			if got := errorText(err); !strings.Contains(got, want) || want == "" && got != "" {
				t.Errorf("%d for %s: %v, want %q", code, away, err, want)
			}
		})
	}
	f(http.StatusInternalServerError, time.Second, "")
	f(http.StatusTooManyRequests, 2*time.Second, "")
	f(http.StatusInternalServerError, time.Minute, "internal server error")
	f(http.StatusForbidden, time.Second, "forbidden")
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		c.put("events", `{metadata: {name: e}, involvedObject: {kind: Pod, uid: p}, type: Warning, reason: BackOff, message: "Back-off\n", count: 3}`)
		c.logs["p previous"] = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("one\ntwo\n")), nil }
		_, _, err := waitFor(t, c, Rollout{}, func(func()) { c.put("pods", pod("p", isCrashed)) })
		failed, ok := errors.AsType[*NotReadyError](err)
		if !ok || failed.Cause == nil {
			t.Fatalf("%v has no cause", err)
		}
		got := failed.Cause
		if got.Pod != "p" || got.Container != "otlp-receiver" || got.Node != "node" || !slices.Equal(got.PreviousLog, []string{"one", "two"}) || got.Log != nil {
			t.Errorf("the cause is %+v", got)
		}
		if len(got.Events) != 1 || got.Events[0].Message != "Back-off" || got.Events[0].Count != 3 {
			t.Errorf("the events are %+v", got.Events)
		}
		if !strings.Contains(failed.Hint(), "status k8s -n ns --name d") {
			t.Errorf("the hint is %q", failed.Hint())
		}
	})
}

// The first new pods are waited for while the rollout is paused.
func TestWaitFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		paused := strings.Replace(deployment("replicas: 1, updatedReplicas: 1"), "spec: {replicas: 1", "spec: {paused: true, replicas: 3", 1)
		c.put("deployments", paused)
		began := time.Now()
		shown, _, err := waitFor(t, c, Rollout{First: true}, func(func()) {
			time.Sleep(time.Minute)
			c.put("pods", pod("p", isReady))
		})
		if took := time.Since(began); err != nil || took != time.Minute || !slices.Contains(shown, "deployment/d: 1 of 1 pod ready, the first of the new ones") {
			t.Errorf("after %s: %v\n%s", took, err, strings.Join(shown, "\n"))
		}
	})
}
