package watch

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
)

// described is a cluster with a deployment of which there is much to tell.
func described(t *testing.T) *cluster {
	c := deployed(t)
	c.status["p:8888"] = `{"version": "v1", "uptime_seconds": 5, "healthy": true, "ready": true, "pid": 1,
		"config": {"generation": 2, "hash": "new", "reloads": 1, "problem": "no"},
		"exporters": [{"name": "otlp", "healthy": false, "error": "refused", "queue": {"items": 3, "batches": 1, "oldest_age_seconds": 1.5},
		"books": {"traces": {"accepted": 10, "exported": 5, "queued": 3, "spooled": 0, "rejected_by_backend": 1, "dropped": {"queue_full": 1}}}}]}`
	c.put("deployments", strings.NewReplacer(
		"annotations: {", "annotations: {otlpctl.io/config-hash: new, ",
		"selector: {", "template: {metadata: {labels: {app: d}}, spec: {containers: [{name: otlp-receiver, image: 'r/i:1', readinessProbe: {exec: {command: [/app/otlpctl, health]}}, "+
			"livenessProbe: {httpGet: {port: metrics, path: /health}, initialDelaySeconds: 15, periodSeconds: 20, timeoutSeconds: 3, failureThreshold: 3, successThreshold: 1}}]}}, selector: {",
		"metadata: {name: d", "metadata: {name: d, namespace: ns",
	).Replace(deployment(available+`, readyReplicas: 1, conditions: [{type: Progressing, status: "True", reason: NewReplicaSetAvailable, lastTransitionTime: 2026-01-01T12:00:00Z},
		{type: Available, status: "True", reason: MinimumReplicasAvailable, message: m, lastTransitionTime: 2026-01-01T12:00:01Z}]`)))
	c.put("replicasets", `{metadata: {name: r, creationTimestamp: 2026-01-01T12:00:00Z, annotations: {deployment.kubernetes.io/revision: "1"},
		ownerReferences: [{uid: d, controller: true}]}, spec: {replicas: 1, template: {metadata: {annotations: {otlpctl.io/config-hash: new}},
		spec: {containers: [{name: otlp-receiver, image: 'r/i:1'}]}}}, status: {replicas: 1, readyReplicas: 1}}`)
	c.put("replicasets", `{metadata: {name: other, ownerReferences: [{uid: x, controller: true}]}}`)
	c.put("pods", strings.NewReplacer(
		"metadata: {", "metadata: {creationTimestamp: 2026-01-01T12:00:00Z, ", "state: {running: {}}",
		"restartCount: 1, lastState: {terminated: {exitCode: 137, reason: OOMKilled, finishedAt: 2026-01-01T12:05:00Z}}, state: {running: {startedAt: 2026-01-01T12:05:01Z}}",
	).Replace(pod("p", isReady+`, podIP: 10.0.0.1`)))
	event := func(name, kind, object, at string) {
		c.put("events", `{metadata: {name: `+name+`}, involvedObject: {kind: `+kind+`, name: `+object+`}, type: Normal, reason: `+name+`, message: 'm ', count: 2, lastTimestamp: `+at+`}`)
	}
	event("second", "Pod", "r-gone", "2026-01-01T12:02:00Z")
	event("first", "ReplicaSet", "r", "2026-01-01T12:01:00Z")
	event("third", "HorizontalPodAutoscaler", "h", "2026-01-01T12:03:00Z")
	event("other", "Pod", "other-1", "2026-01-01T12:04:00Z")
	event("node", "Node", "d", "2026-01-01T12:04:00Z")
	return c
}

// The names of the fields are API.
func TestDescriptionJSON(t *testing.T) {
	d, err := Describe(t.Context(), described(t), "ns", "d")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/description.json"
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("not as in %s:\n%s", file, got)
	}
}

// What may not be read, and pods that do not answer, do not keep the rest from being told.
func TestDescribeInPart(t *testing.T) {
	c := described(t)
	c.refused["events"] = http.StatusForbidden
	c.status["p:8888"] = "<html>"
	d, err := Describe(t.Context(), c, "ns", "d")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Unknown) != 1 || !strings.HasPrefix(d.Unknown[0], "events: ") || len(d.Events) != 0 {
		t.Errorf("unknown is %q, events %v", d.Unknown, d.Events)
	}
	if p := d.Pods[0]; p.Report != nil || p.ReportProblem == "" || len(p.Containers) != 1 {
		t.Errorf("the pod is %+v", p)
	}
	if _, err := Describe(t.Context(), c, "ns", "none"); statusOf(err) != http.StatusNotFound {
		t.Errorf("error %v", err)
	}
}
