package watch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
)

// A number of pods is waited for that an autoscaler has not set yet, and then for the pods that are too many.
func TestWaitForCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		c.put("deployments", deployment(available))
		c.put("pods", pod("p", isReady))
		var said []string
		r := Rollout{API: c, Namespace: "ns", Name: "d", Count: &Count{Least: 2, Most: 4}}
		r.Show = func(line ready.Line, _ bool) {
			if line.Kind == "deployment" && !slices.Contains(said, line.Why) {
				said = append(said, line.Why)
			}
		}
		done := make(chan error)
		go func() { done <- r.Wait(t.Context()) }()
		step := func(change func()) {
			synctest.Wait()
			change()
			time.Sleep(2 * judged)
		}
		two := strings.NewReplacer("replicas: 1, selector", "replicas: 2, selector")
		step(func() { c.put("pods", pod("q", isReady)) })
		step(func() { c.put("pods", pod("r", isReady)) })
		step(func() {
			c.put("deployments", two.Replace(deployment("replicas: 3, updatedReplicas: 3, availableReplicas: 3")))
		})
		step(func() {
			c.put("pods", strings.Replace(pod("r", isReady), "metadata: {", "metadata: {deletionTimestamp: 2026-01-01T12:00:00Z, ", 1))
		})
		step(func() { c.remove("pods", "r") })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want := []string{"waits for the autoscaler to ask for 2 pods, not 1", "goes down from 3 to 2", "3 of 2 pods available"}
		if !slices.Equal(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	})
}

func TestWaitForCountInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		c.put("deployments", deployment(available))
		c.put("pods", pod("p", isReady))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := Rollout{API: c, Namespace: "ns", Name: "d", Count: &Count{Least: 0, Most: 0}}.Wait(ctx)
		failed, ok := errors.AsType[*NotReadyError](err)
		if !ok || !failed.TimedOut() || !strings.Contains(err.Error(), "waits for the autoscaler to ask for 0 pods at most, not 1") {
			t.Errorf("error %v", err)
		}
	})
}
