package kube

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// Whatever answers to the first question, what it says is told together with where it is.
func TestVersion(t *testing.T) {
	const page = "<!DOCTYPE HTML>\n<html>no</html>"
	f := func(code int, answer, want string) {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, answer)
		}))
		defer server.Close()
		c, err := newClient("prod", &rest.Config{Host: server.URL}, 0)
		if err != nil {
			t.Fatal(err)
		}
		version, err := c.Version(t.Context())
		got := fmt.Sprint(version, " ", err)
		if !strings.HasPrefix(got, strings.ReplaceAll(want, "$", server.URL)) || strings.Contains(got, "html") {
			t.Errorf("%d: %q, want %q", code, got, want)
		}
	}
	f(200, `{"gitVersion": "v1.36.3"}`, "v1.36.3 <nil>")
	f(200, page, " $ does not answer as an API server does: ")
	f(404, page, " $ does not answer as an API server does: not found")
	f(404, "", " $ does not answer as an API server does: not found")
	f(502, page, " the API server $: bad gateway")
	f(503, "", " the API server $: service unavailable")
	f(403, `{"kind": "Status", "reason": "Forbidden", "message": "no"}`, " the API server $: no")
	f(401, "", ` the API server $ does not accept the credentials of the context "prod"`)
}

// An answer is waited for as long as one says.
func TestRequestTimeout(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	c, err := newClient("prod", &rest.Config{Host: server.URL}, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Version(t.Context()); err == nil || !strings.Contains(err.Error(), server.URL+" does not answer in time") {
		t.Errorf("it says %v", err)
	}
}
