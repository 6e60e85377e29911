package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// fakeEngine is an engine that knows images by name and nothing else.
type fakeEngine struct {
	mu     sync.Mutex
	images map[string]string // ID by name
	refuse string            // the tag that cannot be set
	builds []string          // what was asked to build, by version
	answer map[string]string // to a build, by version; one that begins with ! is a refusal
	load   string            // the answer to a load
	// refuseRemoval is the status with which an image is not removed, if it is not 0.
	refuseRemoval int
}

// open starts the engine and connects to it.
func (f *fakeEngine) open(t *testing.T) *Engine {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("GET /v1.41/images/{name}/json", f.inspect)
	mux.HandleFunc("POST /v1.41/images/{id}/tag", f.tag)
	mux.HandleFunc("DELETE /v1.41/images/{name}", f.remove)
	mux.HandleFunc("POST /v1.41/build", f.build)
	mux.HandleFunc("POST /v1.41/images/load", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, f.load)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	e, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func (f *fakeEngine) inspect(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, ok := f.images[r.PathValue("name")]
	if !ok {
		http.Error(w, `{"message":"No such image"}`, http.StatusNotFound)
		return
	}
	_, _ = fmt.Fprintf(w, `{"Id":%q}`, id)
}

func (f *fakeEngine) tag(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Query().Get("repo"), "docker.io/library/") + ":" + r.URL.Query().Get("tag")
	if name == f.refuse {
		http.Error(w, `{"message":"disk full"}`, http.StatusInternalServerError)
		return
	}
	f.images[name] = r.PathValue("id")
	w.WriteHeader(http.StatusCreated)
}

func (f *fakeEngine) remove(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuseRemoval != 0 {
		http.Error(w, `{"message":"no"}`, f.refuseRemoval)
		return
	}
	delete(f.images, r.PathValue("name"))
	_, _ = io.WriteString(w, "[]")
}

func (f *fakeEngine) build(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = io.Copy(io.Discard, r.Body)
	version := r.URL.Query().Get("version")
	f.builds = append(f.builds, version)
	if refusal, refused := strings.CutPrefix(f.answer[version], "!"); refused {
		http.Error(w, `{"message":"`+refusal+`"}`, http.StatusBadRequest)
		return
	}
	_, _ = io.WriteString(w, f.answer[version])
}

func TestTag(t *testing.T) {
	f := func(refuse string, want map[string]string) {
		t.Helper()
		fake := &fakeEngine{images: map[string]string{"a:1": "sha256:old"}, refuse: refuse}
		err := fake.open(t).Tag(t.Context(), "sha256:new", []string{"a:1", "b:1", "c:1"})
		if (err != nil) != (refuse != "") || fmt.Sprint(fake.images) != fmt.Sprint(want) {
			t.Errorf("refused %q: %v, %v, want %v", refuse, err, fake.images, want)
		}
	}
	f("", map[string]string{"a:1": "sha256:new", "b:1": "sha256:new", "c:1": "sha256:new"})
	f("c:1", map[string]string{"a:1": "sha256:old"})
	f("a:1", map[string]string{"a:1": "sha256:old"})
}

// BuildKit is tried first. The classic builder takes over only if the engine has no BuildKit.
func TestWhichBuilder(t *testing.T) {
	const good, failed = `{"aux":{"ID":"sha256:new"}}`, `{"error":"buildkit says no"}`
	f := func(variable string, answer map[string]string, want, problem string) {
		t.Helper()
		t.Setenv("DOCKER_BUILDKIT", variable)
		fake := &fakeEngine{images: map[string]string{"a:1": "sha256:old"}, answer: answer}
		r := BuildRequest{Source: tree(t, fork(nil)), Tags: []string{"a:1"}}
		got, err := fake.open(t).BuildImage(t.Context(), r, func(image.Event) {})
		if fmt.Sprint(fake.builds) != want || (problem == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("%v: builds %v %v, want %v and %q", answer, fake.builds, err, want, problem)
		}
		if id := map[bool]string{true: "sha256:new", false: "sha256:old"}[err == nil]; fake.images["a:1"] != id || err == nil && got.ID != id {
			t.Errorf("%v: built %q, a:1 is %q, want %q", answer, got.ID, fake.images["a:1"], id)
		}
	}
	f("", map[string]string{"2": good}, "[2]", "")
	f("1", map[string]string{"2": good}, "[2]", "")
	f("0", map[string]string{"1": good}, "[1]", "")
	f("", map[string]string{"2": "!buildkit not supported by daemon", "1": good}, "[2 1]", "")
	f("", map[string]string{"2": failed, "1": good}, "[2]", "buildkit says no")
	f("", map[string]string{"2": "!dockerfile parse error line 1"}, "[2]", "refused the build: ")
	f("perhaps", nil, "[]", "DOCKER_BUILDKIT=perhaps: want 0 or 1")
}

func TestLoad(t *testing.T) {
	f := func(answer, want string) {
		t.Helper()
		err := (&fakeEngine{load: answer}).open(t).Load(t.Context(), bytes.NewReader(make([]byte, 1<<16)))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", answer, err, want)
		}
	}
	f(`{"stream":"Loaded image: a:1\n"}`, "")
	f("", "")
	f(`{"errorDetail":{"message":"no space left on device"},"error":"no space left on device"}`, "load the image: no space left")
	f("{", "load the image: unexpected EOF")
}

func TestSave(t *testing.T) {
	if _, err := (&fakeEngine{}).open(t).Save(t.Context(), "missing:1"); !errors.Is(err, image.ErrNotFound) {
		t.Error(err)
	}
}

func TestUnreachable(t *testing.T) {
	f := func(host, want string) {
		t.Helper()
		t.Setenv("DOCKER_HOST", host)
		if _, err := Open(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", host, err, want)
		}
	}
	f("unix://"+filepath.Join(t.TempDir(), "no.sock"), "there is no container engine at unix://")
	f("tcp://127.0.0.1:1", "does not answer")
	f("nonsense", "nonsense")
	f("ssh://", "ssh")
	deaf := filepath.Join(t.TempDir(), "deaf.sock")
	if err := os.WriteFile(deaf, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f("unix://"+deaf, "does not answer")
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<!DOCTYPE HTML><html>not here</html>")
	}))
	defer other.Close()
	f("tcp://"+other.Listener.Addr().String(), "is no container engine")
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("DOCKER_CONTEXT", "none-such")
	f("", `there is no docker context "none-such"`)
}

// An engine at ssh:// is reached by the docker command there.
func TestSSH(t *testing.T) {
	bin := script(t, "ssh", `echo "$@" >"${0%/*}/asked"
end=$(printf '\r')
while read -r line; do
	[ "$line" != "$end" ] || printf 'HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n'
done`)
	t.Setenv("DOCKER_HOST", "ssh://me@far")
	e, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	if asked, err := os.ReadFile(filepath.Join(bin, "asked")); err != nil || !strings.Contains(string(asked), "far") || !strings.Contains(string(asked), "dial-stdio") || e.local() {
		t.Errorf("%s %v, host %s", asked, err, e.host)
	}
}

// An image that a container uses is not to be removed, and that is no fault.
func TestDiscard(t *testing.T) {
	f := func(status int, ok bool) {
		t.Helper()
		fake := &fakeEngine{images: map[string]string{"sha256:new": "sha256:new"}, refuseRemoval: status}
		if err := fake.open(t).Discard(t.Context(), "sha256:new"); (err == nil) != ok {
			t.Errorf("status %d: %v", status, err)
		}
	}
	f(0, true)
	f(http.StatusConflict, true)
	f(http.StatusNotFound, true)
	f(http.StatusInternalServerError, false)
}

// However an engine lists them, images come in one order.
func TestNewerFirst(t *testing.T) {
	old, recent := time.Unix(1, 0), time.Unix(2, 0)
	want := []ListedImage{
		{Repository: "b", Tag: "1", Created: recent},
		{ID: "1", Created: old},
		{ID: "2", Created: old},
		{Repository: "a", Tag: "1", Created: old},
		{Repository: "a", Tag: "2", Created: old},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, newerFirst)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSplitTag(t *testing.T) {
	f := func(name, repository, tag string) {
		t.Helper()
		if r, got := splitTag(name); r != repository || got != tag {
			t.Errorf("%s: %q %q", name, r, got)
		}
	}
	f("otlpctl:1", "otlpctl", "1")
	f("docker.io/library/otlpctl:1", "otlpctl", "1")
	f("registry.example:5000/a/b:c", "registry.example:5000/a/b", "c")
	f("<none>:<none>", "", "")
}
