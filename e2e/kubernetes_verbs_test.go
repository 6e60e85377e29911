package e2e_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// verbsImage is another name of the image that the tests deploy.
const verbsImage = "localhost/otlp-receiver:2.0.0"

// The operator's verbs on what is deployed, on one cluster for all of them.
func TestKubernetesVerbs(t *testing.T) {
	loadReceiver(t)
	loadReceiverAs(t, verbsImage)
	t.Run("image", testVerbImage)
	t.Run("scale", testVerbScale)
	t.Run("scale a number", testVerbScaleNumber)
	t.Run("describe", testVerbDescribe)
	t.Run("explain", testVerbExplain)
}

// verb runs a command about the deployment that must end with that exit code.
func (s *site) verb(code int, verb string, more ...string) outcome {
	s.t.Helper()
	args := append([]string{verb, "-n", s.namespace, "--name", "otlp-receiver", "--kubeconfig", s.kubeconfig}, more...)
	got := runWithin(s.t, clusterLimit, process.Spec{Name: "otlpctl", Path: otlpctl(s.t), Args: args})
	if got.code != code {
		s.t.Fatalf("%s %v: exit %d, want %d\n%s%s", verb, more, got.code, code, got.stdout, got.stderr)
	}
	return got
}

// Another image is a revision of its own, and changes nothing else.
func testVerbImage(t *testing.T) {
	t.Parallel()
	s := newSite(t, "verbs-image")
	s.wantText(s.rollout(1, "image", verbsImage).stderr, "otlp-receiver in verbs-image has no revisions")
	s.want(0, "deploy")
	config := s.configMap()
	requests := s.watchRequests()
	s.wantText(s.rollout(0, "image", receiverImage).stderr, "revision 1, 7 unchanged")
	got := s.rollout(4, "image", verbsImage, "--dry-run", "--diff", "--exit-code")
	s.wantText(got.stdout, "containers[otlp-receiver].image\t"+receiverImage+"\t"+verbsImage+"\n",
		"\tmetadata.labels.version\tdeploy\tv2.0.0\n", "labels[app.kubernetes.io/version]\tdeploy\t2.0.0\n")
	if made := requests.changing(); len(made) > 0 {
		t.Errorf("nothing was to change, and it has made %v", made)
	}
	got = s.rollout(0, "image", verbsImage)
	s.wantText(got.stderr, "is ready: revision 2, 1 configured, 6 unchanged", "note: the configuration says "+receiverImage+", which the next deployment brings back")
	if s.image() != verbsImage || s.configMap() != config {
		t.Errorf("it runs %s with %s, want %s with %s", s.image(), s.configMap(), verbsImage, config)
	}
	if version := s.field("pods", `.items[*].metadata.labels.version`); !strings.Contains(version, "v2.0.0") {
		t.Errorf("the pods have the version %q", version)
	}
	h := decoded[told](t, s.rollout(0, "history", "-o", "json"))
	if last := h.Revisions[len(h.Revisions)-1]; h.Revision != 2 || last.Image != verbsImage || last.Restores != 0 || last.ConfigHash != h.Revisions[0].ConfigHash {
		t.Errorf("the history is %+v", h)
	}
	s.wantText(s.want(4, "diff").stdout, ".image\t"+verbsImage+"\t"+receiverImage+"\n")
	s.rollout(0, "undo", "--no-wait")
	if s.image() != receiverImage {
		t.Errorf("after the undo it runs %s", s.image())
	}
}

// scaledTo is what scale tells in JSON, as far as the tests look at it.
type scaledTo struct {
	Action        string
	Before, After struct {
		Replicas int
		Min      int `json:"min_replicas"`
		Max      int `json:"max_replicas"`
	}
	Raised  bool `json:"max_raised"`
	Kept    *bool
	Ready   *bool
	PutBack []struct {
		Key         string
		Value, Keep int
	} `json:"put_back"`
}

// With an autoscaler its bounds change. Nothing keeps them but the configuration.
func testVerbScale(t *testing.T) {
	t.Parallel()
	s := newSite(t, "verbs-scale")
	s.wantText(s.verb(1, "scale", "3").stderr, "error: there is no deployment/otlp-receiver in verbs-scale")
	s.want(0, "deploy")
	requests := s.watchRequests()
	s.wantText(s.verb(1, "scale", "0").stderr, "horizontalpodautoscaler/otlp-receiver in verbs-scale keeps 1 pod at least", "hint: ")
	raised := decoded[scaledTo](t, s.verb(0, "scale", "12", "--dry-run", "-o", "json"))
	if raised.After.Min != 12 || raised.After.Max != 12 || !raised.Raised || raised.Before.Max != 10 || raised.Ready != nil {
		t.Errorf("12 pods are %+v", raised)
	}
	s.wantText(s.verb(0, "scale", "2").stdout, "horizontalpodautoscaler/otlp-receiver\tunchanged\tmin_replicas\t2\t2\n")
	if made := requests.changing(); len(made) > 0 {
		t.Errorf("nothing was to change, and it has made %v", made)
	}
	got := s.verb(0, "scale", "--replicas", "3")
	s.wantText(got.stdout, "horizontalpodautoscaler/otlp-receiver\tconfigured\tmin_replicas\t2\t3\n")
	s.wantText(got.stderr, "3 of 3 pods available",
		"note: the next deployment sets deploy.autoscaling.min_replicas: 2 again, as revision 1 says; to keep it as it is now, set deploy.autoscaling.min_replicas: 3")
	if n := s.field("deployment/otlp-receiver", ".status.availableReplicas"); n != "3" {
		t.Errorf("%s pods are available", n)
	}
	// It is otlpctl's own change, which the next deployment does not complain about, and no pod was replaced.
	s.wantText(s.want(0, "deploy", "--dry-run", "--diff").stdout, "horizontalpodautoscaler/otlp-receiver\tconfigured\tspec.minReplicas\t3\t2\n")
	kept := decoded[scaledTo](t, s.verb(0, "scale", "3", "-o", "json", "--no-wait", "--config", s.config))
	if kept.Action != "unchanged" || kept.Kept == nil || *kept.Kept || len(kept.PutBack) != 1 || kept.PutBack[0].Keep != 3 {
		t.Errorf("it is %+v", kept)
	}
	// Another image leaves it, and an undo of that shows what it does to it.
	s.rollout(0, "image", verbsImage, "--no-wait")
	if least := s.least(); least != "3" {
		t.Errorf("after another image the autoscaler keeps %s pods", least)
	}
	s.wantText(s.rollout(0, "undo", "--no-wait").stderr, "spec.minReplicas: 3 → 2\n")
	s.checkScaleConflict()
}

func (s *site) least() string {
	s.t.Helper()
	return s.field("hpa/otlp-receiver", ".spec.minReplicas")
}

// checkScaleConflict has somebody else scale.
func (s *site) checkScaleConflict() {
	s.t.Helper()
	_, err := s.Kubectl(s.t.Context(), "patch", "-n", s.namespace, "hpa/otlp-receiver", "--type=merge", "-p", `{"spec": {"minReplicas": 1}}`)
	if err != nil {
		s.t.Fatal(err)
	}
	s.wantText(s.verb(1, "scale", "2", "--no-wait").stderr, `spec.minReplicas was set by "kubectl-patch" to another value`, "--force-conflicts")
	s.verb(0, "scale", "2", "--no-wait", "--force-conflicts")
	if least := s.least(); least != "2" {
		s.t.Errorf("the autoscaler keeps %s pods", least)
	}
	s.wantText(s.want(0, "deploy", "--no-wait").stderr, "7 unchanged")
}

// Without an autoscaler it is a number, and pods that are too many are gone in the end.
func testVerbScaleNumber(t *testing.T) {
	t.Parallel()
	s := newSite(t, "verbs-number")
	fixed := []string{"--set", "deploy.autoscaling.enabled=false", "--set", "deploy.replicas=2"}
	s.want(0, "deploy", fixed...)
	before := s.names("pods")
	got := s.verb(0, "scale", "3")
	s.wantText(got.stdout, "deployment/otlp-receiver\tconfigured\treplicas\t2\t3\n")
	s.wantText(got.stderr, "3 of 3 pods available", "sets deploy.replicas: 2 again, as revision 1 says")
	if after := s.names("pods"); len(after) != 3 || !slices.ContainsFunc(after, func(pod string) bool { return pod == before[0] }) {
		t.Errorf("the pods are %v, after %v", after, before)
	}
	s.wantText(s.want(0, "deploy", append(fixed, "--dry-run", "--diff")...).stdout, "deployment/otlp-receiver\tconfigured\tspec.replicas\t3\t2\n")
	got = s.verb(0, "scale", "1")
	s.wantText(got.stderr, "warning: 1 of the 3 pods that high availability takes")
	if pods := s.names("pods"); len(pods) != 1 {
		t.Errorf("left are %v", pods)
	}
	s.wantText(s.verb(1, "scale", "--max", "5").stderr, "has no autoscaler", "hint: otlpctl scale NUMBER")
	s.verb(0, "scale", "0")
	if pods := s.names("pods"); len(pods) != 0 {
		t.Errorf("left are %v", pods)
	}
	s.wantText(s.want(0, "deploy", append(fixed, "--no-wait")...).stderr, "spec.replicas: 0 → 2\n")
	if _, err := s.Kubectl(t.Context(), "scale", "-n", s.namespace, "deployment/otlp-receiver", "--replicas=1"); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.verb(1, "scale", "2").stderr, `spec.replicas was set by "kubectl" to another value`)
	s.verb(0, "scale", "2", "--force-conflicts")
	s.wantText(s.want(0, "deploy", fixed...).stderr, "6 unchanged")
}

// describedAs is what describe tells in JSON, as far as the tests look at it.
type describedAs struct {
	Phase      string
	ConfigHash string `json:"config_hash"`
	Conditions []struct{ Type, Status string }
	Pods       []struct {
		Name, Phase, Node, Zone, IP string
		Containers                  []struct{ Name, State string }
		Status                      struct {
			Ready     bool
			Config    struct{ Hash string }
			Exporters []struct {
				Name  string
				Books map[string]struct{ Accepted, Exported, Queued int }
			}
		}
	}
	ReplicaSets []struct{ Current bool } `json:"replica_sets"`
	Probes      []struct{ Name string }
	Events      []struct{ Object, Reason string }
	Deployed    struct {
		Revision struct {
			Revision int
			User     string
		}
		Mode    string `json:"config_mode"`
		Objects []struct {
			Kind, State string
			ChangedBy   []struct{ Manager string } `json:"changed_by"`
		}
	}
}

// All that is known is on one page.
func testVerbDescribe(t *testing.T) {
	t.Parallel()
	s := newSite(t, "verbs-describe")
	s.wantText(s.verb(1, "describe").stderr, "error: nothing is deployed as otlp-receiver in verbs-describe", "hint: ")
	s.want(0, "deploy")
	s.sendSpan()
	if _, err := s.Kubectl(t.Context(), "label", "-n", s.namespace, "service/otlp-receiver", "team=a"); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.verb(0, "describe").stdout,
		"otlp-receiver in verbs-describe: ready, 2 of 2 pods available\n", "revision       1, deployed by ", receiverImage, ", versioned\n",
		"MinimumReplicasAvailable", " zone-0 ", " zone-1 ", "GET http :metrics/ready", "horizontalpodautoscaler/otlp-receiver", "1 may be evicted",
		"2 endpoints ready, 0 not", "kubectl-label", "ScalingReplicaSet", "  1           debug     traces  1         1         0 ", "nothing was accepted yet")
	d := decoded[describedAs](t, s.verb(0, "describe", "-o", "json"))
	if d.Phase != "ready" || len(d.Pods) != 2 || len(d.Conditions) == 0 || len(d.ReplicaSets) != 1 || !d.ReplicaSets[0].Current || len(d.Probes) != 3 {
		t.Errorf("it is %+v", d)
	}
	for _, p := range d.Pods {
		if p.Phase != "ready" || p.IP == "" || p.Zone == "" || len(p.Containers) != 1 || !p.Status.Ready || p.Status.Config.Hash != d.ConfigHash {
			t.Errorf("a pod is %+v", p)
		}
	}
	deployed := d.Deployed
	if deployed.Revision.Revision != 1 || deployed.Revision.User == "" || deployed.Mode != "versioned" || len(deployed.Objects) != 7 {
		t.Errorf("deployed is %+v", deployed)
	}
	for _, o := range deployed.Objects {
		if o.State != "there" || (len(o.ChangedBy) > 0) != (o.Kind == "Service") {
			t.Errorf("an object is %+v", o)
		}
	}
	if _, err := s.Kubectl(t.Context(), "delete", "-n", s.namespace, "deployment/otlp-receiver"); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.verb(1, "describe").stderr, "error: the Deployment of otlp-receiver in verbs-describe is gone: revision 1 was deployed by ", "--to-revision 1 makes it again")
	s.rollout(0, "undo", "--to-revision", "1", "--no-wait")
}

// waitServed waits until the Service takes connections: that pods are available is known before kube-proxy sends anything
// to them.
func (s *site) waitServed(port string) {
	s.t.Helper()
	addr := net.JoinHostPort(s.field("service/otlp-receiver", ".spec.clusterIP"), port)
	wait.For(s.t, clusterLimit, addr+" to take connections", func() bool {
		conn, err := s.Dial(s.t.Context(), "tcp", addr)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

// sendSpan sends one span to the Service.
func (s *site) sendSpan() {
	s.t.Helper()
	s.waitServed("4318")
	const span = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"s"}]}]}]}`
	url := "http://" + s.field("service/otlp-receiver", ".spec.clusterIP") + ":4318/v1/traces"
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, url, strings.NewReader(span))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DialContext: s.Dial, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("the span is answered with %s, %v", response.Status, err)
	}
}

// byHand has a shell do what a command says that one would tell kubectl.
func (s *site) byHand(command ...string) outcome {
	s.t.Helper()
	script := run(s.t, process.Spec{Name: "otlpctl", Path: otlpctl(s.t), Args: append(command, "--explain")})
	if script.code != 0 {
		s.t.Fatalf("%v --explain: exit %d\n%s", command, script.code, script.stderr)
	}
	path := "PATH=" + strings.Join([]string{s.Bin(), filepath.Dir(otlpctl(s.t)), os.Getenv("PATH")}, ":")
	got := runWithin(s.t, clusterLimit, process.Spec{Name: "sh", Path: "/bin/sh", Args: []string{"-e", "-c", script.stdout}, Env: []string{path, "HOME=" + s.t.TempDir()}})
	if got.code != 0 {
		s.t.Fatalf("exit %d of\n%s\n%s", got.code, script.stdout, got.stderr)
	}
	return got
}

// What commands explain, done by kubectl, is what they do themselves.
func testVerbExplain(t *testing.T) {
	t.Parallel()
	s := newSite(t, "verbs-explain")
	about := func(words ...string) []string {
		return append(words, "-n", s.namespace, "--name", "otlp-receiver", "--kubeconfig", s.kubeconfig)
	}
	s.byHand(s.args("deploy")...)
	if s.image() != receiverImage {
		t.Fatalf("deployed is %s", s.image())
	}
	s.wantText(s.want(0, "deploy").stderr, "revision 1, 7 unchanged")
	first := s.configMap()
	// The autoscaler would ask for two pods, too, but later.
	if _, err := s.Kubectl(t.Context(), "scale", "-n", s.namespace, "deployment/otlp-receiver", "--replicas=2"); err != nil {
		t.Fatal(err)
	}
	s.want(0, "deploy", "--set", "exporters.debug.verbosity=detailed")
	s.byHand(about("rollout", "undo", "--no-wait")...)
	if s.configMap() != first {
		t.Errorf("after an undo by hand it has %s, want %s", s.configMap(), first)
	}
	// The undo still goes on, with a third pod for a moment: that is not the one that is waited for.
	s.byHand(about("scale", "3")...)
	wanted, available := s.field("deployment/otlp-receiver", ".spec.replicas"), s.field("deployment/otlp-receiver", ".status.availableReplicas")
	if s.least() != "3" || wanted != "3" || available != "3" {
		t.Errorf("after scaling by hand the least is %s, %s are wanted, and %s are available", s.least(), wanted, available)
	}
	s.byHand(about("rollout", "image", verbsImage)...)
	if s.image() != verbsImage {
		t.Errorf("after another image by hand it runs %s", s.image())
	}
	s.byHand(about("rollout", "pause")...)
	if paused := s.field("deployment/otlp-receiver", ".spec.paused"); paused != "true" {
		t.Errorf("paused by hand is %q", paused)
	}
	s.byHand(about("rollout", "resume", "--no-wait")...)
	s.wantText(s.byHand(about("rollout", "status")...).stdout, "successfully rolled out")
	// The next commands go from pod to pod, and fail on one that goes meanwhile.
	wait.For(t, clusterLimit, "the old pods to be gone", func() bool { return len(s.names("pods")) == 3 })
	s.wantText(s.byHand(about("rollout", "history")...).stdout, `"image":"`+receiverImage+`"`, "REVISION")
	s.wantText(s.byHand(about("status", "k8s")...).stdout, "pod/otlp-receiver-", "horizontalpodautoscaler.autoscaling/otlp-receiver", "endpointslice.discovery.k8s.io/otlp-receiver-")
	s.wantText(s.byHand(about("describe")...).stdout, "Name:                   otlp-receiver\n", `"generation": 1`)
	s.wantText(s.byHand(about("logs", "k8s", "--tail", "1")...).stdout, "[pod/otlp-receiver-")
	s.byHand(about("delete", "k8s")...)
	s.wantText(s.want(0, "delete", "--yes").stderr, "otlpctl has made nothing there")
	if left := s.names("deployments,services,configmaps"); len(left) > 1 { // that of the cluster's certificate
		t.Errorf("left are %v", left)
	}
}
