package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
)

// fakeContainers is an engine that has containers by name, which do nothing.
type fakeContainers struct {
	mu      sync.Mutex
	ids     map[string]string
	created func() // runs while a container is made
}

func (f *fakeContainers) open(t *testing.T) *Engine {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("POST /v1.41/containers/create", f.create)
	mux.HandleFunc("GET /v1.41/containers/{name}/json", f.inspect)
	mux.HandleFunc("DELETE /v1.41/containers/{id}", f.remove)
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

func (f *fakeContainers) create(w http.ResponseWriter, r *http.Request) {
	f.created()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids[r.URL.Query().Get("name")] = "made"
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprint(w, `{"Id":"made"}`)
}

func (f *fakeContainers) inspect(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := r.PathValue("name")
	id, ok := f.ids[name]
	if !ok {
		http.Error(w, `{"message":"No such container"}`, http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{ID: id, Name: "/" + name},
		Config:            &container.Config{Labels: map[string]string{managedLabel: managedBy}},
	})
}

func (f *fakeContainers) remove(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, id := range f.ids {
		if id == r.PathValue("id") {
			delete(f.ids, name)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// Whatever happens while the replacement is made, nothing of it is left and the old container stays.
func TestReplacementIsNotLeft(t *testing.T) {
	// f replaces a container while something happens to the engine or the command.
	f := func(want string, meanwhile func(*fakeContainers, context.CancelFunc)) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		fake := &fakeContainers{ids: map[string]string{"gateway": "id"}}
		fake.created = func() { meanwhile(fake, cancel) }
		c := inspectedContainer(requestOf(t, sampleRun()), "sha256:1234567890abcdef")
		run := sampleRun()
		run.Files = nil
		plan := Plan{Name: "gateway", run: run, request: requestOf(t, run), current: &c, replace: true}
		_, err := fake.open(t).Apply(ctx, &plan, time.Minute, func(string) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		fake.mu.Lock()
		defer fake.mu.Unlock()
		if _, left := fake.ids["gateway"+NextSuffix]; left {
			t.Errorf("%q: the replacement is left", want)
		}
	}
	f(context.Canceled.Error(), func(_ *fakeContainers, interrupt context.CancelFunc) { interrupt() })
	f("container gateway was replaced or removed meanwhile", func(e *fakeContainers, _ context.CancelFunc) { e.ids["gateway"] = "other" })
	f("container gateway was replaced or removed meanwhile", func(e *fakeContainers, _ context.CancelFunc) { delete(e.ids, "gateway") })
}

func TestTakenPort(t *testing.T) {
	f := func(problem, want string) {
		t.Helper()
		if got, taken := takenPort(problem); got != want || taken != (want != "") {
			t.Errorf("%s: %q, want %q", problem, got, want)
		}
	}
	f("driver failed: Bind for 127.0.0.1:8888 failed: port is already allocated", "port 127.0.0.1:8888")
	f("driver failed: Error starting userland proxy: listen tcp4 0.0.0.0:4317: bind: address already in use", "port 0.0.0.0:4317")
	f("rootlessport listen tcp 0.0.0.0:4317: bind: address already in use", "port 0.0.0.0:4317")
	f("address already in use", "a port")
	f("no space left on device", "")
}

// How the container is that was not replaced is for the error to say.
func TestKept(t *testing.T) {
	f := func(state container.ContainerState, want string) {
		t.Helper()
		c := container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{State: &container.State{Status: state}}}
		d := deploying{plan: &Plan{Name: "gateway", current: &c}}
		err := kept(t.Context(), &NotReadyError{Name: "gateway", Why: "it ended"}, d.asBefore())
		failed, ok := errors.AsType[*NotReadyError](err)
		if !ok || failed.Hint() != want || failed.Error() != "the new gateway did not become healthy: it ended" {
			t.Errorf("%s: %v, hint %q", state, err, failed.Hint())
		}
	}
	f(container.StateRunning, "the old gateway runs as before")
	f(container.StatePaused, "the old gateway runs as before")
	f(container.StateExited, "the old gateway does not run, as before")
}
