package e2e_test

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// The pods of a Service come and go in the EndpointSlices of the cluster.
func TestResolveKubernetes(t *testing.T) {
	loadReceiver(t)
	s := newSite(t, "resolve")
	const service = "kubernetes:///resolve/otlp-receiver"
	url := service + ":grpc?kubeconfig=" + s.kubeconfig
	w := watchService(t, url)
	w.waitSaid("note: there are no instances")
	s.want(0, "deploy")
	w.waitPods(s, 2)

	pods := strings.Fields(s.field("pods", ".items[*].metadata.name"))
	if _, err := s.Kubectl(t.Context(), "delete", "pod", "-n", s.namespace, pods[0], "--wait=false"); err != nil {
		t.Fatal(err)
	}
	wait.For(t, discoveryLimit, "the pod to go", func() bool { return !strings.Contains(w.instances(), pods[0]+"=") })
	w.waitPods(s, 2)
	w.interrupt()

	got := resolveOnce(t, nil, url+"&zone=zone-0")
	if fields := strings.Fields(got.stdout); got.code != 0 || len(fields) != 3 || !strings.HasSuffix(fields[1], ":4317") || fields[2] != "zone-0" {
		t.Errorf("in zone-0 there are %q: exit %d, %s", got.stdout, got.code, got.stderr)
	}
	wantResolved(t, 1, "", "the Service has no port jaeger: its endpoints have: ", service+":jaeger?kubeconfig="+s.kubeconfig)
	wantResolved(t, 1, "", ": no instances\n", "kubernetes:///resolve/other:grpc?kubeconfig="+s.kubeconfig)

	account, err := s.ServiceAccount(t.Context(), s.namespace, "default")
	if err != nil {
		t.Fatal(err)
	}
	wantResolved(t, 1, "", `cannot list resource "endpointslices"`, service+":grpc?kubeconfig="+account)
}

// waitPods waits until exactly the pods that are ready are there, and so many.
func (r *resolving) waitPods(s *site, n int) {
	r.t.Helper()
	wait.For(r.t, clusterLimit, "the pods", func() bool {
		var want []string
		for pod := range strings.FieldsSeq(s.field("pods", `range .items[*]}{.metadata.name}={.status.podIP}={.metadata.deletionTimestamp}={.status.containerStatuses[0].ready}{"\n"}{end`)) {
			if name, rest, _ := strings.Cut(pod, "="); strings.HasSuffix(rest, "==true") {
				want = append(want, name+"="+strings.TrimSuffix(rest, "==true")+":4317")
			}
		}
		return len(want) == n && r.instances() == strings.Join(want, " ")
	})
	r.t.Logf("%d pods: %s", n, r.instances())
}
