package consul

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// agent answers as an agent does, one after the other from a script, in the process and so in a bubble.
type agent struct {
	answer func(n int, index uint64, r *http.Request) reply
	asked  int
	began  time.Time
	at     []time.Duration
}

// reply is an answer that comes after a while.
type reply struct {
	after time.Duration
	code  int
	index uint64
	body  string
	acl   string // the default policy, if it is said
}

// RoundTrip answers a request.
func (a *agent) RoundTrip(r *http.Request) (*http.Response, error) {
	a.at = append(a.at, time.Since(a.began))
	index, _ := strconv.ParseUint(r.URL.Query().Get("index"), 10, 64)
	reply := a.answer(a.asked, index, r)
	a.asked++
	select {
	case <-time.After(reply.after):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if reply.code == 0 {
		return nil, errors.New("no agent")
	}
	h := http.Header{}
	h.Set("X-Consul-Index", strconv.FormatUint(reply.index, 10))
	h.Set("X-Consul-LastContact", "0")
	if reply.acl != "" {
		h.Set("X-Consul-Default-ACL-Policy", reply.acl)
	}
	return &http.Response{StatusCode: reply.code, Header: h, Body: io.NopCloser(strings.NewReader(reply.body)), Request: r}, nil
}

// entry is an instance as the agent tells it.
func entry(id, addr string, port int) *api.ServiceEntry {
	return &api.ServiceEntry{
		Node: &api.Node{Node: "n", Address: "10.9.9.9"}, Service: &api.AgentService{ID: id, Service: "otlp", Address: addr, Port: port},
		Checks: api.HealthChecks{{Status: api.HealthPassing}},
	}
}

func list(n int) string {
	entries := make([]*api.ServiceEntry, n)
	for i := range entries {
		entries[i] = entry(fmt.Sprintf("i%05d", i), fmt.Sprintf("10.0.%d.%d", i/250, i%250), 4317)
	}
	text, _ := json.Marshal(entries)
	return string(text)
}

// ask follows a service for a time in a bubble. Answers come as "instances error".
func ask(t *testing.T, a *agent, d time.Duration) (told []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a.began = time.Now()
		client, err := api.NewClient(&api.Config{Address: "h:8500", HttpClient: &http.Client{Transport: a}})
		if err != nil {
			t.Fatal(err)
		}
		s := &service{client: client, who: "consul h:8500", name: "otlp", passing: true, anonymous: true}
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		source := registry.Source{Name: "otlp", Watch: s.watch}
		source.Follow(ctx, func(a resolve.Answer) {
			text := "<nil>"
			if a.Err != nil {
				text = strings.TrimPrefix(a.Err.Error(), "find otlp: consul h:8500 ")
			}
			told = append(told, fmt.Sprintf("%d %s", len(a.Instances), text))
		})
	})
	return told
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestBlockingQueries(t *testing.T) {
	var indexes []uint64
	a := &agent{answer: func(n int, index uint64, r *http.Request) reply {
		indexes = append(indexes, index)
		if n > 0 && r.URL.Query().Get("wait") == "" && index > 0 {
			t.Error("a query that waits does not say how long")
		}
		switch n {
		case 0:
			return reply{code: 200, index: 10, body: list(2)}
		case 1:
			return reply{after: time.Minute, code: 200, index: 12, body: list(3)}
		case 2:
			return reply{after: 5 * time.Minute, code: 200, index: 12, body: list(3)} // nothing has changed
		case 3:
			return reply{after: time.Minute, code: 200, index: 4, body: list(1)} // the servers have begun anew
		case 4:
			return reply{code: 200, index: 5, body: list(1)}
		}
		return reply{after: time.Hour, code: 200, index: 6, body: list(9)}
	}}
	told := ask(t, a, 8*time.Minute)
	expect(t, told, "2 <nil>", "3 <nil>", "1 <nil>")
	if got := fmt.Sprint(indexes); got != "[0 10 12 12 0 5]" {
		t.Errorf("asked from the indexes %s", got)
	}
}

func TestAwayAndBack(t *testing.T) {
	a := &agent{answer: func(n int, _ uint64, _ *http.Request) reply {
		switch {
		case n == 0:
			return reply{code: 200, index: 10, body: list(2)}
		case n == 1:
			return reply{code: 500, body: "No cluster leader\n"}
		case n < 5:
			return reply{}
		case n == 5:
			return reply{code: 403, body: "Permission denied: token with AccessorID 'x' lacks permission"}
		case n == 6:
			return reply{code: 200, index: 11, body: list(2)}
		}
		return reply{after: time.Hour}
	}}
	told := ask(t, a, 5*time.Minute)
	expect(t, told, "2 <nil>", "2 has no cluster leader", "2 find otlp: consul h:8500: no agent",
		"2 answers 403: Permission denied: token with AccessorID 'x' lacks permission", "2 <nil>")
}

// Checks that flap, agents that do not wait, indexes that are none: the agent is asked twice a second at most.
func TestNoTightLoop(t *testing.T) {
	f := func(name string, answer func(n int) reply) {
		t.Helper()
		a := &agent{answer: func(n int, _ uint64, _ *http.Request) reply { return answer(n) }}
		ask(t, a, time.Minute)
		if most := int(time.Minute/pause) + burst; a.asked < 4 || a.asked > most {
			t.Errorf("%s: asked %d times in a minute, at most %d are well", name, a.asked, most)
		}
	}
	f("flapping", func(n int) reply { return reply{code: 200, index: uint64(n + 1), body: list(n % 2)} })
	f("not waiting", func(int) reply { return reply{code: 200, index: 7, body: list(1)} })
	f("without an index", func(int) reply { return reply{code: 200, body: list(1)} })
	f("backwards", func(n int) reply { return reply{code: 200, index: uint64(1000 - n), body: list(1)} })
	f("failing", func(int) reply { return reply{code: 500} })
	f("garbled", func(int) reply { return reply{code: 200, index: 1, body: "{"} })
}

// What comes alone comes at once.
func TestChangeIsToldAtOnce(t *testing.T) {
	a := &agent{answer: func(n int, _ uint64, _ *http.Request) reply {
		return reply{after: 10 * time.Second, code: 200, index: uint64(n + 1), body: list(n)}
	}}
	ask(t, a, time.Minute)
	for i, at := range a.at {
		if want := time.Duration(i) * 10 * time.Second; at != want {
			t.Errorf("question %d after %s, want %s", i, at, want)
		}
	}
}

func TestTenThousand(t *testing.T) {
	all := list(10_000)
	a := &agent{answer: func(n int, _ uint64, _ *http.Request) reply {
		return reply{after: time.Duration(n) * time.Hour, code: 200, index: 1, body: all}
	}}
	expect(t, ask(t, a, time.Second), "10000 <nil>")
}

// An agent that takes the question and says nothing is given up.
func TestSilentAgent(t *testing.T) {
	a := &agent{answer: func(int, uint64, *http.Request) reply { return reply{after: time.Hour} }}
	told := ask(t, a, 30*time.Second)
	expect(t, told, "0 does not answer in time")
}

// Who has no token is told so as long as nothing could be seen; later, nothing is what there is.
func TestWithoutToken(t *testing.T) {
	a := &agent{answer: func(n int, _ uint64, _ *http.Request) reply {
		return reply{after: time.Second, code: 200, index: uint64(n + 1), body: list(n % 2), acl: "deny"}
	}}
	told := ask(t, a, 5*time.Second)
	expect(t, told[:3], "0 shows no instance to who has no token for that", "1 <nil>", "0 <nil>")
}

func TestInstances(t *testing.T) {
	f := func(e *api.ServiceEntry, passing bool, want string) {
		t.Helper()
		var got []string
		for _, i := range instances([]*api.ServiceEntry{e}, passing) {
			got = append(got, i.ID, i.Addr, i.Zone, i.Version)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%+v: %q, want %q", e.Service, got, want)
		}
	}
	f(entry("a", "10.0.0.1", 4317), true, "a 10.0.0.1:4317  ")
	f(entry("a", "", 4317), true, "a 10.9.9.9:4317  ")
	f(entry("a", "fd00::1", 4317), true, "a [fd00::1]:4317  ")
	f(entry("a", "h", 0), true, "")

	zoned := entry("a", "h", 1)
	zoned.Node.Meta = map[string]string{"zone": "n"}
	f(zoned, true, "a h:1 n ")
	zoned.Service.Locality = &api.Locality{Zone: "l"}
	f(zoned, true, "a h:1 l ")
	zoned.Service.Meta = map[string]string{"zone": "m", "version": "2"}
	f(zoned, true, "a h:1 m 2")

	kept := entry("a", "h", 1)
	kept.Checks = api.HealthChecks{{Status: api.HealthCritical, CheckID: "c"}}
	f(kept, false, "a h:1  ")
	kept.Checks = api.HealthChecks{{Status: api.HealthCritical, CheckID: api.NodeMaint}}
	f(kept, false, "")
	kept.Checks = api.HealthChecks{{Status: api.HealthCritical, CheckID: api.ServiceMaintPrefix + "a"}}
	f(kept, false, "")
}
