package kube

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

func TestInhabitants(t *testing.T) {
	f := func(resource, items string, code int, want string) {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if path.Base(r.URL.Path) == resource && code != http.StatusOK {
				w.WriteHeader(code)
				_, _ = io.WriteString(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "message": "no", "code": 403}`)
				return
			}
			found := ""
			if path.Base(r.URL.Path) == resource {
				found = items
			}
			_, _ = io.WriteString(w, `{"kind": "List", "apiVersion": "v1", "items": [`+found+`]}`)
		}))
		defer server.Close()
		c, err := newClient("test", &rest.Config{Host: server.URL}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.inhabitants(t.Context(), testTarget); got != want && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%s %s: %q, want %q", resource, items, got, want)
		}
	}
	f("secrets", "", 200, "")
	f("secrets", `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}`, 200, "secret/s is in it")
	f("pods", `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}`, 200, "pod/p is in it")
	f("pods", `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "deletionTimestamp": "2026-01-01T00:00:00Z"}}`, 200, "")
	f("configmaps", `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"}}`, 200, "")
	f("secrets", "", 403, "it cannot be told what is in it: no")
}
