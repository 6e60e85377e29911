package e2e_test

import (
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/etcd"
)

func TestResolveEtcd(t *testing.T) {
	m := etcd.Own(t)
	url := "etcd://" + m.Addr() + "/services/otlp"
	put := func(id, value string, lease int64) {
		t.Helper()
		if err := m.Put(t.Context(), "/services/otlp/"+id, value, lease); err != nil {
			t.Fatal(err)
		}
	}
	wantResolved(t, 1, "", "error: "+url+": no instances\n", url)
	put("a", `{"addr": "10.0.0.1:1", "zone": "x", "version": "1", "tags": ["grpc"], "meta": {"k": "v"}}`, 0)
	wantResolved(t, 0, "a\t10.0.0.1:1\tx\t1\tgrpc\n", "", url+"?zone=x&tag=grpc")
	w := watchService(t, url)
	w.wait("a=10.0.0.1:1")
	put("b", `{"addr": "10.0.0.1:2"}`, 0)
	w.wait("a=10.0.0.1:1 b=10.0.0.1:2")

	// What is under a lease goes with it.
	lease, err := m.Grant(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	put("c", `{"addr": "10.0.0.1:3"}`, lease)
	w.wait("a=10.0.0.1:1 b=10.0.0.1:2 c=10.0.0.1:3")
	if err := m.Call(t.Context(), "lease/revoke", map[string]int64{"ID": lease}, nil); err != nil {
		t.Fatal(err)
	}
	w.wait("a=10.0.0.1:1 b=10.0.0.1:2")

	// While etcd is away the last list stands.
	if err := m.Halt(); err != nil {
		t.Fatal(err)
	}
	w.waitSaid("etcd " + m.Addr())
	w.waitSaid("what is known stands: 2 instances\n")
	if got := w.instances(); got != "a=10.0.0.1:1 b=10.0.0.1:2" {
		t.Errorf("etcd is away, and there are %q", got)
	}
	if err := m.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	put("d", `{"addr": "10.0.0.1:4"}`, 0)
	w.wait("a=10.0.0.1:1 b=10.0.0.1:2 d=10.0.0.1:4")
	w.interrupt()
}
