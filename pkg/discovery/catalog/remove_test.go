package catalog

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
)

// registered is an instance as an agent tells it. serf is how the agent of its node is.
func registered(id, node, serf string, changed uint64) *api.ServiceEntry {
	return &api.ServiceEntry{
		Node:    &api.Node{Node: node, Address: "10.0.0.1"},
		Service: &api.AgentService{ID: id, Service: "otlp", Port: 4317, ModifyIndex: changed},
		Checks:  api.HealthChecks{{CheckID: nodeCheck, Status: serf}, {CheckID: "service:" + id, ServiceID: id, Status: api.HealthCritical}},
	}
}

// removedBy runs Remove with an agent of the node "own" that knows entries. It returns what the agent was told to remove.
func removedBy(t *testing.T, zombies, entries []*api.ServiceEntry) (removed []Removed, told []string) {
	t.Helper()
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/v1/health/service/otlp":
			_ = json.NewEncoder(w).Encode(entries)
		case r.URL.Path == "/v1/agent/self":
			_, _ = w.Write([]byte(`{"Config":{"NodeName":"own","Datacenter":"dc1"}}`))
		case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "deregister"):
			var of struct{ Node, ServiceID string }
			_ = json.Unmarshal(body, &of) // the agent's own has no body
			told = append(told, strings.TrimSpace(r.URL.Path+" "+of.Node+" "+of.ServiceID))
		default:
			http.NotFound(w, r)
		}
	}))
	defer agent.Close()
	t.Setenv("CONSUL_HTTP_TOKEN", "")
	a, err := consul.Reach(consul.Access{Address: agent.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	var all []Instance
	for _, z := range zombies {
		all = append(all, instanceOf(z))
	}
	if removed, err = New(a).Remove(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return removed, told
}

// Only what is as it was, and what nobody would register again, is removed.
func TestRemove(t *testing.T) {
	own, others := registered("own-1", "own", api.HealthPassing, 1), registered("other-1", "other", api.HealthPassing, 1)
	lost, again := registered("lost-1", "lost", api.HealthCritical, 1), registered("again-1", "own", api.HealthPassing, 1)
	gone := registered("gone-1", "own", api.HealthPassing, 1)
	well := registered("well-1", "own", api.HealthPassing, 1)
	now := registered("well-1", "own", api.HealthPassing, 1)
	now.Checks[1].Status = api.HealthPassing
	removed, told := removedBy(t,
		[]*api.ServiceEntry{own, others, lost, again, gone, well},
		[]*api.ServiceEntry{own, others, lost, registered("again-1", "own", api.HealthPassing, 2), now})
	if want := []string{"/v1/agent/service/deregister/own-1", "/v1/catalog/deregister lost lost-1"}; !slices.Equal(told, want) {
		t.Errorf("the agent is told %q, want %q", told, want)
	}
	var got []string
	for _, r := range removed {
		text := r.ID
		if !r.Done {
			text += ": " + r.Why + " > " + r.Next
		}
		got = append(got, text)
	}
	want := []string{
		"own-1",
		"other-1: the agent of other would register it again > otlpctl consul deregister other-1, at the agent of other",
		"lost-1",
		"again-1: it has changed meanwhile > look again: otlpctl consul doctor otlp",
		"gone-1",
		"well-1: it has changed meanwhile > look again: otlpctl consul doctor otlp",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}
