package e2e_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// clusterLimit bounds what a cluster does on a machine that does much else.
const clusterLimit = 2 * time.Minute

// hello is a cluster that serves testdata/kubernetes/hello.yaml: a pod on each node, and a Service.
type hello struct{ *kubernetes.Cluster }

// The cluster of the tests is a real one, as far as tests rely on it: probes, Services, logs, accounts, lost nodes.
func TestKubernetesCluster(t *testing.T) {
	h := hello{kubernetes.Need(t)}
	h.deploy(t)
	t.Run("a pod is ready on every node", h.testPods)
	t.Run("a Service answers through kube-proxy", h.testService)
	t.Run("logs", h.testLogs)
	t.Run("the API server from outside, with an account", h.testAccount)
	t.Run("no way out", h.testNoWayOut)
	t.Run("a node is lost and comes back", h.testNodeLoss)
}

func (h hello) deploy(t *testing.T) {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "hello.tar")
	if err := kubernetes.WriteImage(t.Context(), archive, "localhost/hello:1", "harness/kubernetes/hello"); err != nil {
		t.Fatal(err)
	}
	if err := h.LoadImage(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
	manifests, err := os.ReadFile("testdata/kubernetes/hello.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Apply(t.Context(), string(manifests)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if _, err := h.Kubectl(ctx, "delete", "namespace", "hello", "--timeout="+clusterLimit.String()); err != nil {
			t.Error(err)
		}
	})
	h.waitPods(t)
}

// waitPods waits until every pod is ready, and says what the pods say if that does not happen.
func (h hello) waitPods(t *testing.T) {
	t.Helper()
	_, err := h.Kubectl(t.Context(), "rollout", "status", "-n", "hello", "daemonset/hello", "--timeout="+clusterLimit.String())
	if err != nil {
		pods, _ := h.Kubectl(t.Context(), "describe", "pods", "-n", "hello")
		t.Fatalf("%v\n%s", err, pods)
	}
}

// get returns a field of objects in the namespace, as words.
func (h hello) get(t *testing.T, objects, path string) []string {
	t.Helper()
	out, err := h.Kubectl(t.Context(), "get", "-n", "hello", objects, "-o", "jsonpath={"+path+"}")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// ask sends a request to the Service and returns which pod answered.
func (h hello) ask(t *testing.T) (string, error) {
	t.Helper()
	client := http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{DialContext: h.Dial, DisableKeepAlives: true}, // every request is balanced anew
	}
	url := "http://" + h.get(t, "service/hello", ".spec.clusterIP")[0] + "/"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	name, err := io.ReadAll(response.Body)
	return strings.TrimSpace(string(name)), err
}

func (h hello) testPods(t *testing.T) {
	nodes := h.get(t, "pods", ".items[*].spec.nodeName")
	slices.Sort(nodes)
	if want := []string{"node-0", "node-1"}; !slices.Equal(nodes, want) {
		t.Errorf("pods run on %v, want %v", nodes, want)
	}
	zones := h.get(t, "nodes", `.items[*].metadata.labels.topology\.kubernetes\.io/zone`)
	if want := []string{"zone-0", "zone-1"}; !slices.Equal(zones, want) {
		t.Errorf("nodes are in %v, want %v", zones, want)
	}
}

func (h hello) testService(t *testing.T) {
	missing := h.get(t, "pods", ".items[*].metadata.name")
	wait.For(t, clusterLimit, "an answer of every pod", func() bool {
		name, err := h.ask(t)
		if err != nil {
			t.Log(err)
		}
		missing = slices.DeleteFunc(missing, func(pod string) bool { return pod == name })
		return len(missing) == 0
	})
}

func (h hello) testLogs(t *testing.T) {
	for _, pod := range h.get(t, "pods", ".items[*].metadata.name") {
		log, err := h.Kubectl(t.Context(), "logs", "-n", "hello", pod)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(log), "GET /ready\n") {
			t.Errorf("the log of %s has no probe:\n%s", pod, log)
		}
	}
}

func (h hello) testAccount(t *testing.T) {
	kubeconfig, err := h.ServiceAccount(t.Context(), "hello", "default")
	if err != nil {
		t.Fatal(err)
	}
	outside := process.Spec{
		Name: "kubectl", Path: filepath.Join(h.Bin(), "kubectl"), Env: []string{"KUBECONFIG=" + kubeconfig},
		Args: []string{"auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"},
	}
	for _, spec := range []process.Spec{outside, h.Inside(outside)} {
		p := process.Run(t, spec)
		if code, err := p.Wait(t.Context()); code != 0 || err != nil {
			t.Fatalf("kubectl: exit code %d, %v", code, err)
		}
		name, err := os.ReadFile(p.StdoutPath())
		if want := "system:serviceaccount:hello:default"; string(name) != want || err != nil {
			t.Errorf("the API server knows the account as %q, want %q; %v", name, want, err)
		}
	}
}

func (h hello) testNoWayOut(t *testing.T) {
	const documentation = "192.0.2.1:80" // an address that every network would route outside
	conn, err := h.Dial(t.Context(), "tcp", documentation)
	if !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("a connection to %s: %v, %v; want %v", documentation, conn, err, unix.ENETUNREACH)
	}
}

func (h hello) testNodeLoss(t *testing.T) {
	lost := h.Nodes()[0]
	ip := h.podIP(t, lost)
	if err := lost.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.wait(t, "condition=Ready=Unknown", "node/"+lost.Name())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if conn, err := h.Dial(ctx, "tcp", ip+":8080"); !isTimeout(err) {
		t.Errorf("a pod of a lost node: %v, %v; want silence", conn, err)
	}
	wait.For(t, clusterLimit, "the Service to answer", func() bool {
		_, err := h.ask(t)
		return err == nil
	})
	if err := lost.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.WaitReady(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	h.waitPods(t)
	if ip := h.podIP(t, lost); !h.listens(t, ip+":8080") {
		t.Errorf("the pod of the node that came back does not listen on %s", ip)
	}
}

func (h hello) podIP(t *testing.T, n *kubernetes.Node) string {
	t.Helper()
	return h.get(t, "pods", `.items[?(@.spec.nodeName=="`+n.Name()+`")].status.podIP`)[0]
}

func (h hello) wait(t *testing.T, condition, object string) {
	t.Helper()
	if _, err := h.Kubectl(t.Context(), "wait", "--for="+condition, object, "--timeout="+clusterLimit.String()); err != nil {
		t.Fatal(err)
	}
}

func (h hello) listens(t *testing.T, addr string) bool {
	t.Helper()
	conn, err := h.Dial(t.Context(), "tcp", addr)
	if err != nil {
		t.Log(err)
		return false
	}
	return conn.Close() == nil
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}
