package e2e_test

import (
	"encoding/json"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Whoever may write ConfigMaps must not delete, with the rights of who deploys, what is not of the deployment.
func testDeployRecords(t *testing.T) {
	s, other := newSite(t, "deploy-records"), newSite(t, "deploy-records-other")
	other.createNamespace()
	other.create(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "precious", "namespace": "` + other.namespace + `"}}`)
	headless := []string{"--set", "deploy.service.headless=true", "--no-wait"}
	s.want(0, "deploy", headless...)

	// Somebody else has made it anew: it stays.
	if _, err := s.Kubectl(t.Context(), "delete", "-n", s.namespace, "service", "otlp-receiver-headless"); err != nil {
		t.Fatal(err)
	}
	s.create(`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "otlp-receiver-headless", "namespace": "` + s.namespace + `"}, "spec": {"ports": [{"port": 1}]}}`)
	if action, there := actions(t, s.want(0, "deploy", "--no-wait", "--yes"))["service/otlp-receiver-headless"]; there {
		t.Errorf("a Service of somebody else is %s", action)
	}

	// The inventory names what is elsewhere: nothing is done.
	inventory := s.field("configmap/otlp-receiver-inventory", `.data.inventory\.json`)
	var known map[string]any
	if err := json.Unmarshal([]byte(inventory), &known); err != nil {
		t.Fatal(err)
	}
	objects, _ := known["objects"].([]any)
	known["objects"] = append(objects, map[string]any{"api_version": "v1", "kind": "ConfigMap", "namespace": other.namespace, "name": "precious"})
	poisoned, err := json.Marshal(map[string]any{"data": map[string]any{"inventory.json": text(t, known)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Kubectl(t.Context(), "patch", "-n", s.namespace, "configmap", "otlp-receiver-inventory", "--type=merge", "-p", string(poisoned)); err != nil {
		t.Fatal(err)
	}
	const refused = `configmap/otlp-receiver-inventory in deploy-records: names in its entry`
	s.wantText(s.want(1, "deploy", "--yes").stderr, refused, "configmap/precious")
	s.wantText(s.want(1, "delete", "--yes").stderr, refused)
	if other.object("configmap/precious") == nil || s.object("deployment/otlp-receiver") == nil || s.object("service/otlp-receiver-headless") == nil {
		t.Error("something is gone")
	}
}

func text(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// A namespace in which others have put something by now outlives the deployment that it was made for.
func testDeployAtomicBeside(t *testing.T) {
	s := newSite(t, "deploy-beside")
	p := s.start("deploy", "--atomic", "--image", noImage)
	wait.For(t, startLimit, "the namespace", s.namespaceExists)
	s.create(`{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs", "namespace": "` + s.namespace + `"}}`)
	if code, err := p.Wait(t.Context()); code != 3 || err != nil {
		t.Errorf("exit %d, %v", code, err)
	}
	if s.object("secret/theirs") == nil {
		t.Error("it is gone")
	}
	if names := s.names("deployments,services,horizontalpodautoscalers"); len(names) > 0 {
		t.Errorf("left are %v", names)
	}
}
