package e2e_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// The URL of a database comes from a Secret as the specification has it, and all pods write to it.
func TestKubernetesDatabase(t *testing.T) {
	loadReceiver(t)
	s, server := newSite(t, "database"), postgres.Own(t)
	url := strings.Replace(server.URL(postgres.Database), server.Addr(), s.forward(server.Addr()), 1)
	s.createNamespace()
	if _, err := s.Kubectl(t.Context(), "create", "-n", s.namespace, "secret", "generic", "otlp-secrets", "--from-literal=DATABASE_URL="+url); err != nil {
		t.Fatal(err)
	}
	s.want(0, "deploy", "--set", "deploy.secret_env.APP__DATABASE__URL=otlp-secrets/DATABASE_URL", "--set", "database.max_connections=2",
		"--set", "service.pipelines.logs.receivers=[otlp]", "--set", "service.pipelines.logs.exporters=[debug]")
	if config := s.object("configmap/" + s.configMap()); strings.Contains(strings.Join(texts(config), "\n"), "postgres://") {
		t.Errorf("the URL is in the configuration: %v", config)
	}
	s.waitServed("4317")
	service := s.field("service/otlp-receiver", ".spec.clusterIP")
	const times = 4 // other pods in turn
	for range times {
		got := run(t, s.Inside(process.Spec{
			Name: "otlpctl", Path: otlpctl(t),
			Args: []string{"send", service + ":4317", "--insecure", "--signal", "traces", "--signal", "logs", "--check", "--database", url},
		}))
		if got.code != 0 {
			t.Fatalf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
		}
	}
	if logs := server.Value(t, postgres.Database, "SELECT count(*) FROM otlp_logs"); logs != "4" {
		t.Errorf("%s log records, want %d", logs, times)
	}
	if history := server.Value(t, postgres.Database, "SELECT count(*) FROM otlp_migrations WHERE version = 1"); history != "1" {
		t.Errorf("%s migrations", history)
	}
}

// texts returns the values of data in an object.
func texts(object map[string]any) []string {
	var all []string
	data, _ := object["data"].(map[string]any)
	for _, value := range data {
		text, _ := value.(string)
		all = append(all, text)
	}
	return all
}

// forward lets pods reach what listens on this machine, and returns the address that they see.
func (s *site) forward(to string) string {
	s.t.Helper()
	listener, err := s.Listen(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var open sync.WaitGroup
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { carry(ctx, conn, to) })
		}
	})
	s.t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		open.Wait()
	})
	return listener.Addr().String()
}

// carry connects a connection to an address until either side ends, or ctx does.
func carry(ctx context.Context, conn net.Conn, to string) {
	defer conn.Close()
	var dialer net.Dialer
	other, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer other.Close()
	both, end := context.WithCancel(ctx)
	defer end()
	for _, way := range [][2]net.Conn{{conn, other}, {other, conn}} {
		go func() {
			_, _ = io.Copy(way[0], way[1]) // it ends with either
			end()
		}()
	}
	<-both.Done()
}
