package register

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
)

// members are an etcd that answers each method with what a test says, and notes what it was asked.
type members struct {
	answers map[string]string
	asked   []string
}

func (m *members) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := path.Base(r.URL.Path)
	m.asked = append(m.asked, method)
	answer := m.answers[method]
	if strings.Contains(answer, "error") {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = io.WriteString(w, answer)
}

func (m *members) took() string {
	defer func() { m.asked = nil }()
	return strings.Join(m.asked, " ")
}

// An entry is under the lease of the receiver that it is of: another one's is neither confirmed nor removed.
func TestEtcdEntry(t *testing.T) {
	m := &members{answers: map[string]string{"grant": `{"ID": "7", "TTL": "30"}`, "put": "{}", "keepalive": `{"result": {"ID": "7", "TTL": "30"}}`, "revoke": "{}", "deleterange": "{}"}}
	server := httptest.NewServer(m)
	defer server.Close()
	var c Etcd
	c.SetDefaults()
	c.Endpoints = []string{server.URL}
	r, err := newEtcd(&c)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	e := entry{id: "a", host: "192.0.2.7", port: 4317}
	f := func(what string, err, want error, asked string) {
		t.Helper()
		if got := m.took(); !errors.Is(err, want) || got != asked {
			t.Errorf("%s: %v, want %v; asked for %q, want %q", what, err, want, got, asked)
		}
	}
	f("never put", r.remove(t.Context(), e.id), nil, "deleterange")
	f("new", r.put(t.Context(), e), nil, "grant put")
	f("changed", r.put(t.Context(), e), nil, "put")
	m.answers["range"] = `{"kvs": [{"lease": "7"}]}`
	f("there", r.confirm(t.Context(), e), nil, "keepalive range")
	m.answers["range"] = `{}`
	f("gone", r.confirm(t.Context(), e), errForgotten, "keepalive range")
	m.answers["range"] = `{"kvs": [{"lease": "8"}]}`
	if err := r.confirm(t.Context(), e); !isTaken(err) || m.took() != "keepalive range" {
		t.Errorf("another's: %v", err)
	}
	f("removed", r.remove(t.Context(), e.id), nil, "revoke")
	m.answers["put"] = `{"error": "etcdserver: requested lease not found"}`
	if err := r.put(t.Context(), e); !isUnknownLease(err) || m.took() != "put grant put" {
		t.Errorf("a lease that is never found: %v", err)
	}
	m.answers["keepalive"] = `{"result": {"ID": "7"}}`
	f("ended", r.confirm(t.Context(), e), errForgotten, "keepalive")
}

// One of several members that speaks TLS gets the certificates, and what is no address is refused.
func TestEtcdMembers(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(struct{}{})
	}))
	defer server.Close()
	f := func(want string, endpoints ...string) {
		t.Helper()
		var c Etcd
		c.SetDefaults()
		c.Endpoints, c.TLS = endpoints, trusting(t, server)
		r, err := newEtcd(&c)
		if err == nil {
			defer r.close()
			err = r.probe(t.Context())
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v: %v, want %q", endpoints, err, want)
		}
	}
	f("", "http://127.0.0.1:1", server.URL)
	f("endpoints[1]: is to be host:port", server.URL, "unix:///run/etcd.sock")
	f("endpoints[0]: \"h:0\" is not host:port", "h:0")
}
