package e2e_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Five pods are found in the cluster's EndpointSlices by a receiver that sends to them. One is killed, one is deleted without
// grace, one as usual, and there are fewer of them: no client of that receiver sees an error, and nothing is missing.
func TestReceiversOfKubernetes(t *testing.T) {
	loadReceiver(t)
	s := newStream(t, "found-in-slices", verdict()...)
	s.flags = append(quicklyReady(), "--set", "deploy.replicas=5")
	s.deploy(0)
	g := s.gateway()
	s.loads = sendBy(t, gentle, func() []client.Client {
		c, err := client.Dial(client.Target{Protocol: signal.GRPC, Addr: g.grpc, Dial: s.Dial})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return []client.Client{c}
	})
	flowing(t, s.behind)
	s.during("pod killed", func() {
		node := s.Nodes()[0]
		if err := node.KillContainer(t.Context(), s.namespace, strings.Fields(s.podOn(node))[0]); err != nil {
			t.Fatal(err)
		}
		s.waitReplaced()
	})
	s.during("pod deleted", s.deletePod)
	s.during("pod deleted without grace", func() {
		if _, err := s.Kubectl(t.Context(), "delete", "pod", "-n", s.namespace, s.names("pods")[0], "--grace-period=0", "--force"); err != nil {
			t.Fatal(err)
		}
		s.waitReplaced()
	})
	s.during("in", func() { s.scale("2") })
	s.loads.finish()
	s.loads.wantAllAcked(t)
	s.loads.wantNothingMissing(t, s.behind)
	wantCleanExit(t, g)
}

// gateway is a receiver in the cluster's network that sends to the pods of the Service.
func (s *stream) gateway() *server {
	s.t.Helper()
	addrs, err := loopback.Addrs(s.t.Context(), 3)
	if err != nil {
		s.t.Fatal(err)
	}
	g := &server{grpc: addrs[0], http: addrs[1], admin: addrs[2], file: filepath.Join(s.t.TempDir(), "gateway.yaml")}
	url := "kubernetes:///" + s.namespace + "/otlp-receiver:grpc?kubeconfig=" + s.kubeconfig
	replace(s.t, g.file, g.addressed(forwarding(exporter("otlp", url, verdict()...), "otlp")+adminSection))
	g.Process = process.Run(s.t, s.Inside(process.Spec{Name: "gateway", Path: otlpctl(s.t), Args: []string{"serve", "--config", g.file}}))
	inside := http.Client{Transport: &http.Transport{DialContext: s.Dial, DisableKeepAlives: true}}
	wait.For(s.t, startLimit, "the gateway to be ready", func() bool {
		request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+g.admin+"/ready", http.NoBody)
		if err != nil {
			s.t.Fatal(err)
		}
		answer, err := inside.Do(request)
		if err != nil {
			return false
		}
		_ = answer.Body.Close() // the code says it
		return answer.StatusCode == http.StatusOK
	})
	return g
}
