package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// What otlpctl does to a cluster, on one cluster for all of it.
func TestKubernetesDeploy(t *testing.T) {
	loadReceiver(t)
	t.Run("life", testDeployLife)
	t.Run("adopted", testDeployAdopted)
	t.Run("conflict", testDeployConflict)
	t.Run("autoscaler", testDeployAutoscaler)
	t.Run("secrets", testDeploySecrets)
	t.Run("apply error", testDeployApplyError)
	t.Run("revisions", testDeployRevisions)
	t.Run("atomic", testDeployAtomic)
	t.Run("atomic first", testDeployAtomicFirst)
	t.Run("atomic beside others", testDeployAtomicBeside)
	t.Run("records", testDeployRecords)
	t.Run("interrupted", testDeployInterrupted)
	t.Run("two at once", testDeployTwice)
	t.Run("role", testDeployRole)
	t.Run("immutable", testDeployImmutable)
	t.Run("refused", testDeployRefused)
}

// The whole life of a deployment: made, found unchanged, changed, deleted.
func testDeployLife(t *testing.T) {
	s := newSite(t, "deploy-life")
	requests := s.watchRequests()
	s.want(4, "deploy", "--dry-run", "--exit-code")
	s.want(4, "diff")
	if made := requests.changing(); len(made) > 0 {
		t.Errorf("a dry run has made %v", made)
	}
	first := s.want(0, "deploy")
	s.wantText(first.stderr, "otlp-receiver in deploy-life is ready: revision 1, 7 created")
	for name, action := range actions(t, first) {
		if action != "created" {
			t.Errorf("%s is %s", name, action)
		}
	}
	before := len(requests.changing())
	again := s.want(0, "deploy")
	s.wantText(again.stderr, "is ready: revision 1, 7 unchanged")
	s.want(0, "diff")
	if made := requests.changing()[before:]; len(made) > 0 {
		t.Errorf("a deployment of nothing new has made %v", made)
	}
	old := s.configMap()
	port := []string{"--set", "receivers.otlp.protocols.grpc.endpoint=0.0.0.0:5317"}
	diff := s.want(4, "diff", port...)
	s.wantText(diff.stdout, "service/otlp-receiver\tconfigured\tspec.ports[grpc].port\t4317\t5317\n",
		"data[config.yaml].receivers.otlp.protocols.grpc.endpoint\t-\t0.0.0.0:5317\n")
	changed := actions(t, s.want(0, "deploy", port...))
	if changed["service/otlp-receiver"] != "configured" || changed["deployment/otlp-receiver"] != "configured" ||
		changed["serviceaccount/otlp-receiver"] != "unchanged" {
		t.Errorf("changed %v", changed)
	}
	if names := s.names("configmaps"); !slices.Contains(names, old) {
		t.Errorf("the first revision has no %s any more: %v", old, names)
	}
	testDelete(s)
}

// configMap returns the ConfigMap that pods have now.
func (s *site) configMap() string {
	return s.field("deployment/otlp-receiver", `.spec.template.spec.volumes[?(@.name=="config")].configMap.name`)
}

func testDelete(s *site) {
	s.t.Helper()
	foreign := []string{"create", "configmap", "-n", s.namespace, "foreign"}
	if _, err := s.Kubectl(s.t.Context(), foreign...); err != nil {
		s.t.Fatal(err)
	}
	s.want(2, "delete")
	deleted := s.want(0, "delete", "--yes")
	s.wantText(deleted.stdout, "deployment/otlp-receiver\tdeleted\n", "namespace/"+s.namespace+"\tunchanged\n")
	if names := s.names("configmaps"); !slices.Equal(names, []string{"foreign", "kube-root-ca.crt"}) {
		s.t.Errorf("left are the ConfigMaps %v", names)
	}
	for _, kind := range []string{"deployments", "services", "pods", "horizontalpodautoscalers", "leases", "poddisruptionbudgets"} {
		if names := s.names(kind); len(names) > 0 {
			s.t.Errorf("left are the %s %v", kind, names)
		}
	}
	s.wantText(s.want(0, "delete", "--yes").stderr, "not found")
}

// What kubectl has applied is taken over as it is, and a namespace of others is never deleted.
func testDeployAdopted(t *testing.T) {
	s := newSite(t, "deploy-adopted")
	rendered := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: []string{"render", "k8s", "--config", s.config, "-n", s.namespace}})
	if err := s.Apply(t.Context(), rendered.stdout); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.want(4, "diff").stdout, "deployment/otlp-receiver\tconfigured\tmetadata.managedFields\t-\totlpctl\n")
	s.wantText(s.want(1, "diff", "--image", "localhost/other:1").stderr, `.image was set by "kubectl-client-side-apply"`)
	s.wantText(s.want(0, "deploy", "--no-wait").stderr, "7 configured")
	s.wantText(s.want(0, "deploy", "--no-wait").stderr, "7 unchanged")
	s.wantText(s.want(0, "delete", "--with-namespace", "--yes").stdout, "namespace/"+s.namespace+"\tunchanged\n")
}

// A field that somebody else has set is theirs, until it is taken over.
func testDeployConflict(t *testing.T) {
	s := newSite(t, "deploy-conflict")
	s.want(0, "deploy", "--no-wait")
	if _, err := s.Kubectl(t.Context(), "set", "image", "-n", s.namespace, "deployment/otlp-receiver", "otlp-receiver=localhost/other:1"); err != nil {
		t.Fatal(err)
	}
	got := s.want(1, "deploy")
	s.wantText(got.stderr, `deployment/otlp-receiver: spec.template.spec.containers[name="otlp-receiver"].image was set by "kubectl-set"`, "--force-conflicts")
	s.wantText(s.want(1, "deploy", "-o", "json").stderr, "kubectl-set")
	s.want(0, "deploy", "--no-wait", "--force-conflicts")
	if image := s.field("deployment/otlp-receiver", ".spec.template.spec.containers[0].image"); image != receiverImage {
		t.Errorf("the image is %s", image)
	}
	// What is not ours to decide stays as others have it.
	if _, err := s.Kubectl(t.Context(), "annotate", "-n", s.namespace, "service/otlp-receiver", "example.com/theirs=1"); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.want(0, "deploy", "--no-wait").stderr, "7 unchanged")
}

// An autoscaler comes, goes and comes again: the number of pods never is smaller than both say.
func testDeployAutoscaler(t *testing.T) {
	s := newSite(t, "deploy-scale")
	fixed := []string{"--set", "deploy.autoscaling.enabled=false", "--set", "deploy.replicas=3", "--no-wait", "--yes"}
	s.want(0, "deploy", fixed...)
	watching := s.watchReplicas()
	got := s.want(0, "deploy", "--no-wait")
	if actions(t, got)["horizontalpodautoscaler/otlp-receiver"] != "created" {
		t.Errorf("no autoscaler\n%s", got.stdout)
	}
	s.wantText(s.want(0, "deploy", "--no-wait").stderr, "7 unchanged")
	// As an autoscaler does under load.
	if _, err := s.Kubectl(t.Context(), "patch", "-n", s.namespace, "deployment/otlp-receiver", "--subresource=scale", "--type=merge",
		"--field-manager=kube-controller-manager", "-p", `{"spec": {"replicas": 4}}`); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.want(0, "deploy", "--no-wait").stderr, "7 unchanged")
	s.want(2, "deploy", fixed[:5]...)
	s.want(0, "deploy", fixed...)
	s.wantText(s.want(0, "deploy", fixed...).stderr, "6 unchanged")
	if n := s.field("deployment/otlp-receiver", ".spec.replicas"); n != "3" {
		t.Errorf("%s replicas", n)
	}
	s.want(0, "deploy", "--no-wait")
	seen := watching()
	if !slices.Contains(seen, "4") {
		t.Errorf("seen %v", seen)
	}
	for _, n := range seen {
		if n != "3" && n != "4" {
			t.Errorf("%s replicas in between: %v", n, seen)
		}
	}
}

// watchReplicas notes every number of pods that the Deployment is to have from now on.
func (s *site) watchReplicas() (seen func() []string) {
	s.t.Helper()
	version := s.field("deployment/otlp-receiver", ".metadata.resourceVersion")
	kubectl := process.Run(s.t, process.Spec{Name: "kubectl", Path: filepath.Join(s.Bin(), "kubectl"), Args: []string{
		"get", "--raw", "/apis/apps/v1/namespaces/" + s.namespace + "/deployments?watch=1&timeoutSeconds=3600&resourceVersion=" + version,
	}})
	return func() []string {
		if _, err := s.Kubectl(s.t.Context(), "label", "-n", s.namespace, "deployment/otlp-receiver", "end-of-test=1"); err != nil {
			s.t.Fatal(err)
		}
		var text []byte
		wait.For(s.t, startLimit, "the last change", func() bool {
			text, _ = os.ReadFile(kubectl.StdoutPath())
			return strings.Contains(string(text), "end-of-test")
		})
		var all []string
		for line := range strings.Lines(string(text)) {
			if _, after, ok := strings.Cut(line, `"spec":{"replicas":`); ok {
				n, _, _ := strings.Cut(after, ",")
				all = append(all, n)
			}
		}
		return all
	}
}

// Secrets are seen nowhere but in the Secret.
func testDeploySecrets(t *testing.T) {
	s := newSite(t, "deploy-secrets")
	planted := func(value string) []string {
		return []string{
			"--set", "exporters.otlp.endpoint=backend:4317", "--set", "exporters.otlp.headers.authorization=" + value,
			"--set", "service.pipelines.traces.exporters=[otlp]", "--no-wait", "--diff",
		}
	}
	s.want(0, "deploy", planted("planted-one")...)
	for _, got := range []outcome{
		s.want(4, "diff", planted("planted-two")[:6]...),
		s.want(4, "diff", append(planted("planted-two")[:6], "-o", "json")...),
		s.want(0, "deploy", planted("planted-two")...),
	} {
		if strings.Contains(got.stdout+got.stderr, "planted") {
			t.Errorf("shown:\n%s%s", got.stdout, got.stderr)
		}
	}
	if maps := s.field("configmaps", ".items[*]"); strings.Contains(maps, "planted") {
		t.Error("a ConfigMap has the secret")
	}
	if secrets := s.names("secrets"); len(secrets) != 2 {
		t.Errorf("secrets %v: want one for each revision", secrets)
	}
}

// After an error nothing is pruned, what was done is reported, and the next deployment does the rest.
func testDeployApplyError(t *testing.T) {
	s := newSite(t, "deploy-error")
	requests := s.watchRequests()
	policy := []string{"--set", "deploy.network_policy.from_namespaces=[default]", "--no-wait"}
	s.want(0, "deploy", policy...)
	requests.mu.Lock()
	requests.refuse = func(r *http.Request) bool {
		return r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/deployments/otlp-receiver") && r.URL.Query().Get("dryRun") == ""
	}
	requests.mu.Unlock()
	changed := []string{"--set", "receivers.otlp.protocols.grpc.endpoint=0.0.0.0:5317", "--no-wait", "--yes"}
	got := s.want(1, "deploy", append(changed, "-o", "json")...)
	result := decoded[struct {
		Error   string
		Objects []struct{ Kind, Action string }
	}](t, got)
	if !strings.Contains(result.Error, "apply deployment/otlp-receiver") || len(result.Objects) != 5 {
		t.Errorf("reported: %s", got.stdout)
	}
	if s.object("networkpolicy/otlp-receiver") == nil {
		t.Error("pruned after an error")
	}
	if leases := s.names("leases"); len(leases) > 0 {
		t.Errorf("locked: %v", leases)
	}
	requests.mu.Lock()
	requests.refuse = nil
	requests.mu.Unlock()
	done := actions(t, s.want(0, "deploy", changed...))
	if done["networkpolicy/otlp-receiver"] != "deleted" || done["deployment/otlp-receiver"] != "configured" {
		t.Errorf("then: %v", done)
	}
}

// Ten revisions are kept, and what they need.
func testDeployRevisions(t *testing.T) {
	s := newSite(t, "deploy-revisions")
	// No ReplicaSet is to be a reason of its own.
	patch := s.config + ".patch.yaml"
	replace(t, patch, "kind: Deployment\nspec: {revisionHistoryLimit: 0}\n")
	deploy := func(n string) {
		s.want(0, "deploy", "--no-wait", "--patch", patch, "--set", "deploy.autoscaling.enabled=false", "--set", "deploy.replicas=0",
			"--set", "processors.batch.timeout="+n+"s", "--set", "service.pipelines.traces.processors=[batch]")
	}
	deploy("1")
	first := s.configMap()
	for _, n := range []string{"2", "3", "4", "5", "6", "7", "8", "9", "10"} {
		deploy(n)
	}
	if names := s.names("configmaps"); len(names) != 22 || !slices.Contains(names, first) {
		t.Errorf("%d ConfigMaps after ten revisions: %v", len(names), names)
	}
	deploy("11")
	if names := s.names("configmaps"); len(names) != 22 || slices.Contains(names, first) || slices.Contains(names, "otlp-receiver-revision-1") {
		t.Errorf("%d ConfigMaps after eleven revisions: %v", len(names), names)
	}
}

func (s *site) start(verb string, more ...string) *process.Process {
	s.t.Helper()
	return process.Run(s.t, process.Spec{Name: "otlpctl", Path: otlpctl(s.t), Args: s.args(verb, more...)})
}
