// Package eureka stands in for a Eureka server, which is published neither as a Go module nor as a Debian package: it has the
// operations of the documented REST interface on /eureka/apps that instances and their clients use, in JSON, with leases that
// end. It is no proof that a real server answers the same.
package eureka

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// defaultLease is how long an instance stays that gives no sign of itself and has not said how long.
const defaultLease = 90 * time.Second

// Server is a Eureka server.
type Server struct {
	http *httptest.Server

	mu   sync.Mutex
	apps map[string]map[string]*registered // by the name of the application, in capitals, and the ID of the instance
}

// registered is an instance, and until when.
type registered struct {
	instance map[string]any
	lease    time.Duration
	until    time.Time
}

// Start starts a server for the length of a test.
func Start(t testing.TB) *Server {
	s := &Server{apps: map[string]map[string]*registered{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /eureka/apps/{app}", s.register)
	mux.HandleFunc("GET /eureka/apps/{app}", s.list)
	mux.HandleFunc("GET /eureka/apps/{app}/{id}", s.with(func(w http.ResponseWriter, _ *http.Request, r *registered) {
		write(w, map[string]any{"instance": r.instance})
	}))
	mux.HandleFunc("PUT /eureka/apps/{app}/{id}", s.with(func(_ http.ResponseWriter, _ *http.Request, r *registered) {
		r.until = time.Now().Add(r.lease)
	}))
	mux.HandleFunc("PUT /eureka/apps/{app}/{id}/status", s.with(func(_ http.ResponseWriter, q *http.Request, r *registered) {
		r.instance["status"] = q.URL.Query().Get("value")
	}))
	mux.HandleFunc("DELETE /eureka/apps/{app}/{id}", s.with(func(_ http.ResponseWriter, q *http.Request, _ *registered) {
		delete(s.apps[app(q)], q.PathValue("id"))
	}))
	s.http = httptest.NewServer(mux)
	t.Cleanup(s.http.Close)
	return s
}

// Addr returns host:port.
func (s *Server) Addr() string { return strings.TrimPrefix(s.http.URL, "http://") }

func app(q *http.Request) string { return strings.ToUpper(q.PathValue("app")) }

func (s *Server) register(w http.ResponseWriter, q *http.Request) {
	var body struct {
		Instance map[string]any `json:"instance"`
	}
	if err := json.NewDecoder(q.Body).Decode(&body); err != nil || body.Instance["hostName"] == nil {
		http.Error(w, fmt.Sprintf("no instance: %v", err), http.StatusBadRequest)
		return
	}
	id, ok := body.Instance["instanceId"].(string)
	if !ok {
		id = fmt.Sprint(body.Instance["hostName"])
	}
	r := &registered{instance: body.Instance, lease: defaultLease}
	if lease, ok := body.Instance["leaseInfo"].(map[string]any); ok {
		if seconds, ok := lease["durationInSecs"].(float64); ok {
			r.lease = time.Duration(seconds * float64(time.Second))
		}
	}
	r.until = time.Now().Add(r.lease)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps[app(q)] == nil {
		s.apps[app(q)] = map[string]*registered{}
	}
	s.apps[app(q)][id] = r
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) list(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []any{}
	for _, r := range s.apps[app(q)] {
		if r.until.After(time.Now()) {
			all = append(all, r.instance)
		}
	}
	if len(all) == 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	write(w, map[string]any{"application": map[string]any{"name": app(q), "instance": all}})
}

// with calls do with the instance that is meant, if there is one.
func (s *Server) with(do func(http.ResponseWriter, *http.Request, *registered)) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		r := s.apps[app(q)][q.PathValue("id")]
		if r == nil || !r.until.After(time.Now()) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		do(w, q, r)
	}
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who asks may have gone
}
