package image_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/image"
)

func TestResolve(t *testing.T) {
	r, host := newRecorder(t, true)
	b := built(t, []string{host + "/a/b:1"}, "amd64", "arm64")
	check(t, pushTo(t, b, image.PutOptions{}))
	digest := digestOf(t, b)
	before := len(r.seen())
	for _, name := range []string{host + "/a/b:1", host + "/a/b:1@" + digest, host + "/a/b@" + digest} {
		if got, err := image.Resolve(t.Context(), name, false); err != nil || got != digest {
			t.Errorf("%s is %s, %v, want %s", name, got, err, digest)
		}
	}
	for _, request := range r.seen()[before:] {
		if strings.HasPrefix(request, "GET") && strings.Contains(request, "/manifests/") {
			t.Errorf("%s counts as a pull", request)
		}
	}
	parts, err := image.Parts(t.Context(), host+"/a/b:other", digest, false)
	if want := []string{manifestDigest(t, b.Variants[0].Image), manifestDigest(t, b.Variants[1].Image)}; err != nil || !slices.Equal(parts, want) {
		t.Errorf("it consists of %v, %v, want %v", parts, err, want)
	}
}

func TestResolveWithoutHEAD(t *testing.T) {
	r, host := newRecorder(t, true)
	b := built(t, []string{host + "/a:1"}, "amd64")
	check(t, pushTo(t, b, image.PutOptions{}))
	r.refuse = func(q *http.Request) int {
		if q.Method == http.MethodHead {
			return http.StatusMethodNotAllowed
		}
		return 0
	}
	if got, err := image.Resolve(t.Context(), host+"/a:1", false); err != nil || got != digestOf(t, b) {
		t.Errorf("got %s, %v", got, err)
	}
}

// Who says no, and who says nothing, is not the same.
func TestResolveErrors(t *testing.T) {
	f := func(status int, body string, missing, denied bool) {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path != "/v2/" {
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
			}
		}))
		defer server.Close()
		_, err := image.Resolve(t.Context(), strings.TrimPrefix(server.URL, "http://")+"/a:1", false)
		if err == nil || errors.Is(err, image.ErrMissing) != missing || errors.Is(err, image.ErrDenied) != denied {
			t.Errorf("%d %s: %v", status, body, err)
		}
	}
	f(404, `{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "no"}]}`, true, false)
	f(404, `{"errors": [{"code": "NAME_UNKNOWN"}]}`, true, false)
	f(404, `<html>Not Found</html>`, false, false)
	f(401, `{"errors": [{"code": "UNAUTHORIZED"}]}`, false, true)
	f(403, `{"errors": [{"code": "DENIED"}]}`, false, true)
	f(501, ``, false, false)
	for _, name := range []string{"localhost:1/a:1", "Upper", ""} {
		if _, err := image.Resolve(t.Context(), name, false); err == nil || errors.Is(err, image.ErrMissing) || errors.Is(err, image.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
