package e2e_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// A new revision is judged by what its pods count, on one cluster for all of it.
func TestKubernetesGate(t *testing.T) {
	loadReceiver(t)
	for name, test := range map[string]func(*testing.T){
		"under load": testGateUnderLoad, "interrupted": testGateInterrupted, "nothing to judge": testGateSkipped,
		"refused": testGateRefused, "role": testGateRole, "live": testGateLive,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is windows, and the kubelet's
			test(t)
		})
	}
}

// deadBackend is a configuration that nothing is wrong with but its backend.
func deadBackend() []string {
	return []string{
		"--set", "exporters.otlp.endpoint=127.0.0.1:1", "--set", "exporters.otlp.tls.insecure=true",
		"--set", "service.pipelines.traces.exporters=[otlp]",
	}
}

// gated deploys with a gate, which must end with that exit code.
func (s *site) gated(code int, more ...string) outcome {
	s.t.Helper()
	got := runWithin(s.t, clusterLimit, s.gating(more...))
	if got.code != code {
		s.t.Fatalf("exit %d, want %d\n%s%s", got.code, code, got.stdout, got.stderr)
	}
	return got
}

// gating is the command that deploys with a gate. Pods that stop are not hurried: clients would see it.
func (s *site) gating(more ...string) process.Spec {
	args := append([]string{"--gate", "--set", "deploy.gate.window=5s", "--set", "deploy.pre_stop_seconds=5"}, more...)
	return process.Spec{Name: "gate", Path: otlpctl(s.t), Args: s.args("deploy", args...)}
}

// judged is what a deployment with a gate tells, as far as the tests look at it.
type judged struct {
	Revision int
	Undone   bool
	Error    string
	Gate     struct {
		Verdict  string
		Why      string
		Paused   bool
		Items    int
		Pods     []string
		OldPods  []string `json:"old_pods"`
		Counters []struct {
			Name         string
			Bound, Value float64
			Old          *float64
			Of           int
			Exceeded     bool
		}
	}
}

// clients begins to send traces through the Service, over a new connection each time: what of them was not
// acknowledged is told in the end.
func (s *site) clients() (finish func() *numbered.Load) {
	s.t.Helper()
	address := s.field("service/otlp-receiver", ".spec.clusterIP") + ":4318"
	load := &numbered.Load{Signal: signal.Traces, Items: 10, Timeout: 10 * time.Second, Every: 50 * time.Millisecond}
	for range 4 {
		c, err := client.Dial(client.Target{Protocol: signal.HTTPProtobuf, Addr: address, Fresh: true, Dial: s.Dial})
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = c.Close() })
		load.Clients = append(load.Clients, c)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		load.Run(ctx)
	}()
	return func() *numbered.Load {
		cancel()
		<-done
		return load
	}
}

// steps returns by how much ReplicaSets were scaled, as the cluster tells it: "up 0 to 1".
func (s *site) steps() []string {
	s.t.Helper()
	var steps []string
	for line := range strings.Lines(s.field("events", `range .items[?(@.reason=="ScalingReplicaSet")]}{.message}{"\n"}{end`)) {
		var way, name string
		var from, to int
		if _, err := fmt.Sscanf(line, "Scaled %s replica set %s from %d to %d", &way, &name, &from, &to); err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		steps = append(steps, fmt.Sprintf("%s %s %d to %d", name, way, from, to))
	}
	return steps
}

// Under load, what is well goes through one pod first, and what is not comes no further than that.
func testGateUnderLoad(t *testing.T) {
	s := newSite(t, "gate-load")
	first := s.gated(0)
	s.wantText(first.stderr, "warning: gate: no telemetry arrived at 2 new pods within 5s", "gate: 2 new pods passed: 0 items", "is ready: revision 1")
	finish := s.clients()
	old := s.names("pods")
	s.testFailingGate(old)
	s.testPassingGate()
	// The cluster knows the pods that failed, and numbers their revision anew while the rollout is paused.
	s.wantText(s.gated(3, deadBackend()...).stderr, "error: revision 4 is back since the deployment failed: the gate has failed: pod/otlp-receiver-")
	load := finish()
	if acked := load.Acked(); len(load.Refused()) > 0 || len(load.Unanswered()) > 0 || len(acked) == 0 {
		t.Errorf("acknowledged %d, refused %d, unanswered %v", len(acked), len(load.Refused()), load.Unanswered())
	}
}

// testFailingGate deploys what cannot export.
func (s *site) testFailingGate(old []string) {
	s.t.Helper()
	before := len(s.steps())
	got := s.gated(3, append(deadBackend(), "-o", "json")...)
	s.wantText(got.stderr, "error: revision 1 is back since the deployment failed: the gate has failed: pod/otlp-receiver-", ": failed exports 100 % of ", "(bound 10 %, old pods 0 %)",
		"connection refused", "what the new pods have counted, the worst of each:\n", "going back to revision 1")
	doc := decoded[judged](s.t, got)
	g := doc.Gate
	if g.Verdict != "failed" || g.Paused || !doc.Undone || doc.Revision != 3 || len(g.Pods) != 1 || !slices.Equal(g.OldPods, old) || g.Items == 0 || len(g.Counters) != 6 {
		s.t.Errorf("the document is %+v, the old pods were %v", doc, old)
	}
	if c := g.Counters[1]; c.Name != "export_failure_ratio" || !c.Exceeded || c.Value != 1 || c.Bound != 0.1 || c.Old == nil || *c.Old != 0 || c.Of == 0 {
		s.t.Errorf("exports: %+v", c)
	}
	wait.For(s.t, clusterLimit, "the end of the new pod", func() bool { return len(s.names("pods")) == len(old) })
	if now := s.names("pods"); !slices.Equal(now, old) {
		s.t.Errorf("the pods are %v, and were %v", now, old)
	}
	if steps := s.steps()[before:]; len(steps) != 2 || !strings.HasSuffix(steps[0], " up 0 to 1") || !strings.HasSuffix(steps[1], " down 1 to 0") {
		s.t.Errorf("the cluster has done %q", steps)
	}
	if paused := s.field("deployment/otlp-receiver", ".spec.paused"); paused == "true" {
		s.t.Error("it is still paused")
	}
}

// testPassingGate deploys what is well, and looks at what is there while the first pod is watched.
func (s *site) testPassingGate() {
	s.t.Helper()
	before := len(s.steps())
	spec := s.gating("--set", "exporters.debug.verbosity=normal", "-o", "json", "--set", "deploy.gate.min_items=10")
	p := process.Run(s.t, spec)
	wait.For(s.t, clusterLimit, "the gate", func() bool { return strings.Contains(p.Tail(1<<16), "gate: watching 1 new pod for 5s") })
	if paused := s.field("deployment/otlp-receiver", ".spec.paused"); paused != "true" {
		s.t.Errorf("paused is %q", paused)
	}
	if steps := s.steps()[before:]; len(steps) != 1 || !strings.HasSuffix(steps[0], " up 0 to 1") {
		s.t.Errorf("the cluster has done %q before the verdict", steps)
	}
	code, err := p.Wait(s.t.Context())
	if err != nil || code != 0 {
		s.t.Fatalf("exit %d, %v\n%s", code, err, p.Tail(1<<16))
	}
	stdout, err := os.ReadFile(p.StdoutPath())
	if err != nil {
		s.t.Fatal(err)
	}
	doc := decoded[judged](s.t, outcome{stdout: string(stdout)})
	if doc.Gate.Verdict != "passed" || doc.Undone || len(doc.Gate.Pods) != 2 || len(doc.Gate.OldPods) != 2 || doc.Gate.Items == 0 || doc.Gate.Paused {
		s.t.Errorf("the document is %+v", doc)
	}
	s.wantText(p.Tail(1<<16), "gate: 1 new pod passed: ", "gate: 2 new pods passed: ")
	s.t.Log(p.Tail(1 << 16))
}

// Who does not want to wait for the verdict is told what is left, and goes back or on.
func testGateInterrupted(t *testing.T) {
	s := newSite(t, "gate-interrupted")
	s.want(0, "deploy")
	old := s.names("pods")
	p := process.Run(t, s.gating(deadBackend()...))
	wait.For(t, clusterLimit, "the gate", func() bool { return strings.Contains(p.Tail(1<<16), "gate: watching 1 new pod for 5s") })
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(t.Context()); code != 130 || err != nil {
		t.Errorf("exit %d, %v", code, err)
	}
	const where = "-n gate-interrupted --name otlp-receiver"
	s.wantText(p.Tail(1<<16), "error: interrupted\n", `hint: the rollout is paused, and the old pods go on: "otlpctl rollout undo --resume `+where+`" goes back`)
	if paused := s.field("deployment/otlp-receiver", ".spec.paused"); paused != "true" {
		t.Errorf("paused is %q", paused)
	}
	s.wantText(s.gated(1, deadBackend()...).stderr, "is paused", "hint: otlpctl rollout resume "+where)
	s.rollout(0, "undo", "--resume")
	wait.For(t, clusterLimit, "the end of the new pod", func() bool { return slices.Equal(s.names("pods"), old) })
	s.wantText(s.rollout(0, "status").stdout, "otlp-receiver\t3\tready\t")
}

// Where no pod becomes another one there is no gate, which is said.
func testGateSkipped(t *testing.T) {
	s := newSite(t, "gate-skipped")
	s.want(0, "deploy", "--set", "deploy.pre_stop_seconds=5")
	s.wantText(s.gated(0).stderr, "no gate: nothing is new\n", "revision 1, 7 unchanged")
	got := s.gated(0, "--set", "deploy.service.annotations.a=b", "-o", "json")
	s.wantText(got.stderr, "no gate: no pod is replaced\n")
	if doc := decoded[judged](t, got); doc.Gate.Verdict != "skipped" || doc.Gate.Why != "no pod is replaced" {
		t.Errorf("the document is %+v", doc)
	}
}

// A gate that could not undo what it finds is none.
func testGateRefused(t *testing.T) {
	s := newSite(t, "gate-refused")
	rendered := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: []string{"render", "k8s", "--config", s.config, "-n", s.namespace}})
	if err := s.Apply(t.Context(), rendered.stdout); err != nil {
		t.Fatal(err)
	}
	got := s.gated(1, "--force-conflicts", "--set", "exporters.debug.verbosity=detailed")
	s.wantText(got.stderr, "no revision of it to go back to", "hint: deploy it once without a gate")
}

// A gate needs a right that nothing else does, which is asked for beforehand.
func testGateRole(t *testing.T) {
	s := newSite(t, "gate-role")
	kubeconfig := s.deployer()
	role := documentedRole(t, s.namespace)
	s.grant(strings.Replace(role, "pods/log, pods/proxy", "pods/log", 1), "patch", "deployments.apps")
	s.kubeconfig = kubeconfig
	inside := []string{"--set", "deploy.create_namespace=false"}
	s.wantText(s.gated(1, inside...).stderr, "that deploying takes: get pods/proxy\n", "docs/kubernetes-role.yaml")
	s.grant(role, "get", "pods", "--subresource=proxy")
	s.gated(0, inside...)
	s.gated(0, append(inside, "--set", "exporters.debug.verbosity=detailed")...)
}

// Pods that read their configuration again are judged once they have.
func testGateLive(t *testing.T) {
	s := newSite(t, "gate-live")
	live := []string{"--set", "deploy.config_mode=live"}
	s.gated(0, live...)
	old := s.names("pods")
	got := s.gated(0, append(live, "--set", "processors.batch.send_batch_size=77", "-o", "json")...)
	doc := decoded[judged](t, got)
	if doc.Gate.Verdict != "passed" || len(doc.Gate.Pods) != 2 || len(doc.Gate.OldPods) > 0 || !slices.Equal(s.names("pods"), old) {
		t.Errorf("the document is %+v", doc)
	}
	if c := doc.Gate.Counters[0]; c.Old == nil {
		t.Errorf("what the pods counted before is not known: %+v", c)
	}
}
