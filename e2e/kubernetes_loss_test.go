package e2e_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// otherImage is the image of the receiver under another name: changing from one to the other is a rollout.
const otherImage = "localhost/otlp-receiver:other"

// steadyPods are two pods, one in each zone, and all figures for a change that the specification has.
const steadyPods = `
deploy:
  image: ` + receiverImage + `
  image_pull_policy: Never
  replicas: 2
  autoscaling: {enabled: false}
  resources: {requests: {cpu: 20m}}
`

// quicklyReady are flags for pods that need not wait before they count. How they stop is as by default.
func quicklyReady() []string {
	var flags []string
	for _, key := range []string{
		"min_ready_seconds=1", "probes.readiness.initial_delay_seconds=0", "probes.readiness.period_seconds=1", "probes.startup.period_seconds=1",
	} {
		flags = append(flags, "--set", "deploy."+key)
	}
	return flags
}

// stream is a site, and telemetry that flows through its Service to a backend of the test.
type stream struct {
	*site

	behind   *sink.Sink
	flags    []string // of every deployment
	loads    *loads
	retrying []retrying // the clients of loads, if they try again
}

// newStream returns a site whose pods send to the backend. settings are of the exporter. Nothing flows yet.
func newStream(t *testing.T, namespace string, settings ...string) *stream {
	t.Helper()
	s := &stream{site: newSite(t, namespace)}
	var err error
	s.behind, err = sink.StartOn(func() (net.Listener, error) { return s.Listen(t.Context()) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.behind.Close)
	text := forwarding(exporter("otlp", s.behind.GRPC(), settings...), "otlp") + steadyPods
	replace(t, s.config, strings.NewReplacer("$GRPC", "0.0.0.0:4317", "$HTTP", "0.0.0.0:4318").Replace(text))
	return s
}

// clients returns clients of the Service, one of each kind.
func (s *stream) clients(targets []client.Target) []client.Client {
	s.t.Helper()
	address := s.field("service/otlp-receiver", ".spec.clusterIP")
	var all []client.Client
	for _, target := range targets {
		target.Dial = s.Dial
		target.Addr = net.JoinHostPort(address, "4318")
		if target.Protocol == signal.GRPC {
			target.Addr = net.JoinHostPort(address, "4317")
		}
		c, err := client.Dial(target)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = c.Close() })
		all = append(all, c)
	}
	return all
}

// flow starts the telemetry: clients of every kind that give no request a second chance.
func (s *stream) flow() {
	s.t.Helper()
	s.waitServed("4317")
	s.loads = sendBy(s.t, pace{items: 3, every: 50 * time.Millisecond, timeout: time.Minute}, func() []client.Client { return s.clients(everyClient()) })
	flowing(s.t, s.behind)
}

// long runs a command that waits for pods and must end with that exit code.
func (s *stream) long(code int, args ...string) outcome {
	s.t.Helper()
	got := runWithin(s.t, clusterLimit, process.Spec{Name: "otlpctl", Path: otlpctl(s.t), Args: args})
	if got.code != code {
		s.t.Fatalf("otlpctl %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.stdout, got.stderr)
	}
	return got
}

func (s *stream) deploy(code int, more ...string) outcome {
	s.t.Helper()
	return s.long(code, s.args("deploy", append(slices.Clone(s.flags), more...)...)...)
}

// steer runs a command of the group rollout.
func (s *stream) steer(verb string, more ...string) outcome {
	s.t.Helper()
	return s.long(0, append([]string{"rollout", verb, "--config", s.config, "-n", s.namespace, "--kubeconfig", s.kubeconfig}, more...)...)
}

// during makes a change, and checks that telemetry still flows and that no client has seen an error.
func (s *stream) during(name string, change func()) {
	s.t.Helper()
	began := time.Now()
	change()
	took := time.Since(began)
	flowing(s.t, s.behind)
	s.loads.wantAllAcked(s.t)
	if s.t.Failed() {
		s.t.Fatalf("after the change: %s", name)
	}
	s.t.Logf("%s took %s", name, took.Round(10*time.Millisecond))
}

// wantBalance ends the telemetry and holds what was acknowledged against what arrived: the same, once each.
func (s *stream) wantBalance(t *testing.T) {
	t.Helper()
	s.loads.finish()
	s.loads.wantAllAcked(t)
	s.loads.wantNothingMissing(t, s.behind)
	for sig, v := range s.loads.verdicts(s.behind) {
		t.Logf("%s: %s", sig, v)
		if v.Duplicates > 0 || v.Acked == 0 || v.Arrived != v.Acked {
			t.Errorf("%s: %s", sig, v)
		}
	}
}

// Telemetry flows through the Service all the time, from clients of every kind, which try once. Whatever is planned
// costs none of them an error, and whatever was acknowledged arrives, once.
func TestKubernetesLosesNothing(t *testing.T) {
	loadReceiver(t)
	loadReceiverAs(t, otherImage)
	t.Run("planned", testLossPlanned)
	t.Run("defaults", testLossDefaults)
}

func testLossPlanned(t *testing.T) {
	s := newStream(t, "loss-planned")
	s.flags = quicklyReady()
	s.deploy(0)
	s.flow()
	s.during("configuration", func() {
		s.flags = append(s.flags, "--set", "processors.batch.timeout=30ms")
		s.deploy(0)
	})
	s.during("image", func() { s.steer("image", otherImage) })
	s.during("undo", func() {
		s.steer("undo")
		if s.image() != receiverImage {
			t.Errorf("the image is %s", s.image())
		}
	})
	s.during("restart", func() { s.steer("restart") })
	s.during("out", func() { s.scale("4") })
	s.during("in", func() { s.scale("2") })
	s.during("pod deleted", s.deletePod)
	s.during("node drained", s.drainNode)
	s.during("no such image", func() { s.deploy(3, "--atomic", "--image", noImage) })
	s.during("configuration that crashes", func() {
		s.deploy(3, "--atomic", "--set", "exporters.otlp.tls.insecure=false", "--set", "exporters.otlp.tls.ca_file=/nowhere/ca.pem")
	})
	s.during("gate that is not passed", func() {
		got := s.deploy(3, "--gate", "--image", otherImage, "--set", "deploy.gate.window=5s", "--set", "deploy.gate.min_items=1000000")
		s.wantText(got.stderr, "is back")
	})
	s.wantBalance(t)
}

func (s *stream) scale(pods string) {
	s.t.Helper()
	s.long(0, "scale", pods, "--config", s.config, "-n", s.namespace, "--kubeconfig", s.kubeconfig)
}

// deletePod has kubectl delete a pod, which waits for its end.
func (s *stream) deletePod() {
	s.t.Helper()
	if _, err := s.Kubectl(s.t.Context(), "delete", "pod", "-n", s.namespace, s.names("pods")[0]); err != nil {
		s.t.Fatal(err)
	}
	s.waitReplaced()
}

// drainNode evicts the pods of a node, as before its maintenance.
func (s *stream) drainNode() {
	s.t.Helper()
	node := s.Nodes()[0].Name()
	_, err := s.Kubectl(s.t.Context(), "drain", node, "--pod-selector=app=otlp-receiver", "--delete-emptydir-data", "--timeout="+clusterLimit.String())
	if err != nil {
		s.t.Error(err)
	}
	s.waitReplaced()
	if _, err := s.Kubectl(s.t.Context(), "uncordon", node); err != nil {
		s.t.Fatal(err)
	}
}

// waitReplaced waits until there are as many pods as there should be.
func (s *stream) waitReplaced() {
	s.t.Helper()
	s.long(0, s.args("status", "--wait", "--timeout", clusterLimit.String())...)
}

// The figures of the specification are enough.
func testLossDefaults(t *testing.T) {
	s := newStream(t, "loss-defaults")
	s.deploy(0)
	s.flow()
	s.during("image and configuration", func() { s.deploy(0, "--image", otherImage, "--set", "processors.batch.timeout=30ms") })
	s.during("undo", func() { s.steer("undo") })
	s.wantBalance(t)
}
