package etcd

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// member answers as the JSON form of etcd's API does.
type member struct {
	t *testing.T

	mu       sync.Mutex
	revision int64
	entries  map[string]string
	history  []change // from the revision 1 on
	// forgets is for how many watches the history is gone.
	forgets  int
	changed  chan struct{} // closed at every change
	watched  chan struct{} // gets something for each watch that has begun
	asked    []string
	password string // empty asks for none
}

// change is one of the history: an entry without a value is gone.
type change struct{ key, value string }

func newMember(t *testing.T) (*member, *httptest.Server) {
	m := &member{t: t, revision: 1, history: []change{{}}, entries: map[string]string{}, changed: make(chan struct{}), watched: make(chan struct{}, 10)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/kv/range", m.list)
	mux.HandleFunc("POST /v3/watch", m.watch)
	mux.HandleFunc("POST /v3/auth/authenticate", m.login)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return m, server
}

func (m *member) set(key, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revision++
	m.history = append(m.history, change{key, value})
	m.entries[key] = value
	if value == "" {
		delete(m.entries, key)
	}
	close(m.changed)
	m.changed = make(chan struct{})
}

// put writes the entry of an instance.
func (m *member) put(id, addr string) { m.set("/services/otlp/"+id, fmt.Sprintf(`{"addr": %q}`, addr)) }

func (m *member) login(w http.ResponseWriter, r *http.Request) {
	var c struct{ Name, Password string }
	_ = json.NewDecoder(r.Body).Decode(&c)
	if c.Password != m.password {
		refuse(w, http.StatusBadRequest, "etcdserver: authentication failed, invalid user ID or password")
		return
	}
	_, _ = fmt.Fprint(w, `{"token": "t"}`)
}

func refuse(w http.ResponseWriter, code int, text string) {
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"error": %q, "code": 3, "message": %[1]q}`, text)
}

func (m *member) allows(w http.ResponseWriter, r *http.Request) bool {
	if m.password == "" || r.Header.Get("Authorization") == "t" {
		return true
	}
	refuse(w, http.StatusBadRequest, "etcdserver: user name is empty")
	return false
}

func (m *member) list(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.allows(w, r) {
		return
	}
	m.asked = append(m.asked, "list")
	var k keys
	if err := json.NewDecoder(r.Body).Decode(&k); err != nil {
		m.t.Error(err)
	}
	kvs := []KeyValue{}
	for key, value := range m.entries {
		if key >= string(k.Key) && key < string(k.End) {
			kvs = append(kvs, KeyValue{Key: []byte(key), Value: []byte(value)})
		}
	}
	m.write(w, map[string]any{"header": header{m.revision}, "kvs": kvs})
}

func (m *member) write(w http.ResponseWriter, v any) {
	_ = json.NewEncoder(w).Encode(v) // who asks may have gone
	w.(http.Flusher).Flush()
}

func (m *member) watch(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Create struct {
			keys
			Since int64 `json:"start_revision,string"`
		} `json:"create_request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		m.t.Error(err)
	}
	if !m.allows(w, r) {
		return
	}
	m.mu.Lock()
	m.asked = append(m.asked, "watch")
	forgotten := m.forgets > 0
	m.forgets--
	m.mu.Unlock()
	m.write(w, map[string]any{"result": map[string]any{"created": true}})
	select {
	case m.watched <- struct{}{}:
	default:
	}
	if forgotten {
		m.write(w, map[string]any{"result": map[string]any{"canceled": true, "compact_revision": "9"}})
		return
	}
	for next := q.Create.Since; ; {
		m.mu.Lock()
		var events []event
		for ; next <= m.revision; next++ {
			c := m.history[next-1]
			kind := ""
			if c.value == "" {
				kind = typeDelete
			}
			events = append(events, event{kind, KeyValue{Key: []byte(c.key), Value: []byte(c.value)}})
		}
		changed := m.changed
		m.mu.Unlock()
		if len(events) > 0 {
			m.write(w, map[string]any{"result": map[string]any{"header": header{next - 1}, "events": events}})
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// open opens the source of a service, in the environment of nobody.
func open(t *testing.T, url string) *registry.Source {
	t.Helper()
	for _, name := range []string{envEndpoints, envUser, envPassword, envCA, envCert, envKey} {
		if !strings.Contains(url, name) {
			t.Setenv(name, "")
		}
	}
	target, err := registry.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	source, err := Open(target)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// follow returns the answers of a source as they come, each as "id=addr … error".
func follow(t *testing.T, source *registry.Source) <-chan string {
	t.Helper()
	told := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		source.Follow(ctx, func(a resolve.Answer) {
			var parts []string
			for _, i := range a.Instances {
				parts = append(parts, i.ID+"="+i.Addr)
			}
			if a.Err != nil {
				parts = append(parts, a.Err.Error())
			}
			told <- strings.Join(parts, " ")
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return told
}

func expect(t *testing.T, told <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := <-told; !strings.Contains(got, w) || w == "" && got != "" {
			t.Fatalf("told %q, want %q", got, w)
		}
	}
}

func at(server *httptest.Server) string { return strings.TrimPrefix(server.URL, "http://") }

func TestFollow(t *testing.T) {
	m, server := newMember(t)
	m.put("a", "10.0.0.1:4317")
	m.set("/services/otlp-other/x", `{"addr": "10.0.0.9:1"}`)
	told := follow(t, open(t, "etcd://"+at(server)+"/services/otlp"))
	expect(t, told, "a=10.0.0.1:4317")
	m.put("b", "10.0.0.2:4317")
	expect(t, told, "a=10.0.0.1:4317 b=10.0.0.2:4317")
	m.set("/services/otlp/c", "no JSON")
	m.set("/services/otlp/d/e", `{"addr": "10.0.0.9:1"}`)
	m.put("b", "10.0.0.3:4317")
	expect(t, told, "a=10.0.0.1:4317 b=10.0.0.3:4317")
	m.set("/services/otlp/a", "")
	expect(t, told, "b=10.0.0.3:4317")
	m.set("/services/otlp/c", "")
	m.set("/services/otlp/b", "")
	expect(t, told, "")
}

func TestFollowAfterAnOutage(t *testing.T) {
	m, server := newMember(t)
	m.put("a", "10.0.0.1:4317")
	told := follow(t, open(t, "etcd://"+at(server)+"/services/otlp"))
	expect(t, told, "a=10.0.0.1:4317")
	<-m.watched
	server.CloseClientConnections()
	expect(t, told, "a=10.0.0.1:4317 find services/otlp: etcd "+at(server), "a=10.0.0.1:4317")
	m.put("b", "10.0.0.2:4317")
	expect(t, told, "a=10.0.0.1:4317 b=10.0.0.2:4317")
}

// Who begins to watch when the changes since the list are gone lists again.
func TestFollowCompacted(t *testing.T) {
	m, server := newMember(t)
	m.forgets = 2
	m.put("a", "10.0.0.1:4317")
	told := follow(t, open(t, "etcd://"+at(server)+"/services/otlp"))
	expect(t, told, "a=10.0.0.1:4317")
	m.put("b", "10.0.0.2:4317")
	expect(t, told, "a=10.0.0.1:4317 b=10.0.0.2:4317")
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.asked) < 3 || !slices.Equal(m.asked[:3], []string{"list", "watch", "list"}) {
		t.Errorf("asked %q", m.asked)
	}
}

func TestFaults(t *testing.T) {
	m, server := newMember(t)
	m.set("/services/otlp/a", "no JSON")
	expect(t, follow(t, open(t, "etcd://"+at(server)+"/services/otlp")), "the entry /services/otlp/a: the value is not the JSON of an instance")
	m.set("/services/otlp/a", `{"addr": "h"}`)
	expect(t, follow(t, open(t, "etcd://"+at(server)+"/services/otlp")), `the entry /services/otlp/a: addr: "h" is not host:port`)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	expect(t, follow(t, open(t, "etcd://"+at(other)+"/services/otlp")), "answers 404")
	wrong := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") }))
	t.Cleanup(wrong.Close)
	expect(t, follow(t, open(t, "etcd://"+at(wrong)+"/services/otlp")), "the answer is not what this registry answers")
	// One member that is gone does not matter.
	m.put("a", "10.0.0.1:4317")
	wrong.Close()
	expect(t, follow(t, open(t, "etcd://"+at(wrong)+","+at(server)+"/services/otlp")), "a=10.0.0.1:4317")
}

func TestLogin(t *testing.T) {
	m, server := newMember(t)
	m.password = "hush:hush"
	m.put("a", "10.0.0.1:4317")
	source := open(t, "etcd://"+at(server)+"/services/otlp")
	expect(t, follow(t, source), "user name is empty")
	t.Setenv(envUser, "reader:wrong")
	expect(t, follow(t, source), "invalid user ID or password")
	t.Setenv(envUser, "reader:hush:hush")
	expect(t, follow(t, source), "a=10.0.0.1:4317")
	t.Setenv(envUser, "reader")
	t.Setenv(envPassword, "hush:hush")
	expect(t, follow(t, source), "a=10.0.0.1:4317")
}

func TestMembers(t *testing.T) {
	f := func(url, env, want string, wantSecure bool) {
		t.Helper()
		t.Setenv(envEndpoints, env)
		target, err := registry.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		addrs, secure, err := members(target)
		if err != nil || strings.Join(addrs, " ") != want || secure != wantSecure {
			t.Errorf("%s, %s: %q, %v, %v", url, env, addrs, secure, err)
		}
	}
	f("etcd://a,b:1/x", "", "a:2379 b:1", false)
	f("etcd://a/x?tls=true", "https://c:1", "a:2379", true)
	f("etcd:///x", "", "127.0.0.1:2379", false)
	f("etcd:///x", "https://a:1/, https://b", "a:1 b:2379", true)
	f("etcd:///x?tls=false", "a:1", "a:1", false)
}
