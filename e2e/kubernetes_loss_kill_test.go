package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	// attemptLimit is how long a client waits for an answer before it tries again.
	attemptLimit = 3 * time.Second
	// worthKilling is how many items a pod must have queued before it is killed.
	worthKilling = 300
)

// What nobody has planned: a process that is killed, and a node that loses its power. Clients try again, as OTLP has it,
// and all they send is acknowledged in the end. Without a queue that means it has arrived. With one, no more is missing
// than the dead pod had queued.
func TestKubernetesLossIsBounded(t *testing.T) {
	loadReceiver(t)
	u := &unplanned{
		answered: newStream(t, "loss-answered", "sending_queue: {enabled: false}"),
		queued:   newStream(t, "loss-queued", "sending_queue: {num_consumers: 1}"),
	}
	u.node = u.queued.Nodes()[0]
	for _, s := range u.streams() {
		s.flags = quicklyReady()
		s.deploy(0)
	}
	t.Run("process killed", u.testProcess)
	t.Run("node lost", u.testNode)
}

// unplanned is two streams, and the node whose pods are to die.
type unplanned struct {
	answered *stream // without a queue
	queued   *stream
	node     *kubernetes.Node
}

func (u *unplanned) streams() []*stream { return []*stream{u.answered, u.queued} }

func (u *unplanned) testProcess(t *testing.T) {
	u.hold(t, func() {
		for _, s := range u.streams() {
			if err := u.node.KillContainer(t.Context(), s.namespace, s.podOn(u.node)); err != nil {
				t.Fatal(err)
			}
		}
	}, func() {})
}

func (u *unplanned) testNode(t *testing.T) {
	var stopped time.Time
	pod := u.answered.podOn(u.node)
	since := func(at time.Time) time.Duration { return at.Sub(stopped).Round(time.Second) }
	u.hold(t, func() {
		stopped = time.Now()
		t.Cleanup(func() { u.revive(t) })
		if err := u.node.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}, func() {
		u.answered.until("condition=Ready=false", "pod/"+pod)
		t.Logf("the cluster notices after %s", since(time.Now()))
		wait.For(t, clusterLimit, "no more attempts that fail", func() bool {
			return time.Since(u.answered.lastFailure(signal.Protocols()...)) > attemptLimit+time.Second
		})
		t.Logf("the last attempt over HTTP that failed began %s after the loss, that over gRPC %s",
			since(u.answered.lastFailure(signal.HTTPProtobuf, signal.HTTPJSON)), since(u.answered.lastFailure(signal.GRPC)))
	})
}

// revive starts the node again.
func (u *unplanned) revive(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if err := u.node.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := u.queued.WaitReady(ctx, u.node); err != nil {
		t.Fatal(err)
	}
}

// hold has telemetry flow, kills what serves it on the node, and holds what is missing against what can be. after waits
// until the cluster has got over it.
func (u *unplanned) hold(t *testing.T, kill, after func()) {
	t.Helper()
	for _, s := range u.streams() {
		s.behind.Forget()
		s.persist(t)
	}
	u.queued.behind.Answer(slowly)
	before := u.queued.look(t, u.node)
	kill()
	most := u.queued.mostLost(before)
	u.queued.behind.Answer(nil)
	after()
	for _, s := range u.streams() {
		flowing(t, s.behind)
		s.loads.finish()
		s.loads.wantAllAcked(t)
		s.waitDelivered(t)
	}
	if lost := u.answered.lost(t); lost > 0 {
		t.Errorf("without a queue %d acknowledged items are lost", lost)
	}
	lost := u.queued.lost(t)
	t.Logf("with a queue %d acknowledged items are lost; the pod had at most %d of them", lost, most)
	if lost == 0 || lost > most {
		t.Errorf("%d items are lost, want 1 to %d", lost, most)
	}
}

// slowly is a backend that takes less than is sent.
func slowly(ctx context.Context, _ sink.Request) sink.Answer {
	select {
	case <-time.After(300 * time.Millisecond):
	case <-ctx.Done():
	}
	return sink.Answer{}
}

// persist starts telemetry by clients that try again, and that notice when the other end is gone.
func (s *stream) persist(t *testing.T) {
	t.Helper()
	s.retrying = nil
	s.loads = sendBy(t, pace{items: 3, every: 50 * time.Millisecond, timeout: clusterLimit}, func() []client.Client {
		targets := everyClient()
		for i := range targets {
			targets[i].Ping = 10 * time.Second
		}
		var all []client.Client
		for i, c := range s.clients(targets) {
			r := &client.Retrying{Client: c, Attempt: attemptLimit}
			s.retrying = append(s.retrying, retrying{r, targets[i].Protocol})
			all = append(all, r)
		}
		return all
	})
	flowing(t, s.behind)
}

// retrying is a client that tries again, and what it speaks.
type retrying struct {
	*client.Retrying

	protocol signal.Protocol
}

// lastFailure returns when the last attempt failed of clients that speak one of the protocols.
func (s *stream) lastFailure(over ...signal.Protocol) time.Time {
	var last time.Time
	for _, r := range s.retrying {
		if _, at := r.Failed(); slices.Contains(over, r.protocol) && at.After(last) {
			last = at
		}
	}
	return last
}

// podOn returns the name of the pod that runs on a node.
func (s *stream) podOn(n *kubernetes.Node) string {
	s.t.Helper()
	return s.field("pods", `.items[?(@.spec.nodeName=="`+n.Name()+`")].metadata.name`)
}

// look is what is known just before a pod is killed.
type look struct {
	acked  int64 // items, by all pods
	queued int64 // by the pod: acknowledged and not delivered
}

// look waits until the pod on a node has so much queued that its death cannot go unnoticed.
func (s *stream) look(t *testing.T, n *kubernetes.Node) look {
	t.Helper()
	ip := s.field("pod/"+s.podOn(n), ".status.podIP")
	var l look
	wait.For(t, arrivalLimit, "a queue at "+ip, func() bool {
		l.acked = s.loads.acked() // before: what comes in between counts as lost
		var err error
		if l.queued, err = s.queuedAt(t, ip); err != nil {
			t.Fatal(err)
		}
		return l.queued >= worthKilling
	})
	return l
}

// mostLost returns how many items can be lost at most, now that the pod is dead: what it had queued, all that was
// acknowledged since as if nobody else had done so, and that for which answers are on their way.
func (s *stream) mostLost(before look) int {
	most := before.queued + s.loads.acked() - before.acked
	for _, load := range s.loads.each {
		most += int64(load.Items) * int64(len(load.Clients))
	}
	return int(most)
}

// lost returns how many items were acknowledged and have not arrived.
func (s *stream) lost(t *testing.T) int {
	t.Helper()
	attempts := 0
	for _, r := range s.retrying {
		n, _ := r.Failed()
		attempts += n
	}
	t.Logf("%s: %d attempts failed", s.namespace, attempts)
	lost := 0
	for sig, v := range s.loads.verdicts(s.behind) {
		t.Logf("%s, %s: %d acknowledged, %d missing, %d duplicates", s.namespace, sig, v.Acked, len(v.Missing), v.Duplicates)
		lost += len(v.Missing)
	}
	return lost
}

// waitDelivered waits until the pods that live have nothing more to deliver.
func (s *stream) waitDelivered(t *testing.T) {
	t.Helper()
	wait.For(t, arrivalLimit, "empty queues", func() bool {
		for _, ip := range s.readyPods() { // one that has just been killed may still be among them
			if queued, err := s.queuedAt(t, ip); queued > 0 || err != nil {
				return false
			}
		}
		return true
	})
}

// readyPods returns the addresses of the pods that the Service sends to.
func (s *stream) readyPods() []string {
	s.t.Helper()
	return strings.Fields(s.field("endpointslices", `.items[?(@.metadata.labels.kubernetes\.io/service-name=="otlp-receiver")].endpoints[?(@.conditions.ready==true)].addresses[0]`))
}

// until waits for what kubectl wait understands.
func (s *stream) until(condition, object string) {
	s.t.Helper()
	_, err := s.Kubectl(s.t.Context(), "wait", "-n", s.namespace, "--for="+condition, object, "--timeout="+clusterLimit.String())
	if err != nil {
		s.t.Fatal(err)
	}
}

// queuedAt asks a pod how many items it has acknowledged and not delivered.
func (s *stream) queuedAt(t *testing.T, ip string) (int64, error) {
	t.Helper()
	c := http.Client{Timeout: startLimit, Transport: &http.Transport{DialContext: s.Dial, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ip+":8888/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var st status
	if err := json.NewDecoder(response.Body).Decode(&st); err != nil {
		return 0, err
	}
	return st.queued("otlp"), nil
}
