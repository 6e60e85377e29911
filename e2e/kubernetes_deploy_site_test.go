package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// receiverImage is what the tests deploy.
const receiverImage = "localhost/otlp-receiver:deploy"

// quickPods are pods that become ready, and stop, as soon as they can. A kubelet that is busy calls a pod that
// has just become ready unready once more, for a moment and without any probe having failed: it wrote down what
// it knew before. Seconds of min_ready_seconds are whole ones, so it takes two of them for a pod that counts as
// available to stay so.
const quickPods = `
exporters: {debug: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}, shutdown: {delay: 0s}}
deploy:
  image: ` + receiverImage + `
  image_pull_policy: Never
  min_ready_seconds: 2
  pre_stop_seconds: 0
  resources: {requests: {cpu: 20m, memory: 256Mi}}
  probes:
    liveness: {initial_delay_seconds: 1}
    readiness: {initial_delay_seconds: 0, period_seconds: 1}
    startup: {period_seconds: 1}
  autoscaling: {min_replicas: 2, memory_utilization: 0}
`

// site is a namespace of the shared cluster to deploy to.
type site struct {
	*kubernetes.Cluster
	t          *testing.T
	namespace  string
	config     string // a file
	kubeconfig string
}

// newSite returns a namespace that does not exist yet, and what is to be deployed there.
func newSite(t *testing.T, namespace string) *site {
	t.Helper()
	s := &site{Cluster: kubernetes.Need(t), t: t, namespace: namespace, config: filepath.Join(t.TempDir(), "otel.yaml")}
	s.kubeconfig = s.Kubeconfig()
	replace(t, s.config, "receivers: {otlp: {protocols: {grpc: {}, http: {}}}}"+quickPods)
	t.Cleanup(func() {
		_, err := s.Kubectl(context.WithoutCancel(t.Context()), "delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
		if err != nil {
			t.Error(err)
		}
	})
	return s
}

// loadReceiver brings the image of the receiver to the nodes.
func loadReceiver(t *testing.T) {
	t.Helper()
	loadReceiverAs(t, receiverImage)
}

// loadReceiverAs is loadReceiver with another name for the image.
func loadReceiverAs(t *testing.T, tag string) {
	t.Helper()
	c := kubernetes.Need(t)
	archive := filepath.Join(t.TempDir(), "receiver.tar")
	buildImage(t, nil, "--binary", otlpctl(t), "--tag", tag, "--output", "docker-archive:"+archive)
	if err := c.LoadImage(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
}

// args returns the arguments of a command about the site.
func (s *site) args(verb string, more ...string) []string {
	return append([]string{verb, "k8s", "--config", s.config, "-n", s.namespace, "--kubeconfig", s.kubeconfig}, more...)
}

// want runs a command that must end with that exit code.
func (s *site) want(code int, verb string, more ...string) outcome {
	s.t.Helper()
	got := runWithin(s.t, clusterLimit, process.Spec{Name: "otlpctl", Path: otlpctl(s.t), Args: s.args(verb, more...)})
	if got.code != code {
		s.t.Fatalf("%s k8s %v: exit %d, want %d\n%s%s", verb, more, got.code, code, got.stdout, got.stderr)
	}
	return got
}

// wantText checks what a command says.
func (s *site) wantText(text string, wanted ...string) {
	s.t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			s.t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// object returns an object of the namespace, or nil.
func (s *site) object(name string) map[string]any {
	s.t.Helper()
	text, err := s.Kubectl(s.t.Context(), "get", "-n", s.namespace, name, "-o", "json", "--ignore-not-found", "--show-managed-fields")
	if err != nil {
		s.t.Fatal(err)
	}
	if len(text) == 0 {
		return nil
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		s.t.Fatal(err)
	}
	return object
}

// field returns what a JSONPath finds in an object, or in several.
func (s *site) field(name, path string) string {
	s.t.Helper()
	text, err := s.Kubectl(s.t.Context(), "get", "-n", s.namespace, name, "-o", "jsonpath={"+path+"}")
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// actions returns what happened to each object that a command reports.
func actions(t *testing.T, o outcome) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(o.stdout) {
		name, action, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			t.Fatalf("%q is no row", line)
		}
		all[name] = action
	}
	return all
}

// apiProxy stands before the API server and counts what is asked of it.
type apiProxy struct {
	mu       sync.Mutex
	requests []*http.Request
	// refuse says which requests are answered with 500.
	refuse func(*http.Request) bool
	// hold says which requests are not answered at all.
	hold func(*http.Request) bool
}

// watchRequests has the commands of the site go through a proxy.
func (s *site) watchRequests() *apiProxy {
	s.t.Helper()
	p := &apiProxy{}
	upstream, transport, err := s.Administrator()
	if err != nil {
		s.t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(upstream)
	forward.Transport, forward.FlushInterval = transport, -1
	listener, err := loopback.Listen(s.t.Context(), "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch refused, held := p.record(r); {
		case refused:
			http.Error(w, "refused by the test", http.StatusInternalServerError)
		case held:
			_, _ = io.Copy(io.Discard, r.Body) // or the end of the client shows nowhere
			<-r.Context().Done()
		default:
			forward.ServeHTTP(w, r)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	s.t.Cleanup(func() {
		_ = server.Close()
		transport.CloseIdleConnections()
	})
	s.kubeconfig = filepath.Join(s.t.TempDir(), "proxied")
	replace(s.t, s.kubeconfig, `{"apiVersion": "v1", "kind": "Config", "current-context": "proxied",
		"clusters": [{"name": "proxied", "cluster": {"server": "http://`+listener.Addr().String()+`"}}],
		"contexts": [{"name": "proxied", "context": {"cluster": "proxied", "user": ""}}]}`)
	return p
}

func (p *apiProxy) record(r *http.Request) (refused, held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, r)
	return p.refuse != nil && p.refuse(r), p.hold != nil && p.hold(r)
}

// changing returns the requests that could change something: no dry runs, and no questions.
func (p *apiProxy) changing() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []string
	for _, r := range p.requests {
		asks := strings.HasPrefix(r.URL.Path, "/apis/authorization.k8s.io/") || strings.HasPrefix(r.URL.Path, "/apis/authentication.k8s.io/")
		if r.Method != http.MethodGet && !asks && r.URL.Query().Get("dryRun") != "All" {
			found = append(found, r.Method+" "+r.URL.Path)
		}
	}
	return found
}

// names returns the names of all objects of a kind.
func (s *site) names(kind string) []string {
	s.t.Helper()
	names := strings.Fields(s.field(kind, ".items[*].metadata.name"))
	slices.Sort(names)
	return names
}

// deployer makes the namespace, and an account in it that has no rights yet. It returns its kubeconfig.
func (s *site) deployer() string {
	s.t.Helper()
	if err := s.Apply(s.t.Context(), fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: deployer, namespace: %[1]s}
`, s.namespace)); err != nil {
		s.t.Fatal(err)
	}
	kubeconfig, err := s.ServiceAccount(s.t.Context(), s.namespace, "deployer")
	if err != nil {
		s.t.Fatal(err)
	}
	return kubeconfig
}
