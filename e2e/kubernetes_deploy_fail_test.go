package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const noImage = "localhost/no-such-image:1"

// A deployment that cannot become ready is undone: image and configuration.
func testDeployAtomic(t *testing.T) {
	s := newSite(t, "deploy-atomic")
	s.want(0, "deploy")
	before := s.configMap()
	got := s.want(3, "deploy", "--atomic", "--image", noImage, "--set", "exporters.debug.verbosity=detailed")
	s.wantText(got.stderr, "revision 1 is back since the deployment failed: ", noImage)
	if got.stdout != "" {
		t.Errorf("a failure prints %q", got.stdout)
	}
	if image := s.field("deployment/otlp-receiver", ".spec.template.spec.containers[0].image"); image != receiverImage {
		t.Errorf("the image is %s", image)
	}
	if now := s.configMap(); now != before {
		t.Errorf("the ConfigMap is %s, and was %s", now, before)
	}
	s.wantText(s.want(0, "deploy").stderr, "7 unchanged")
	s.wantText(s.rollout(0, "history").stdout, "\trevision 1 restored, as 2 failed: ")
	s.wantText(s.rollout(1, "undo").stderr, "there is nothing to go back to", "hint: revision 2 failed: --to-revision 2 applies it all the same")
	result := decoded[struct {
		Undone, Ready bool
		Revision      int
		Error         string
	}](t, s.want(3, "deploy", "--atomic", "--image", noImage, "-o", "json"))
	if !result.Undone || result.Ready || result.Revision != 5 || result.Error == "" {
		t.Errorf("reported %+v", result)
	}
	s.wantText(s.want(3, "deploy", "--image", noImage).stderr, "hint: otlpctl rollout undo -n deploy-atomic --name otlp-receiver goes back to revision 5")
}

// What was installed for the first time, and does not become ready, is deleted.
func testDeployAtomicFirst(t *testing.T) {
	s := newSite(t, "deploy-first")
	s.wantText(s.want(3, "deploy", "--atomic", "--image", noImage).stderr, "what was installed is deleted again")
	left, err := s.Kubectl(t.Context(), "get", "namespace", s.namespace, "--ignore-not-found")
	if err != nil || len(left) > 0 {
		t.Errorf("left: %s, %v", left, err)
	}
}

// Ctrl-C ends the waiting, and nothing is left locked.
func testDeployInterrupted(t *testing.T) {
	s := newSite(t, "deploy-interrupted")
	p := s.start("deploy", "--set", "deploy.resources.requests.cpu=900", "--set", "deploy.resources.limits.cpu=900")
	wait.For(t, clusterLimit, "the pods", func() bool { return strings.Contains(p.Tail(1<<16), "0 of 2 pods available") })
	if names := s.names("leases"); len(names) != 1 {
		t.Errorf("leases %v", names)
	}
	began := time.Now()
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	code, err := p.Wait(t.Context())
	if code != 130 || err != nil {
		t.Errorf("exit %d, %v", code, err)
	}
	t.Logf("ended after %s", time.Since(began))
	text, err := os.ReadFile(p.StderrPath())
	if err != nil {
		t.Fatal(err)
	}
	s.wantText(string(text), "error: interrupted", "hint: the rollout goes on in the cluster")
	if names := s.names("leases"); len(names) > 0 {
		t.Errorf("locked: %v", names)
	}
}

func (s *site) namespaceExists() bool {
	text, err := s.Kubectl(s.t.Context(), "get", "namespace", s.namespace, "--ignore-not-found")
	return err == nil && len(text) > 0
}

// Whoever deploys second is told who is first. A lease that has expired is nobody's.
func testDeployTwice(t *testing.T) {
	s := newSite(t, "deploy-twice")
	s.want(0, "deploy", "--no-wait")
	lease := func(renewed time.Time) {
		t.Helper()
		err := s.Apply(t.Context(), fmt.Sprintf(`
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: otlp-receiver-deploy, namespace: %s}
spec: {holderIdentity: ann on laptop, leaseDurationSeconds: 30, renewTime: %q}
`, s.namespace, renewed.UTC().Format("2006-01-02T15:04:05.000000Z")))
		if err != nil {
			t.Fatal(err)
		}
	}
	changed := []string{"--no-wait", "--set", "exporters.debug.verbosity=detailed"}
	lease(time.Now())
	s.wantText(s.want(1, "deploy", changed...).stderr, "is being deployed by ann on laptop")
	s.wantText(s.want(1, "delete", "--yes").stderr, "is being deployed by ann on laptop")
	s.wantText(s.want(0, "deploy", "--no-wait").stderr, "7 unchanged") // which needs no lease
	lease(time.Now().Add(-time.Minute))
	s.want(0, "deploy", changed...)
	if names := s.names("leases"); len(names) > 0 {
		t.Errorf("locked: %v", names)
	}
}

// The Role of the documentation is enough, and what is missing in a lesser one is named.
func testDeployRole(t *testing.T) {
	s := newSite(t, "deploy-role")
	kubeconfig := s.deployer()
	s.kubeconfig = kubeconfig
	inside := []string{"--set", "deploy.create_namespace=false"}
	s.wantText(s.want(1, "deploy", inside...).stderr, "may not do everything", "create leases.coordination.k8s.io", "patch deployments.apps")
	text, err := os.ReadFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	s.kubeconfig = s.config + ".expired"
	replace(t, s.kubeconfig, strings.Replace(string(text), `"token": "`, `"token": "x`, 1))
	s.wantText(s.want(1, "deploy", inside...).stderr, `does not accept the credentials of the context "otlpctl-test"`, "log in again")
	s.kubeconfig = kubeconfig
	s.grant(documentedRole(t, s.namespace), "patch", "deployments.apps")
	s.want(0, "deploy", inside...)
	s.want(0, "deploy", append(inside, "--set", "exporters.debug.verbosity=detailed")...)
	s.want(0, "delete", "--yes")
}

// grant makes a Role for the account of the test, and waits until the API server goes by it: until the account may do one
// thing that it could not do before.
func (s *site) grant(role string, thing ...string) {
	s.t.Helper()
	if err := s.Apply(s.t.Context(), role); err != nil {
		s.t.Fatal(err)
	}
	ask := append([]string{"auth", "can-i", "-n", s.namespace, "--as=system:serviceaccount:" + s.namespace + ":deployer"}, thing...)
	wait.For(s.t, clusterLimit, "the Role to count", func() bool {
		_, err := s.Kubectl(s.t.Context(), ask...) // which fails with "no"
		return err == nil
	})
}

// documentedRole returns the documented Role, bound to the account of the test.
func documentedRole(t *testing.T, namespace string) string {
	t.Helper()
	role, err := os.ReadFile("../docs/kubernetes-role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(role), "namespace: observability", "namespace: "+namespace)
}

// What cannot be changed is named, and made anew on demand only.
func testDeployImmutable(t *testing.T) {
	s := newSite(t, "deploy-immutable")
	s.want(0, "deploy", "--no-wait")
	uid := s.field("service/otlp-receiver", ".metadata.uid")
	patch := s.config + ".patch.yaml"
	replace(t, patch, "kind: Service\nspec: {clusterIP: None}\n")
	got := s.want(1, "deploy", "--no-wait", "--patch", patch)
	s.wantText(got.stderr, "service/otlp-receiver: spec.clusterIP", "--recreate Service/otlp-receiver")
	s.want(2, "deploy", "--no-wait", "--patch", patch, "--recreate", "Service/otlp-receiver")
	s.want(2, "deploy", "--no-wait", "--patch", patch, "--recreate", "Service/other")
	s.want(0, "deploy", "--no-wait", "--patch", patch, "--recreate", "Service/otlp-receiver", "--yes")
	if now := s.field("service/otlp-receiver", ".metadata.uid .spec.clusterIP"); strings.Contains(now, uid) {
		t.Errorf("the Service is %s", now)
	}
}

// What the cluster does not allow is said before anything is changed.
func testDeployRefused(t *testing.T) {
	s := newSite(t, "deploy-refused")
	s.wantText(s.want(1, "deploy", "--set", "deploy.create_namespace=false").stderr, "the namespace deploy-refused does not exist", "hint: kubectl create namespace")
	if err := s.Apply(t.Context(), `
apiVersion: v1
kind: Namespace
metadata: {name: deploy-refused, finalizers: [example.com/test]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: small, namespace: deploy-refused}
spec: {hard: {requests.memory: 300Mi}}
`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = s.Kubectl(context.WithoutCancel(t.Context()), "patch", "namespace", s.namespace, "--type=merge", "-p", `{"metadata": {"finalizers": null}}`)
	})
	wait.For(t, clusterLimit, "the quota to count", func() bool { return s.field("resourcequota/small", `.status.hard.requests\.memory`) == "300Mi" })
	s.wantText(s.want(1, "deploy").stderr, "ResourceQuota/small leaves no room for 2 more pods: requests.memory 512Mi, and 300Mi is left")
	s.wantText(s.want(1, "deploy", "--set", "deploy.monitor.kind=ServiceMonitor").stderr, "ResourceQuota/small")
	if _, err := s.Kubectl(t.Context(), "delete", "namespace", s.namespace, "--wait=false"); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.want(1, "deploy").stderr, "the namespace deploy-refused is being deleted")
	s.wantText(s.want(1, "diff", "-n", "default", "--set", "deploy.monitor.kind=ServiceMonitor").stderr, "the cluster has no kind ServiceMonitor")
}
