package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// What is wrong with a cluster, or with the way to it, is told with what, where and what to do next; nothing is half done.
func TestKubernetesBadInput(t *testing.T) {
	loadReceiver(t)
	t.Run("expired credentials", testBadExpired)
	t.Run("slow API server", testBadSlow)
	t.Run("slow in the middle", testBadSlowApply)
	t.Run("namespace goes away", testBadNamespace)
	t.Run("quota of objects", testBadQuota)
	t.Run("limits of pods", testBadLimits)
	t.Run("policy", testBadPolicy)
	t.Run("policy and a new namespace", testBadPolicyFirst)
	t.Run("webhook", testBadWebhook)
	t.Run("names", testBadNames)
	t.Run("in a pod", testDeployInPod)
}

// refusal is what a command that has failed tells programs.
type refusal struct {
	Namespace, Name, Error string
	Objects                []struct{ Kind, Name, Action string }
}

// wantRefused runs a command that must fail with exit code 1 before it has changed anything, for people and for programs.
func (s *site) wantRefused(verb string, args []string, said ...string) {
	s.t.Helper()
	got := s.want(1, verb, args...)
	s.wantText(got.stderr, said...)
	if got.stdout != "" {
		s.t.Errorf("a failure prints %q", got.stdout)
	}
	r := decoded[refusal](s.t, s.want(1, verb, append(args, "-o", "json")...))
	if r.Namespace != s.namespace || r.Name != "otlp-receiver" || len(r.Objects) > 0 || !strings.Contains(r.Error, strings.TrimPrefix(said[0], "error: ")) {
		s.t.Errorf("as JSON it is %+v", r)
	}
}

// ours returns the objects of the deployment that are there, by kind and name.
func (s *site) ours() []string {
	s.t.Helper()
	const kinds = "configmaps,secrets,services,serviceaccounts,deployments,horizontalpodautoscalers,poddisruptionbudgets,leases"
	text, err := s.Kubectl(s.t.Context(), "get", "-n", s.namespace, kinds, "-o", "name")
	if err != nil {
		s.t.Fatal(err)
	}
	var found []string
	for name := range strings.FieldsSeq(string(text)) {
		if strings.Contains(name, "/otlp-receiver") {
			found = append(found, name)
		}
	}
	return found
}

// wantNothing checks that nothing of the deployment is there.
func (s *site) wantNothing() {
	s.t.Helper()
	if found := s.ours(); len(found) > 0 {
		s.t.Errorf("there are %v", found)
	}
}

// create makes objects of the cluster for the length of the test.
func (s *site) create(manifests string) {
	s.t.Helper()
	if err := s.Apply(s.t.Context(), manifests); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := s.Delete(context.WithoutCancel(s.t.Context()), manifests); err != nil {
			s.t.Error(err)
		}
	})
}

// createNamespace makes the namespace of the site.
func (s *site) createNamespace() {
	s.t.Helper()
	if _, err := s.Kubectl(s.t.Context(), "create", "namespace", s.namespace); err != nil {
		s.t.Fatal(err)
	}
}

func testBadExpired(t *testing.T) {
	s := newSite(t, "bad-expired")
	var err error
	if s.kubeconfig, err = s.ExpiredAdmin(); err != nil {
		t.Fatal(err)
	}
	said := []string{
		"error: the API server " + s.Server() + ` does not accept the credentials of the context "otlpctl-test"`,
		"hint: they may have expired: log in again",
	}
	s.wantRefused("deploy", nil, said...)
	s.wantRefused("diff", nil, said...)
	s.wantText(s.want(1, "delete", "--yes").stderr, said[0][7:], said[1])
	s.wantText(s.want(1, "status").stderr, said[0][7:], said[1])
	s.wantText(s.rollout(1, "undo").stderr, said[0][7:], said[1])
	if s.namespaceExists() {
		t.Error("the namespace was made")
	}
}

// Whoever does not answer is waited for as long as one says.
func testBadSlow(t *testing.T) {
	s := newSite(t, "bad-slow")
	requests := s.watchRequests()
	said := []string{"does not answer in time", "hint: try again, or give it more time with --request-timeout"}
	requests.holding(func(r *http.Request) bool { return r.URL.Path == "/version" })
	s.wantRefused("deploy", []string{"--request-timeout", "1s"}, said...)
	requests.holding(func(r *http.Request) bool { return r.Method == http.MethodPatch })
	// The requests before it are answered, in their time.
	s.wantRefused("deploy", []string{"--request-timeout", "5s"}, append([]string{"apply namespace/bad-slow: "}, said...)...)
	requests.holding(nil)
	if s.namespaceExists() {
		t.Error("the namespace was made")
	}
	s.want(0, "deploy", "--request-timeout", "20s", "--no-wait")
	requests.holding(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/configmaps") })
	s.wantText(s.rollout(1, "history", "--request-timeout", "1s").stderr, said...)
	s.wantText(s.want(2, "deploy", "--request-timeout", "0").stderr, `invalid argument "0" for "--request-timeout"`, "want more than 0, such as 30s")
}

// holding leaves requests without an answer from now on.
func (p *apiProxy) holding(held func(*http.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = held
}

// isApply reports whether a request changes the Deployment of the site.
func isApply(r *http.Request) bool {
	return r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/deployments/otlp-receiver") && r.URL.Query().Get("dryRun") == ""
}

// What was applied before is reported, nothing is left locked, and the next deployment does the rest.
func testBadSlowApply(t *testing.T) {
	s := newSite(t, "bad-slow-apply")
	requests := s.watchRequests()
	requests.holding(isApply)
	got := s.want(1, "deploy", "--no-wait", "--request-timeout", "2s", "-o", "json")
	s.wantText(got.stderr, "error: apply deployment/otlp-receiver: ", "does not answer in time")
	if r := decoded[refusal](t, got); !strings.HasPrefix(r.Error, "apply deployment/otlp-receiver: ") || len(r.Objects) != 5 || r.Objects[0].Action != "created" {
		t.Errorf("reported: %+v", r)
	}
	if leases := s.names("leases"); len(leases) > 0 {
		t.Errorf("locked: %v", leases)
	}
	requests.holding(nil)
	s.wantText(s.rollout(1, "history").stderr, "has no revisions")
	s.wantText(s.want(0, "deploy", "--no-wait").stderr, "revision 1, 2 created, 5 unchanged")
}

// A namespace that somebody deletes while it is deployed to ends the deployment, which holds nothing up.
func testBadNamespace(t *testing.T) {
	s := newSite(t, "bad-namespace")
	if err := s.Apply(t.Context(), "{apiVersion: v1, kind: Namespace, metadata: {name: bad-namespace, finalizers: [example.com/test]}}"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = s.Kubectl(context.WithoutCancel(t.Context()), "patch", "namespace", s.namespace, "--type=merge", "-p", `{"metadata": {"finalizers": null}}`)
	})
	requests := s.watchRequests()
	requests.mu.Lock()
	requests.refuse = func(r *http.Request) bool {
		if isApply(r) {
			if _, err := s.Kubectl(t.Context(), "delete", "namespace", s.namespace, "--wait=false"); err != nil {
				t.Error(err)
			}
		}
		return false
	}
	requests.mu.Unlock()
	got := s.want(1, "deploy", "--no-wait", "-o", "json")
	s.wantText(got.stderr, "error: apply deployment/otlp-receiver: ", "is being terminated", "hint: wait until the namespace is gone, or deploy to another one with -n")
	if r := decoded[refusal](t, got); len(r.Objects) != 5 || !strings.Contains(r.Error, "is being terminated") {
		t.Errorf("reported: %+v", r)
	}
	s.wantRefused("deploy", nil, "error: the namespace bad-namespace is being deleted", "hint: wait until it is gone, or deploy to another one with -n")
}

func testBadQuota(t *testing.T) {
	s := newSite(t, "bad-quota")
	s.createNamespace()
	if err := s.Apply(t.Context(), `{apiVersion: v1, kind: ResourceQuota, metadata: {name: none, namespace: bad-quota}, spec: {hard: {services: "0"}}}`); err != nil {
		t.Fatal(err)
	}
	wait.For(t, clusterLimit, "the quota to count", func() bool { return s.field("resourcequota/none", ".status.used.services") == "0" })
	s.wantRefused("deploy", nil, `error: apply service/otlp-receiver: services "otlp-receiver" is forbidden: exceeded quota: none, requested: services=1, used: services=0, limited: services=0`,
		"hint: raise the ResourceQuota")
	s.wantNothing()
}

// What the cluster does not let pods have shows when it is to make them: the deployment ends at once.
func testBadLimits(t *testing.T) {
	s := newSite(t, "bad-limits")
	s.createNamespace()
	if err := s.Apply(t.Context(), `{apiVersion: v1, kind: LimitRange, metadata: {name: small, namespace: bad-limits}, spec: {limits: [{type: Container, max: {memory: 64Mi}}]}}`); err != nil {
		t.Fatal(err)
	}
	got := s.want(3, "deploy", "-o", "json")
	s.wantText(got.stderr, "maximum memory usage per Container is 64Mi")
	if r := decoded[refusal](t, got); len(r.Objects) != 7 || !strings.Contains(r.Error, "is not ready") {
		t.Errorf("reported: %+v", r)
	}
}

// imagePolicy refuses Deployments of a namespace whose images are not from the registry.
const imagePolicy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %[1]s-images}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
  - expression: object.spec.template.spec.containers.all(c, c.image.startsWith("registry.example.com/"))
    message: images come from registry.example.com
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %[1]s-images}
spec: {policyName: %[1]s-images, validationActions: [Deny]}
`

// policyRefusal is what the API server says when the policy applies.
const policyRefusal = `is forbidden: ValidatingAdmissionPolicy '%[1]s-images' with binding '%[1]s-images' denied request: images come from registry.example.com`

// inForce waits until the API server refuses Deployments in a namespace: it learns of policies and webhooks some time after
// they were made.
func (s *site) inForce(namespace string) {
	s.t.Helper()
	wait.For(s.t, clusterLimit, "the refusal to be in force", func() bool {
		_, err := s.Kubectl(s.t.Context(), "create", "deployment", "probe", "--image=localhost/probe:1", "-n", namespace, "--dry-run=server")
		return err != nil
	})
}

func testBadPolicy(t *testing.T) {
	s := newSite(t, "bad-policy")
	s.createNamespace()
	s.create(fmt.Sprintf(imagePolicy, s.namespace))
	s.inForce(s.namespace)
	hint := "hint: a policy of the cluster refuses the object: change it with --set deploy.… or --patch"
	s.wantRefused("deploy", nil, `error: apply deployment/otlp-receiver: deployments.apps "otlp-receiver" `+fmt.Sprintf(policyRefusal, s.namespace), hint)
	s.wantRefused("diff", nil, "apply deployment/otlp-receiver: ", hint)
	s.wantNothing()
	s.want(0, "deploy", "--no-wait", "--image", "registry.example.com/otlp-receiver:1")
	// What is there stays as it is.
	s.wantRefused("deploy", []string{"--set", "exporters.debug.verbosity=detailed"}, "apply deployment/otlp-receiver: ", hint)
	if revision := decoded[told](t, s.rollout(0, "history", "-o", "json")).Revision; revision != 1 {
		t.Errorf("the revision is %d", revision)
	}
}

// In a namespace that is not there yet the API server says only later what it refuses: the namespace is reported, and with
// --atomic deleted again.
func testBadPolicyFirst(t *testing.T) {
	s := newSite(t, "bad-policy-first")
	s.createNamespace()
	s.create(fmt.Sprintf(imagePolicy, s.namespace))
	s.inForce(s.namespace)
	gone := func() {
		t.Helper()
		if _, err := s.Kubectl(t.Context(), "delete", "namespace", s.namespace); err != nil {
			t.Fatal(err)
		}
	}
	gone()
	refused := fmt.Sprintf(policyRefusal, s.namespace)
	got := s.want(1, "deploy", "-o", "json")
	s.wantText(got.stderr, "error: apply deployment/otlp-receiver: ", refused)
	r := decoded[refusal](t, got)
	if len(r.Objects) != 1 || r.Objects[0].Kind != "Namespace" || r.Objects[0].Action != "created" {
		t.Errorf("reported: %+v", r)
	}
	s.wantNothing()
	gone()
	s.wantText(s.want(1, "deploy", "--atomic").stderr, refused, "what was installed is deleted again")
	if s.namespaceExists() {
		t.Error("the namespace is left")
	}
}

// Names that no object can have are found before anything is asked for.
func testBadNames(t *testing.T) {
	s := newSite(t, "bad-names")
	requests := s.watchRequests()
	for _, args := range [][]string{
		{"deploy", "k8s", "-n", "Up/../per"},
		{"diff", "k8s", "--name", "a_b"},
		{"delete", "k8s", "-n", "kube-system/x", "--name", "d", "--yes"},
		{"status", "k8s", "-n", "../nodes", "--name", "d"},
		{"rollout", "undo", "-n", "n", "--name", "d/../e"},
		{"rollout", "history", "-n", "A", "--name", "d"},
	} {
		got := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: append(args, "--kubeconfig", s.kubeconfig)})
		if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, "name") {
			t.Errorf("%v: exit %d\n%s%s", args, got.code, got.stdout, got.stderr)
		}
	}
	requests.mu.Lock()
	defer requests.mu.Unlock()
	if n := len(requests.requests); n > 0 {
		t.Errorf("%d requests", n)
	}
}
