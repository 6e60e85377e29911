package endpoints

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
)

func TestInstances(t *testing.T) {
	f := func(port, slices, want string) {
		t.Helper()
		var all []*watch.EndpointSlice
		if err := yaml.Unmarshal([]byte(slices), &all); err != nil {
			t.Fatalf("%v\n%s", err, slices)
		}
		found, err := instances(all, port)
		var got []string
		for _, i := range found {
			got = append(got, strings.TrimSpace(i.ID+" "+i.Addr+" "+i.Zone))
		}
		if err != nil {
			got = append(got, err.Error())
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("port %q of %s: %q, want %q", port, slices, got, want)
		}
	}
	const ports = "ports: [{name: grpc, port: 4317}, {name: http, port: 4318}]"
	const pod = "{addresses: [10.0.0.1], zone: z, targetRef: {kind: Pod, name: p}}"
	f("grpc", "[]", "")
	f("grpc", "[{endpoints: ["+pod+"], "+ports+"}]", "p 10.0.0.1:4317 z")
	f("4318", "[{endpoints: ["+pod+"], "+ports+"}]", "p 10.0.0.1:4318 z")
	f("grpc", "[{endpoints: [], ports: []}]", "")
	f("", "[{endpoints: ["+pod+"], ports: [{port: 4317}]}]", "p 10.0.0.1:4317 z")
	f("", "[{endpoints: ["+pod+"], "+ports+"}]", "the Service has several ports: its endpoints have: grpc 4317, http 4318")
	f("otlp", "[{endpoints: ["+pod+"], "+ports+"}]", "the Service has no port otlp: its endpoints have: grpc 4317, http 4318")
	// The port of a name may differ from pod to pod.
	f("grpc", "[{endpoints: ["+pod+"], "+ports+"}, {endpoints: [{addresses: [10.0.0.2]}], ports: [{name: grpc, port: 5317}]}]",
		"p 10.0.0.1:4317 z, 10.0.0.2:5317 10.0.0.2:5317")
	// What takes no connections, or is about to go.
	f("grpc", "[{endpoints: [{addresses: [10.0.0.1], conditions: {ready: false}}, {addresses: [10.0.0.2], conditions: {ready: true}},"+
		"{addresses: [10.0.0.3], conditions: {ready: true, terminating: true}}, {addresses: [10.0.0.4], conditions: {ready: false, terminating: true, serving: true}}], "+ports+"}]",
		"10.0.0.2:4317 10.0.0.2:4317")
	// A pod in two slices is one instance, at its address of IPv4.
	f("grpc", "[{addressType: IPv6, endpoints: [{addresses: ['fd00::1'], targetRef: {name: p}}, {addresses: ['fd00::2'], targetRef: {name: q}}], "+ports+"},"+
		"{addressType: IPv4, endpoints: ["+pod+"], "+ports+"}]", "p 10.0.0.1:4317 z, q [fd00::2]:4317")
	f("grpc", "[{addressType: FQDN, endpoints: [{addresses: [host.example.com]}], "+ports+"}]", "")
}

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kubeconfig")
	err := os.WriteFile(file, []byte("{clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], contexts: [{name: x, context: {cluster: c}}], current-context: x}"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f := func(url, want string) {
		t.Helper()
		target, err := registry.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		source, err := Open(target)
		if err == nil {
			if source.Name != want {
				t.Errorf("%s finds %q, want %q", url, source.Name, want)
			}
			return
		}
		if source != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	config := "?kubeconfig=" + file
	f("kubernetes:///ns/svc:grpc"+config, "ns/svc")
	f("kubernetes:///ns/svc"+config+"&context=x&zone=z", "ns/svc")
	f("kubernetes:///ns/svc"+config+"&context=y", `there is no context "y"`)
	f("kubernetes:///ns/svc?kubeconfig=/nowhere", "there is no kubeconfig at /nowhere")
	f("kubernetes://ns/svc"+config, "the kubeconfig says where the cluster is")
	f("kubernetes:///svc"+config, "the path is to name a Service and its namespace")
	f("kubernetes:///ns/svc:"+config, "the path is to name a Service and its namespace")
	f("kubernetes:///ns/a,b"+config, "the path is to name a Service and its namespace")
	f("kubernetes:///../svc"+config, "the path is to name a Service and its namespace")
	f("kubernetes:///ns/svc"+config+"&tag=a", "no tags to choose by")
}
