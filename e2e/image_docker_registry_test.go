package e2e_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// privateRegistry serves an OCI image layout as the image base:1 of a registry that wants a login.
func privateRegistry(t *testing.T, layout string) *httptest.Server {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index struct {
		Manifests []struct{ MediaType, Digest string }
	}
	if err := json.Unmarshal(text, &index); err != nil {
		t.Fatal(err)
	}
	image := index.Manifests[0]
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(http.ResponseWriter, *http.Request) {})
	blob := func(w http.ResponseWriter, r *http.Request, digest string) {
		w.Header().Set("Docker-Content-Digest", digest)
		http.ServeFile(w, r, filepath.Join(layout, "blobs", "sha256", filepath.Base(strings.TrimPrefix(digest, "sha256:"))))
	}
	mux.HandleFunc("GET /v2/base/manifests/{reference}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", image.MediaType)
		blob(w, r, image.Digest)
	})
	mux.HandleFunc("GET /v2/base/blobs/{digest}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		blob(w, r, r.PathValue("digest"))
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, secret, _ := r.BasicAuth(); name != "ann" || secret != "pass" {
			w.Header().Set("WWW-Authenticate", `Basic realm="private"`)
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED"}]}`, http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// A base image of a private registry is pulled with the login that docker login has kept, and without one it is said
// what is missing.
func TestPrivateBase(t *testing.T) {
	for name, buildKit := range map[string]string{"buildkit": "1", "classic": "0"} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t, buildKit)
			layout := filepath.Join(t.TempDir(), "base")
			b.run(0, "image", "build", "--output", "oci:"+layout, "--tag", "base:1")
			registry := privateRegistry(t, layout)
			host := strings.TrimPrefix(registry.URL, "http://")
			source := writeTree(t, forkSource("private"))
			base := []string{"--tag", "private-" + name + ":1", "--build-arg", "BASE=" + host + "/base:1"}

			_, refused := b.build(1, source, base...)
			if !strings.Contains(refused.stderr, "hint: a base image needs a login: 'docker login") {
				t.Errorf("without a login:\n%s", refused.stderr)
			}
			logins := t.TempDir()
			b.env = append(b.env, "DOCKER_CONFIG="+logins)
			login := `{"auths": {"` + host + `": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("ann:pass")) + `"}}}`
			replace(t, filepath.Join(logins, "config.json"), login)
			b.build(0, source, base...)
			if got := b.output("private-" + name + ":1"); got != "private" {
				t.Errorf("it says %q", got)
			}
		})
	}
}

// ctrCommand keeps what it is told to import.
const ctrCommand = "#!/bin/sh\n[ \"$*\" = '--namespace k8s.io images import -' ] && cat >/archive.tar\n"

// A node of kind is a container with a containerd in it, which takes the image.
func TestLoadIntoKind(t *testing.T) {
	b := newBuilder(t, "1")
	ctx := t.Context()
	if err := b.engine.ImportBusybox(ctx, "node:1"); err != nil {
		t.Fatal(err)
	}
	var node struct{ ID string }
	spec := map[string]any{
		"Image": "node:1", "Cmd": []string{"sleep", "600"}, "Labels": map[string]string{"io.x-k8s.kind.cluster": "e2e"},
		"HostConfig": map[string]any{"NetworkMode": "none", "Init": false},
	}
	if err := b.engine.Call(ctx, http.MethodPost, "/containers/create", spec, &node); err != nil {
		t.Fatal(err)
	}
	at := "/containers/" + node.ID
	t.Cleanup(func() {
		if err := b.engine.Call(context.WithoutCancel(ctx), http.MethodDelete, at+"?force=1", nil, nil); err != nil {
			t.Error(err)
		}
	})
	var program bytes.Buffer
	w := tar.NewWriter(&program)
	if err := w.WriteHeader(&tar.Header{Name: "ctr", Mode: 0o755, Size: int64(len(ctrCommand))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, ctrCommand); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, call := range []func() error{
		func() error { return b.engine.Call(ctx, http.MethodPut, at+"/archive?path=/bin", &program, nil) },
		func() error { return b.engine.Call(ctx, http.MethodPost, at+"/start", nil, nil) },
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(t.TempDir(), "otlpctl.tar")
	b.run(0, "image", "build", "--output", "docker-archive:"+archive, "--tag", "loaded:1")
	b.run(0, "image", "load", archive, "--into", "kind", "--cluster", "e2e")
	var loaded string
	if err := b.engine.Call(ctx, http.MethodGet, at+"/archive?path="+url.QueryEscape("/archive.tar"), nil, &loaded); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(loaded, `"RepoTags":["loaded:1"]`) {
		t.Errorf("the node was given %d bytes without the image", len(loaded))
	}
	got := b.run(1, "image", "load", archive, "--into", "kind", "--cluster", "other")
	if !strings.Contains(got.stderr, `no node of a kind cluster "other"`) {
		t.Errorf("another cluster:\n%s", got.stderr)
	}
}
