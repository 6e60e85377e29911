package discovery

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

func TestOpen(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		source, err := Registries{}.Open(url)
		if err == nil {
			if want != "" || source == nil {
				t.Errorf("%s: opened, want %q", url, want)
			}
			return
		}
		if source != nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	f("consul:///otlp-receiver", "")
	f("etcd:///services/otlp", "")
	f("eureka://h/OTLP", "")
	f("dns://h:4317", "")
	f("DNS:///h:4317", "")
	f("static://a:1,b:2", "")
	f("zookeeper://h/x", `there is no registry "zookeeper"`)
	f("kubernetes:///ns/svc", `there is no registry "kubernetes"`)
	f("h:4317", "no URL")
	f("static://", "want addresses and nothing else")
	f("static://a:1/x", "want addresses and nothing else")
	f("static://a:1?zone=x", "want addresses and nothing else")
	f("static://a", `"a" is not host:port`)
}

func TestSchemes(t *testing.T) {
	with := Registries{Kubernetes: func(registry.Target) (*registry.Source, error) { return &registry.Source{}, nil }}
	if got := strings.Join(with.Schemes(), " "); got != "consul dns etcd eureka kubernetes static" {
		t.Errorf("schemes %s", got)
	}
	if _, err := with.Open("kubernetes:///ns/svc"); err != nil {
		t.Error(err)
	}
}

func TestStatic(t *testing.T) {
	source, err := Registries{}.Open("static://b:2,a:1,b:2")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var got []resolve.Instance
	source.Follow(ctx, func(a resolve.Answer) {
		got = a.Instances
		cancel()
	})
	want := []resolve.Instance{{ID: "a:1", Addr: "a:1"}, {ID: "b:2", Addr: "b:2"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
