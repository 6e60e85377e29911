package watch

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
)

// deployed is a cluster with all that belongs to a deployment.
func deployed(t *testing.T) *cluster {
	c := running(t, `{"config": {"hash": "new"}}`)
	c.put("deployments", strings.NewReplacer(
		"annotations: {", "annotations: {otlpctl.io/config-hash: new, ",
		"selector: {", "template: {metadata: {labels: {app: d}}, spec: {containers: [{name: otlp-receiver, image: 'r/i:1'}]}}, selector: {",
		"metadata: {name: d", "metadata: {name: d, namespace: ns",
	).Replace(deployment(available+", readyReplicas: 1")))
	c.put("pods", strings.NewReplacer(
		"metadata: {", "metadata: {creationTimestamp: 2026-01-01T12:00:00Z, ", "{name: otlp-receiver, ports", "{name: otlp-receiver, image: 'r/i:1', ports",
		"containerID: a", "containerID: a, imageID: 'r@sha256:12'",
	).Replace(pod("p", isReady+`, podIP: 10.0.0.1`)))
	c.put("nodes", `{metadata: {name: node, labels: {topology.kubernetes.io/zone: z}}}`)
	c.put("services", `{metadata: {name: s}, spec: {type: ClusterIP, clusterIP: 10.1.0.1, selector: {app: d}}}`)
	c.put("services", `{metadata: {name: other}, spec: {selector: {app: other}}}`)
	c.put("services", `{metadata: {name: external}, spec: {type: ExternalName}}`)
	c.put("endpointslices", `{metadata: {name: s-1}, endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2], conditions: {ready: false}}]}`)
	c.put("horizontalpodautoscalers", `{metadata: {name: h}, spec: {minReplicas: 1, maxReplicas: 4, scaleTargetRef: {kind: Deployment, name: d},
		metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 70}}}, {type: Resource, resource: {name: memory, target: {averageUtilization: 80}}}]},
		status: {currentReplicas: 1, desiredReplicas: 1, conditions: [{type: ScalingActive, status: "True"}],
		currentMetrics: [{type: Resource, resource: {name: cpu, current: {averageUtilization: 12}}}]}}`)
	c.put("poddisruptionbudgets", `{metadata: {name: b}, spec: {selector: {matchLabels: {app: d}}}, status: {disruptionsAllowed: 1, currentHealthy: 1, desiredHealthy: 0, expectedPods: 1}}`)
	return c
}

// The names of the fields are API.
func TestStatusJSON(t *testing.T) {
	s, err := Look(t.Context(), deployed(t), "ns", "d")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/status.json"
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("not as in %s:\n%s", file, got)
	}
}

func TestStatus(t *testing.T) {
	f := func(name string, change func(c *cluster), phase ready.Phase, why string, unknown int) {
		t.Helper()
		c := deployed(t)
		change(c)
		s, err := Look(t.Context(), c, "ns", "d")
		if err != nil {
			t.Fatal(err)
		}
		if s.Phase != phase || s.Why != why || len(s.Unknown) != unknown {
			t.Errorf("%s: %s %q, unknown %q; want %s %q, %d unknown", name, s.Phase, s.Why, s.Unknown, phase, why, unknown)
		}
	}
	f("well", func(*cluster) {}, ready.Ready, "1 of 1 pod available", 0)
	f("unreachable", func(c *cluster) { c.put("endpointslices", `{metadata: {name: s-1}}`) },
		ready.Stuck, "service/s: has no endpoint that is ready", 0)
	f("late", func(c *cluster) { c.status["p:8888"] = `{"config": {"hash": "old"}}` },
		ready.Progressing, "pod/p: has not read the new configuration yet", 0)
	f("refusing", func(c *cluster) { c.status["p:8888"] = `{"config": {"hash": "old", "problem": "no"}}` },
		ready.Failed, "pod/p: refuses the new configuration: no", 0)
	f("crashing", func(c *cluster) {
		c.put("pods", pod("p", isCrashed))
		c.put("deployments", deployment("replicas: 1, updatedReplicas: 1"))
	}, ready.Failed, "pod/p: keeps ending: exit code 2", 0)
	// What may not be asked for is said, and what is known counts.
	f("forbidden", func(c *cluster) {
		for _, resource := range []string{"events", "nodes", "services", "horizontalpodautoscalers", "poddisruptionbudgets"} {
			c.refused[resource] = http.StatusForbidden
		}
	}, ready.Ready, "1 of 1 pod available", 5)
}

// The pods themselves say where they are registered. A registry that is away keeps nothing from being ready.
func TestStatusOfRegistries(t *testing.T) {
	f := func(said, want string) {
		t.Helper()
		c := deployed(t)
		annotated := strings.Replace(deployment(available+", readyReplicas: 1"), "annotations: {", "annotations: {otlpctl.io/registries: 'consul,etcd', ", 1)
		c.put("deployments", strings.Replace(annotated, "selector: {", "template: {metadata: {labels: {app: d}}}, selector: {", 1))
		c.status["p:8888"] = said
		s, err := Look(t.Context(), c, "ns", "d")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range s.Registries {
			got = append(got, r.Name+" "+string(r.Phase)+" "+r.Why)
		}
		if text := strings.Join(got, ", "); text != want || s.Phase != ready.Ready {
			t.Errorf("%s: %q, want %q; all in all it is %s %s", said, text, want, s.Phase, s.Why)
		}
	}
	f(`{"registrations": [{"registry": "consul", "registered": true}, {"registry": "etcd", "registered": true}]}`,
		"consul ready knows 1 of 1 pods, etcd ready knows 1 of 1 pods")
	f(`{"registrations": [{"registry": "consul", "registered": true}, {"registry": "etcd", "registered": false, "error": "no leader"}]}`,
		"consul ready knows 1 of 1 pods, etcd progressing knows 0 of 1 pods; pod/p: no leader")
	f(`{}`, "consul progressing knows 0 of 1 pods, etcd progressing knows 0 of 1 pods")
	f(`no status`, "consul progressing no pod could be asked, etcd progressing no pod could be asked")
}

func TestDigest(t *testing.T) {
	f := func(id, want string) {
		t.Helper()
		if got := digest(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
	f("", "")
	f("sha256:12", "sha256:12")
	f("docker.io/library/r@sha256:12", "sha256:12")
	f("docker-pullable://r@sha256:12", "sha256:12")
	f("docker://sha256:12", "")
}
