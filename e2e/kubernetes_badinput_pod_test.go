package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// deployer is a Job that deploys from within the cluster, with the image of the receiver itself.
const deployer = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: deployer, namespace: %[1]s}
---
apiVersion: batch/v1
kind: Job
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  backoffLimit: 0
  template:
    spec:
      serviceAccountName: deployer
      restartPolicy: Never
      containers:
      - name: deployer
        image: ` + receiverImage + `
        imagePullPolicy: Never
        args: [deploy, k8s, --config, /deploy/otel.yaml, -n, %[1]s, --set, deploy.create_namespace=false]
        volumeMounts: [{name: config, mountPath: /deploy}]
      volumes: [{name: config, configMap: {name: deployer}}]
`

// A pod deploys with the account that it has: without a kubeconfig, with the documented Role, and not without it.
func testDeployInPod(t *testing.T) {
	s := newSite(t, "bad-pod")
	s.createNamespace()
	if _, err := s.Kubectl(t.Context(), "create", "configmap", "deployer", "-n", s.namespace, "--from-file", s.config); err != nil {
		t.Fatal(err)
	}
	code, log := s.runDeployer("first")
	if code != "1" {
		t.Errorf("exit %s without a right\n%s", code, log)
	}
	s.wantText(log, "error: the account of this pod may not do everything in the namespace bad-pod that deploying takes: ", "patch deployments.apps",
		"hint: docs/kubernetes-role.yaml is a Role with all that is needed")
	s.wantNothing()
	s.grant(documentedRole(t, s.namespace), "patch", "deployments.apps")
	code, log = s.runDeployer("second")
	if code != "0" {
		t.Errorf("exit %s\n%s", code, log)
	}
	s.wantText(log, "otlp-receiver in bad-pod is ready: revision 1, ")
	s.wantText(s.rollout(0, "history").stdout, "\tsystem:serviceaccount:bad-pod:deployer\t")
	// Who comes from outside finds it as it is to be.
	s.wantText(s.want(0, "deploy", "--set", "deploy.create_namespace=false").stderr, "revision 1, 6 unchanged")
}

// runDeployer runs the Job under a name to its end and returns its exit code, and what it has said.
func (s *site) runDeployer(job string) (code, log string) {
	s.t.Helper()
	if err := s.Apply(s.t.Context(), fmt.Sprintf(deployer, s.namespace, job)); err != nil {
		s.t.Fatal(err)
	}
	wait.For(s.t, clusterLimit, "the end of the Job", func() bool {
		text, err := s.Kubectl(s.t.Context(), "get", "pods", "-n", s.namespace, "-l", "job-name="+job,
			"-o", "jsonpath={.items[*].status.containerStatuses[0].state.terminated.exitCode}")
		code = strings.TrimSpace(string(text))
		return err == nil && code != ""
	})
	text, err := s.Kubectl(s.t.Context(), "logs", "-n", s.namespace, "job/"+job)
	if err != nil {
		s.t.Fatal(err)
	}
	return code, string(text)
}
