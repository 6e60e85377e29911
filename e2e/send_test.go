package e2e_test

import (
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// sent is the document of otlpctl send.
type sent struct {
	TraceID string `json:"trace_id"`
	Signals []struct {
		Signal   string
		Status   string
		Sent     int
		Accepted int
		Found    int
	}
}

// sendSample runs otlpctl send, which must succeed.
func sendSample(t *testing.T, args ...string) (document sent) {
	t.Helper()
	got := run(t, process.Spec{Name: "send", Path: otlpctl(t), Args: slices.Concat([]string{"send", "-o", "json"}, args)})
	if err := json.Unmarshal([]byte(got.stdout), &document); err != nil || got.code != 0 || got.stderr != "" {
		t.Fatalf("send %q ends with %d: %v\n%s%s", args, got.code, err, got.stdout, got.stderr)
	}
	if len(document.Signals) != 3 || document.TraceID == "" {
		t.Errorf("send %q: %s", args, got.stdout)
	}
	return document
}

// What is sent to a service that Consul knows is found in the database of the instance.
func TestSendArrivesInPostgres(t *testing.T) {
	t.Parallel()
	const service = "send"
	db := postgres.Own(t)
	url := db.URL("postgres")
	s := serve(t, "database:\n  url: '"+url+"'\n"+forwarding("  database: {}\n", "database"))
	a := consul.Need(t)
	host, port, err := net.SplitHostPort(s.grpc)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	register(t, a, consul.Service{ID: service, Name: service, Address: host, Port: number})
	for range 2 { // one after the other, that nothing of the first is taken for the second
		got := sendSample(t, "consul://"+a.Addr()+"/"+service, "--insecure", "--check", "--database", url)
		for _, signal := range got.Signals {
			if signal.Found != signal.Sent || signal.Sent == 0 {
				t.Errorf("%+v", signal)
			}
		}
	}
	if spans := db.Value(t, "postgres", "SELECT count(*) FROM otlp_spans"); spans != "8" {
		t.Errorf("%s spans, want 8", spans)
	}
	if err := a.Deregister(t.Context(), service); err != nil {
		t.Error(err)
	}
	wantCleanExit(t, s)
}

// The Collector takes what is sent, in every way.
func TestSendToTheCollector(t *testing.T) {
	t.Parallel()
	s := collect(t, forwarding("  debug: {verbosity: detailed}\n", "debug"))
	for _, args := range [][]string{
		{s.grpc},
		{s.grpc, "--protocol", "grpc", "--compression", "zstd"},
		{s.http, "--protocol", "http/protobuf", "--compression", "gzip"},
		{"http://" + s.http, "--protocol", "http/json"},
	} {
		for _, signal := range sendSample(t, args...).Signals {
			if signal.Status != "accepted" || signal.Accepted != signal.Sent || signal.Sent == 0 {
				t.Errorf("%q: %+v", args, signal)
			}
		}
	}
}
