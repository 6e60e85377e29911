package kube

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

// leaseServer is an API server that has one lease. It loses answers, and its clock may be wrong.
type leaseServer struct {
	lease   map[string]any // nil is none
	version int
	ahead   time.Duration
	// lose says that the answers to updates do not arrive.
	lose bool
}

func (s *leaseServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", time.Now().Add(s.ahead).UTC().Format(http.TimeFormat))
	var sent map[string]any
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &sent)
	switch {
	case strings.HasSuffix(r.URL.Path, "/selfsubjectreviews"):
		_, _ = io.WriteString(w, `{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "status": {"userInfo": {"username": "ann"}}}`)
	case s.lease == nil && r.Method != http.MethodPost:
		s.refuse(w, http.StatusNotFound, "NotFound")
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(s.lease)
	case s.lease != nil && s.isStale(r.Method, sent):
		s.refuse(w, http.StatusConflict, "Conflict")
	case r.Method == http.MethodDelete:
		s.lease = nil
		_, _ = io.WriteString(w, `{"kind": "Status", "apiVersion": "v1", "status": "Success"}`)
	default:
		s.version++
		s.lease = sent
		_ = unstructured.SetNestedField(s.lease, strconv.Itoa(s.version), "metadata", "resourceVersion")
		_ = unstructured.SetNestedField(s.lease, "1", "metadata", "uid")
		if s.lose && r.Method == http.MethodPut {
			s.refuse(w, http.StatusGatewayTimeout, "Timeout")
			return
		}
		_ = json.NewEncoder(w).Encode(s.lease)
	}
}

// isStale reports whether a request is about a version that is no more.
func (s *leaseServer) isStale(method string, sent map[string]any) bool {
	version, _, _ := unstructured.NestedString(sent, "metadata", "resourceVersion")
	if method == http.MethodDelete {
		version, _, _ = unstructured.NestedString(sent, "preconditions", "resourceVersion")
	}
	return version != strconv.Itoa(s.version)
}

func (s *leaseServer) refuse(w http.ResponseWriter, code int, reason string) {
	w.WriteHeader(code)
	_, _ = io.WriteString(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "`+reason+`", "code": `+strconv.Itoa(code)+`}`)
}

func (s *leaseServer) client(t *testing.T) *Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := newClient("test", &rest.Config{Host: server.URL}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A machine whose clock is wrong neither takes a lease that is held, nor waits for one that is not.
func TestLeaseClock(t *testing.T) {
	f := func(ahead, age time.Duration, want string) {
		t.Helper()
		at := microTime(time.Now().Add(ahead - age))
		s := &leaseServer{ahead: ahead, version: 1, lease: map[string]any{
			"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": map[string]any{"name": "d-deploy", "namespace": "ns", "resourceVersion": "1", "uid": "1"},
			"spec": map[string]any{"holderIdentity": "bob", "leaseDurationSeconds": 30, "acquireTime": at, "renewTime": at},
		}}
		err := s.client(t).Locked(t.Context(), testTarget, func(context.Context) error {
			text, _, _ := unstructured.NestedString(s.lease, "spec", "renewTime")
			renewed, err := time.Parse(time.RFC3339Nano, text)
			if off := time.Since(renewed) + ahead; err != nil || off.Abs() > clockPrecision {
				t.Errorf("%s ahead: renewed at %s, which is %s off", ahead, text, off)
			}
			return nil
		})
		if got := errorText(err); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s ahead, renewed %s ago: %v, want %q", ahead, age, err, want)
		}
	}
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour} {
		f(ahead, 5*time.Second, "d in ns is being deployed by bob")
		f(ahead, time.Minute, "")
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// The answer to a renewal may be lost: the lease is the same one's all the same, and given back.
func TestLeaseLostAnswer(t *testing.T) {
	f := func(holder string, want bool) {
		t.Helper()
		s := &leaseServer{}
		l := &lease{client: s.client(t), target: testTarget, holder: "ann"}
		if err := l.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.lose = true
		next := l.object(time.Now())
		next.SetResourceVersion(l.held.GetResourceVersion())
		if _, err := l.update(t.Context(), next); err == nil {
			t.Fatal("the answer was not lost")
		}
		s.lose = false
		_ = unstructured.SetNestedField(s.lease, holder, "spec", "holderIdentity")
		next = l.object(time.Now())
		next.SetResourceVersion(l.held.GetResourceVersion())
		held, err := l.update(t.Context(), next)
		if (err == nil) != want {
			t.Errorf("renewed: %v", err)
		}
		if err == nil {
			l.held = held
		}
		if err := l.release(t.Context()); err != nil || (s.lease == nil) != want {
			t.Errorf("given back: %v, and there is %v", err, s.lease)
		}
	}
	f("ann", true)
	f("bob", false)
}
