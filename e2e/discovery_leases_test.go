package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/etcd"
	"github.com/otlpctl/otlpctl/e2e/harness/eureka"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Entries in etcd live as long as their receivers, and no longer than the lease of one that was killed.
func TestReceiversOfEtcd(t *testing.T) {
	t.Parallel()
	m := etcd.Own(t)
	start := func(id string) *announced {
		t.Helper()
		return announce(t, fmt.Sprintf(`{etcd: {endpoints: ["127.0.0.1:1", %q], id: %s, advertise_address: 127.0.0.1, ttl: 3s, zone: a}}`, m.Addr(), id))
	}
	w := watchService(t, "etcd://"+m.Addr()+"/services/otlp-receiver?zone=a&tag=grpc")
	a, b := start("a"), start("b")
	both := "a=" + a.grpc + " b=" + b.grpc
	w.wait(both)

	// The entry taken out by hand, the leases revoked, and etcd away for a while: it is told again. That can be so soon that
	// nobody sees it gone.
	call := func(method string, question any) {
		t.Helper()
		if err := m.Call(t.Context(), method, question, nil); err != nil {
			t.Fatal(err)
		}
	}
	created := func(id string) int64 {
		t.Helper()
		revision, err := m.Created(t.Context(), "/services/otlp-receiver/"+id)
		if err != nil {
			t.Fatal(err)
		}
		return revision
	}
	firstA, firstB := created("a"), created("b")
	call("kv/deleterange", map[string][]byte{"key": []byte("/services/otlp-receiver/a")})
	wait.For(t, discoveryLimit, "another entry of a", func() bool { return created("a") > firstA })
	var there struct {
		Leases []struct {
			ID string `json:"ID"`
		} `json:"leases"`
	}
	if err := m.Call(t.Context(), "lease/leases", struct{}{}, &there); err != nil || len(there.Leases) != 2 {
		t.Fatalf("%v; the leases are %+v, want two", err, there)
	}
	secondA := created("a")
	for _, lease := range there.Leases {
		call("lease/revoke", lease)
	}
	wait.For(t, discoveryLimit, "other entries of both", func() bool { return created("a") > secondA && created("b") > firstB })
	w.wait(both)
	if err := m.Halt(); err != nil {
		t.Fatal(err)
	}
	a.waitUnregistered(t, "etcd at http://"+m.Addr())
	if err := m.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.waitRegistered(t)
	b.waitRegistered(t)
	w.wait(both)

	b.kill(t)
	w.wait("a=" + a.grpc)
	a.wantWork(t)
	wantCleanExit(t, a.server)
	w.wait("")
	w.interrupt()
}

// The server is one that implements the documented interface, see harness/eureka.
func TestReceiversOfEureka(t *testing.T) {
	t.Parallel()
	server := eureka.Start(t)
	url := "eureka://" + server.Addr() + "/otlp-receiver"
	m := announce(t, fmt.Sprintf("{eureka: {url: \"http://%s/eureka\", id: a, advertise_address: 127.0.0.1, interval: 1s, lease: 3s, zone: x}}", server.Addr()))
	m.waitRegistered(t)
	want := resolveOnce(t, nil, url+"?tag=grpc&zone=x").stdout
	if !strings.HasPrefix(want, "a\t"+m.grpc+"\tx\t") {
		t.Errorf("it is told to be %q", want)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+server.Addr()+"/eureka/apps/OTLP-RECEIVER/a", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close() // it has none
	wait.For(t, discoveryLimit, "the entry again", func() bool { return resolveOnce(t, nil, url).stdout == want })
	wantCleanExit(t, m.server)
	wantResolved(t, 1, "", "no instances", url)
}
