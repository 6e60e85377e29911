package image

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// testRegistry starts a registry, behind a handler if there is one, and returns its host.
func testRegistry(t testing.TB, before func(http.Handler) http.Handler) string {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	if before != nil {
		handler = before(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func tagged(t testing.TB, text string) name.Tag {
	t.Helper()
	tag, err := name.NewTag(text)
	check(t, err)
	return tag
}

func TestOpenRegistry(t *testing.T) {
	host := testRegistry(t, nil)
	index, img := testIndex(t), testImage(t, "amd64")
	several, single := tagged(t, host+"/several:1"), tagged(t, host+"/single:1")
	check(t, remote.WriteIndex(several, index), remote.Write(single, img))
	sbom := testSBOM(t, img)
	digest, err := sbom.Digest()
	check(t, err)
	check(t, remote.Write(single.Digest(digest.String()), sbom))
	imageDigest, err := img.Digest()
	check(t, err)

	f := func(text string, o OpenOptions, want string, wantSBOM bool) {
		t.Helper()
		b := opened(t, text, o)
		if got := platforms(b); got != want {
			t.Errorf("%s: platforms %s, want %s", text, got, want)
		}
		if hasSBOM := b.Variants[0].SBOM != nil; hasSBOM != wantSBOM {
			t.Errorf("%s: SBOM = %v, want %v", text, hasSBOM, wantSBOM)
		}
		checkImage(t, b)
	}
	f("registry:"+host+"/several:1", OpenOptions{}, "linux/amd64 linux/arm64", false)
	f(host+"/several:1", OpenOptions{Platform: "linux/arm64"}, "linux/arm64", false)
	f(host+"/single:1", OpenOptions{Saver: fakeEngine{}}, "linux/amd64", true)
	f(single.Digest(imageDigest.String()).String(), OpenOptions{}, "linux/amd64", true)
}

// The credentials of docker login are sent, and only they open the door.
func TestOpenRegistryCredentials(t *testing.T) {
	host := testRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "me" || password != "planted" {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	text := host + "/private:1"
	wantFault(t, text, openAll(t, text, OpenOptions{}), "401")
	login := fmt.Sprintf(`{"auths":{%q:{"username":"me","password":"planted"}}}`, host)
	check(t, os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(login), 0o600))
	wantFault(t, text, openAll(t, text, OpenOptions{}), "NAME_UNKNOWN")
	check(t, remote.Write(tagged(t, text), testImage(t, "amd64"), registryOptions(false)...))
	check(t, openAll(t, text, OpenOptions{}))
}

func TestOpenRegistryFaults(t *testing.T) {
	f := func(answer http.HandlerFunc, want string) {
		t.Helper()
		host := testRegistry(t, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v2/" {
					answer(w, r)
				}
			})
		})
		err := openAll(t, "registry:"+host+"/image:1", OpenOptions{})
		wantFault(t, want, err, want)
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	manifest := func(mediaType types.MediaType, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", string(mediaType))
			_, _ = io.WriteString(w, text)
		}
	}
	f(status(http.StatusForbidden), "403")
	f(status(http.StatusNotFound), "404")
	f(manifest(types.DockerManifestSchema1Signed, "{}"), "not supported")
	f(manifest("text/html", "<html>"), "not supported")
	f(manifest(types.OCIImageIndex, `{"manifests":[]}`), "no image for any platform")

	t.Setenv("DOCKER_CONFIG", t.TempDir())
	server := httptest.NewServer(http.NotFoundHandler())
	host := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	wantFault(t, host, openAll(t, "registry:"+host+"/image:1", OpenOptions{}), "refused")
	wantFault(t, "name", openAll(t, "registry:Not A Name", OpenOptions{}), "is no name of an image")
}

// Without a file or an engine's image, the error says that those were looked for.
func TestOpenByNameSaysWhereItLooked(t *testing.T) {
	host := testRegistry(t, nil)
	err := openAll(t, host+"/gone:1", OpenOptions{Saver: fakeEngine{}})
	wantFault(t, "gone", err, "and not on this machine: there is no such file, and the container engine has no image")
}

// A registry cannot have more read than a document has.
func TestOpenRegistryBounds(t *testing.T) {
	host := testRegistry(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
			if strings.HasSuffix(r.URL.Path, "/large") {
				_, _ = io.WriteString(w, "{}"+strings.Repeat(" ", maxDocument))
				return
			}
			_, _ = fmt.Fprintf(w, `{"config":{"size":%d,"digest":"sha256:%064d"}}`, 1<<40, 0)
		})
	})
	for _, text := range []string{host + "/image:large", host + "/image:config"} {
		err := openAll(t, text, OpenOptions{})
		if err == nil || !strings.Contains(err.Error(), "more than 4 MiB") {
			t.Errorf("%s: error %v, want too large", text, err)
		}
	}
}

// What is found in one place can be put in another, with everything that belongs to it.
func TestOpenThenPut(t *testing.T) {
	host := testRegistry(t, nil)
	index := testIndex(t)
	l := testLayout(t)
	check(t, l.AppendIndex(index))
	images := opened(t, string(l), OpenOptions{}).Variants
	check(t, l.AppendImage(testSBOM(t, images[0].Image)))

	b := opened(t, string(l), OpenOptions{})
	b.Tags = []string{host + "/copy:1", host + "/copy:latest"}
	check(t, Put(t.Context(), b, Place{Kind: Registry}, PutOptions{}))
	again := opened(t, host+"/copy:latest", OpenOptions{})
	checkImage(t, again)
	var got, want v1.Hash
	got, err := again.Digest()
	check(t, err)
	want, err = index.Digest()
	check(t, err)
	if got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	if again.Variants[0].SBOM == nil {
		t.Error("the bill of materials was left behind")
	}
}

// Of an image for several platforms, only what is needed is read: registries count it.
func TestOpenRegistryIsLazy(t *testing.T) {
	var read atomic.Int64
	host := testRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/manifests/") {
				read.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	check(t, remote.WriteIndex(tagged(t, host+"/several:1"), testIndex(t)))
	f := func(o OpenOptions, want int64) {
		t.Helper()
		read.Store(0)
		b := opened(t, host+"/several:1", o)
		check(t, readAll(b.Variants[0].Image))
		if got := read.Load(); got != want {
			t.Errorf("%+v: %d manifests were read, want %d", o, got, want)
		}
	}
	f(OpenOptions{}, 2)
	f(OpenOptions{Platform: "linux/arm64/v8"}, 2)
}
