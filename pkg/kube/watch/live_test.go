package watch

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// running is a cluster whose pods are ready and read their configuration again when it changes.
func running(t *testing.T, status string) *cluster {
	c := newCluster(t)
	c.put("deployments", strings.Replace(deployment(available), "annotations: {", "annotations: {otlpctl.io/config-hash: new, ", 1))
	c.put("replicasets", replicaSet)
	c.put("pods", pod("p", isReady))
	c.status["p:8888"] = status
	return c
}

func TestWaitLive(t *testing.T) {
	f := func(before, after, wantErr string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c := running(t, before)
			began := time.Now()
			_, _, err := waitFor(t, c, Rollout{}, func(func()) {
				time.Sleep(time.Minute)
				c.mu.Lock()
				c.status["p:8888"] = after
				c.mu.Unlock()
			})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != wantErr {
				t.Errorf("%s, then %s: %q, want %q", before, after, got, wantErr)
			}
			if took := time.Since(began); wantErr == "" && (took < time.Minute || took > time.Minute+2*askedEvery) {
				t.Errorf("it took %v", took)
			}
		})
	}
	f(`{"config": {"hash": "old"}}`, `{"config": {"hash": "new"}}`, "")
	// What a pod has refused before this configuration says nothing about it.
	f(`{"config": {"hash": "old", "failed_reloads": 2, "problem": "stale"}}`, `{"config": {"hash": "new", "failed_reloads": 2}}`, "")
	f(`{"config": {"hash": "old", "failed_reloads": 2}}`, `{"config": {"hash": "old", "failed_reloads": 3, "problem": "port taken"}}`,
		"deployment/d in ns is not ready: pod/p: refuses the new configuration: port taken")
	f(`{"config": {"hash": "old"}}`, `{"config": {"hash": "old"}}`,
		"deployment/d in ns is not ready in time: 0 of 1 pods with the new configuration; pod/p: has not read the new configuration yet")
	f(`no JSON`, `no JSON`,
		"deployment/d in ns is not ready in time: 0 of 1 pods with the new configuration; pod/p: does not tell its configuration: invalid character 'o' in literal null (expecting 'u')")
}

// Pods that have their configuration from their beginning are not asked.
func TestWaitVersioned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := running(t, "")
		c.put("deployments", strings.Replace(deployment(available), "spec: {", "spec: {template: {metadata: {annotations: {otlpctl.io/config-hash: new}}}, ", 1))
		_, _, err := waitFor(t, c, Rollout{}, func(func()) {})
		if err != nil || c.requests("proxy") != 0 {
			t.Errorf("%v, %d pods asked", err, c.requests("proxy"))
		}
	})
}
