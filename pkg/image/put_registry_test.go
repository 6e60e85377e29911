package image_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// recorder is a registry that remembers what it was asked for, and refuses some of it.
type recorder struct {
	http.Handler
	mu       sync.Mutex
	requests []string
	refuse   func(*http.Request) int // the status, or 0
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.requests = append(r.requests, q.Method+" "+q.URL.Path)
	r.mu.Unlock()
	if r.refuse != nil {
		if status := r.refuse(q); status != 0 {
			http.Error(w, `{"errors":[{"code":"DENIED","message":"no"}]}`, status)
			return
		}
	}
	r.Handler.ServeHTTP(w, q)
}

// seen returns what it was asked for so far: a client may have given up while a request is still on its way.
func (r *recorder) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func newRecorder(t *testing.T, referrers bool) (*recorder, string) {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	r := &recorder{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(referrers))}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, strings.TrimPrefix(server.URL, "http://")
}

func pushTo(t *testing.T, b *image.Built, o image.PutOptions) error {
	t.Helper()
	return image.Put(t.Context(), b, image.Place{Kind: image.Registry}, o)
}

func TestPushedImageIsTheSame(t *testing.T) {
	f := func(withAPI bool, architectures ...string) {
		t.Helper()
		_, host := newRecorder(t, withAPI)
		b := built(t, []string{host + "/a/b:1", host + "/a/b:latest", host + "/c:1"}, architectures...)
		check(t, pushTo(t, b, image.PutOptions{}))
		for _, tag := range b.Tags {
			found, digest := reopened(t, tag)
			if digest != digestOf(t, b) || len(found.Variants) != len(architectures) {
				t.Errorf("%s is %s with %d variants, want %s", tag, digest, len(found.Variants), digestOf(t, b))
			}
			for _, v := range b.Variants {
				if got, want := referrers(t, tag, v.Image), []string{manifestDigest(t, v.SBOM)}; !slices.Equal(got, want) {
					t.Errorf("%s: %v refer to the image for %s, want %v", tag, got, v.Platform.String(), want)
				}
			}
		}
	}
	f(true, "amd64")
	f(true, "amd64", "arm64")
	f(false, "amd64") // by the fallback tag
	f(false, "amd64", "arm64")
}

func manifestDigest(t *testing.T, img v1.Image) string {
	t.Helper()
	digest, err := img.Digest()
	check(t, err)
	return digest.String()
}

// referrers returns the digests of what refers to an image in the repository of a tag.
func referrers(t *testing.T, tag string, img v1.Image) []string {
	t.Helper()
	ref, err := name.ParseReference(tag)
	check(t, err)
	list, err := remote.Referrers(ref.Context().Digest(manifestDigest(t, img)))
	check(t, err)
	manifest, err := list.IndexManifest()
	check(t, err)
	var found []string
	for _, d := range manifest.Manifests {
		found = append(found, d.Digest.String())
	}
	return found
}

func TestTagsMoveLast(t *testing.T) {
	r, host := newRecorder(t, true)
	check(t, pushTo(t, built(t, []string{host + "/a:1", host + "/b:1"}, "amd64", "arm64"), image.PutOptions{}))
	var puts []string
	for _, request := range r.seen() {
		if strings.HasPrefix(request, "PUT ") {
			puts = append(puts, request)
		}
	}
	if want := []string{"PUT /v2/a/manifests/1", "PUT /v2/b/manifests/1"}; !slices.Equal(puts[len(puts)-2:], want) {
		t.Errorf("the last of %v are not %v", puts, want)
	}
}

func TestTagsStayIfAPushFails(t *testing.T) {
	f := func(refuse func(*http.Request) int, want, hint string) {
		t.Helper()
		r, host := newRecorder(t, true)
		old := built(t, []string{host + "/a:1"}, "amd64")
		check(t, pushTo(t, old, image.PutOptions{}))
		r.refuse = refuse
		next := built(t, []string{host + "/a:1", host + "/b:1"}, "amd64")
		err := pushTo(t, next, image.PutOptions{})
		wantError(t, err, want)
		if h, ok := err.(interface{ Hint() string }); !ok || !strings.Contains(h.Hint(), hint) {
			t.Errorf("%v: no hint with %q", err, hint)
		}
		r.refuse = nil
		if _, digest := reopened(t, host+"/a:1"); digest != digestOf(t, old) {
			t.Errorf("the tag has moved to %s", digest)
		}
		ref, err := name.ParseReference(host + "/b:1")
		check(t, err)
		if _, err := remote.Head(ref); err == nil {
			t.Error("the other tag is there")
		}
	}
	to := func(status int, method, part string) func(*http.Request) int {
		return func(q *http.Request) int {
			if q.Method == method && strings.Contains(q.URL.Path, part) {
				return status
			}
			return 0
		}
	}
	f(to(http.StatusUnauthorized, http.MethodPost, "/blobs/"), "push ", "docker login")
	f(to(http.StatusForbidden, http.MethodPost, "/blobs/"), "push ", "do not allow to push a")
	f(to(http.StatusNotFound, http.MethodPost, "/blobs/"), "push ", "create the repository a")
	f(to(http.StatusRequestEntityTooLarge, http.MethodPut, "/blobs/"), "push ", "limit for uploads")
	f(to(http.StatusForbidden, http.MethodPut, "/manifests/"), "push ", "do not allow to push")
	f(to(http.StatusForbidden, http.MethodPut, "/v2/b/manifests/sha256:"), "push ", "do not allow to push b") // the second repository
}

func TestInterruptedPushMovesNoTag(t *testing.T) {
	r, host := newRecorder(t, true)
	err := pushTo(t, broken(t, host+"/a:1"), image.PutOptions{})
	wantError(t, err, "the disk is gone")
	if slices.ContainsFunc(r.seen(), func(q string) bool { return strings.HasPrefix(q, "PUT ") && strings.Contains(q, "/manifests/") }) {
		t.Errorf("a manifest was sent: %v", r.seen())
	}
}

func TestCredentialsComeFromTheFileOfDocker(t *testing.T) {
	r, _ := newRecorder(t, true)
	r.refuse = func(q *http.Request) int {
		if user, password, _ := q.BasicAuth(); user != "me" || password != "secret" {
			return http.StatusUnauthorized
		}
		return 0
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		r.ServeHTTP(w, q)
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	b := built(t, []string{host + "/a:1"}, "amd64")
	wantError(t, pushTo(t, b, image.PutOptions{}), "401")
	file := filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json")
	check(t, os.WriteFile(file, []byte(`{"auths":{"`+host+`":{"auth":"bWU6c2VjcmV0"}}}`), 0o600))
	check(t, pushTo(t, b, image.PutOptions{}))
}

func TestRegistriesOutOfReach(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	f := func(host string, o image.PutOptions, want, hint string) {
		t.Helper()
		err := pushTo(t, built(t, []string{host + "/a:1"}, "amd64"), o)
		wantError(t, err, want)
		if h, ok := err.(interface{ Hint() string }); !ok || !strings.Contains(h.Hint(), hint) {
			t.Errorf("%v: no hint with %q", err, hint)
		}
	}
	var listen net.ListenConfig
	closed, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	check(t, closed.Close())
	f(closed.Addr().String(), image.PutOptions{}, "refused", "nothing listens")
	secure := httptest.NewTLSServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(secure.Close)
	f(strings.TrimPrefix(secure.URL, "https://"), image.PutOptions{}, "certificate", "SSL_CERT_FILE")
	check(t, pushTo(t, built(t, []string{strings.TrimPrefix(secure.URL, "https://") + "/a:1"}, "amd64"), image.PutOptions{Insecure: true}))
}

func TestALayerThatIsThereIsNotSentAgain(t *testing.T) {
	_, host := newRecorder(t, true)
	b := built(t, []string{host + "/a:1"}, "amd64")
	states := map[image.State]int{}
	count := func(e image.Event) { states[e.State]++ }
	check(t, pushTo(t, b, image.PutOptions{On: count}))
	if states[image.Cached] != 0 {
		t.Errorf("%d steps cached on the first push", states[image.Cached])
	}
	check(t, pushTo(t, b, image.PutOptions{On: count}))
	if states[image.Cached] != 2 {
		t.Errorf("%d layers cached on the second push, want 2", states[image.Cached])
	}
}

func TestPushEndsWhenItIsCancelled(t *testing.T) {
	r, host := newRecorder(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	r.refuse = func(q *http.Request) int {
		if q.Method == http.MethodPatch {
			_, _ = io.Copy(io.Discard, q.Body)
			cancel()
			<-q.Context().Done() // the registry has stalled
		}
		return 0
	}
	err := image.Put(ctx, built(t, []string{host + "/a:1"}, "amd64"), image.Place{Kind: image.Registry}, image.PutOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
