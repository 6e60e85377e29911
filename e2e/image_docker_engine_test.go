package e2e_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/dockerd"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// buildLimit is for the slowest machine that compiles everything.
const buildLimit = 15 * time.Minute

// goImage is the image with the Go toolchain. It is made of what this machine has, as nothing can be pulled.
const goImage = "golang:e2e"

// goCommand stands before the real go in that image. It asks the proxy for leave to build, and tells it what was built.
const goCommand = `#!/bin/sh
[ "$1" = build ] || exec /usr/local/go/bin/go "$@"
wget -q -O /dev/null "$GOPROXY/leave" || exit 9
/usr/local/go/bin/go "$@" 2>/tmp/log
code=$?
cat /tmp/log >&2
wget -q -O /dev/null --post-file=/tmp/log "$GOPROXY/built"
exit $code
`

// builder builds images from source with the engine of the tests.
type builder struct {
	t      *testing.T
	engine *dockerd.Engine
	proxy  *goProxy
	env    []string
	args   []string
}

// newBuilder returns a builder for one of the two of an engine: DOCKER_BUILDKIT is 1 or 0.
func newBuilder(t *testing.T, buildKit string) *builder {
	t.Helper()
	e := dockerd.Need(t)
	importGo(t, e)
	p := newGoProxy(t)
	return &builder{t, e, p, append(e.Env(), "DOCKER_BUILDKIT="+buildKit), []string{
		"image", "build", "--builder", "docker", "--network", "host", "-o", "json", "--build-arg", "GO_IMAGE=" + goImage,
		"--build-arg", "GOPROXY=" + p.URL, "--build-arg", "GOSUMDB=off",
	}}
}

// built is what image build tells.
type built struct {
	Tags      []string
	Unpacked  int64
	Platforms []struct{ ID string }
	Steps     struct{ Total, Cached int }
}

// build builds a source, which must end with the code.
func (b *builder) build(code int, source string, more ...string) (built, outcome) {
	b.t.Helper()
	args := append(append(slices.Clone(b.args), "--source", source), more...)
	got := b.run(code, args...)
	var result built
	if code != 0 {
		if got.stdout != "" {
			b.t.Errorf("a failed build prints %s", got.stdout)
		}
		return result, got
	}
	if err := json.Unmarshal([]byte(got.stdout), &result); err != nil {
		b.t.Fatalf("%v in %s", err, got.stdout)
	}
	return result, got
}

// run runs otlpctl, which must end with the code.
func (b *builder) run(code int, args ...string) outcome {
	b.t.Helper()
	got := runFor(b.t, buildLimit, process.Spec{Name: "otlpctl", Path: otlpctl(b.t), Args: args, Env: b.env})
	if got.code != code {
		b.t.Fatalf("%q: exit code %d, want %d\n%s", args, got.code, code, got.stderr)
	}
	return got
}

// image returns the ID of an image, or nothing.
func (b *builder) image(ref string) string {
	b.t.Helper()
	var image struct{ ID string }
	if err := b.engine.Call(b.t.Context(), http.MethodGet, "/images/"+ref+"/json", nil, &image); err != nil {
		return ""
	}
	return image.ID
}

// containers counts the containers of the engine, whether they run or not.
func (b *builder) containers() int {
	b.t.Helper()
	var all []struct{ ID string }
	if err := b.engine.Call(b.t.Context(), http.MethodGet, "/containers/json?all=1", nil, &all); err != nil {
		b.t.Fatal(err)
	}
	return len(all)
}

// output runs an image to its end and returns what it prints.
func (b *builder) output(ref string, command ...string) string {
	b.t.Helper()
	var container struct{ ID string }
	spec := map[string]any{"Image": ref, "Cmd": command, "Tty": true, "HostConfig": map[string]any{"NetworkMode": "none"}}
	var text string
	ctx := b.t.Context()
	err := b.engine.Call(ctx, http.MethodPost, "/containers/create", spec, &container)
	at := "/containers/" + container.ID
	for _, step := range []func() error{
		func() error { return b.engine.Call(ctx, http.MethodPost, at+"/start", nil, nil) },
		func() error { return b.engine.Call(ctx, http.MethodPost, at+"/wait", nil, nil) },
		func() error { return b.engine.Call(ctx, http.MethodGet, at+"/logs?stdout=1&stderr=1", nil, &text) },
		func() error { return b.engine.Call(ctx, http.MethodDelete, at+"?force=1", nil, nil) },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// goProxy gives the engine the modules that this machine has, and counts what is asked of it.
type goProxy struct {
	*httptest.Server

	mu       sync.Mutex
	requests int
	packages []string // that were compiled
	leave    func(*http.Request)
}

func newGoProxy(t *testing.T) *goProxy {
	t.Helper()
	files := http.FileServer(http.Dir(filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download")))
	p := &goProxy{leave: func(*http.Request) {}}
	mux := http.NewServeMux()
	mux.HandleFunc("/leave", func(_ http.ResponseWriter, r *http.Request) { p.leave(r) })
	mux.HandleFunc("POST /built", func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		if err != nil {
			p.packages = append(p.packages, err.Error())
		}
		p.packages = append(p.packages, strings.Fields(string(text))...)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests++
		p.mu.Unlock()
		files.ServeHTTP(w, r)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// goEnv returns a setting of this machine's toolchain.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

// take returns what has been compiled and how much was downloaded since the last time.
func (p *goProxy) take() (packages []string, requests int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	packages, requests = p.packages, p.requests
	p.packages, p.requests = nil, 0
	return packages, requests
}

// importGo makes the image with the toolchain: that of this machine, and a shell.
func importGo(t *testing.T, e *dockerd.Engine) {
	t.Helper()
	if e.Call(t.Context(), http.MethodGet, "/images/"+goImage+"/json", nil, nil) == nil {
		return
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	root := goEnv(t, "GOROOT")
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(writeGo(writer, busybox, root)) }()
	err = e.Import(t.Context(), goImage, reader, "ENV PATH=/usr/local/bin:/usr/local/go/bin:/bin")
	if err = errors.Join(err, reader.Close()); err != nil {
		t.Fatal(err)
	}
}

func writeGo(to io.Writer, busybox, root string) error {
	shell, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	w := tar.NewWriter(to)
	write := func(name string, content []byte) {
		err = errors.Join(err, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, writeErr := w.Write(content)
		err = errors.Join(err, writeErr)
	}
	write("bin/busybox", shell)
	write("usr/local/bin/go", []byte(goCommand))
	for _, name := range []string{"sh", "cat", "chmod", "cp", "mkdir", "rm", "wget"} {
		err = errors.Join(err, w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + name, Linkname: "busybox"}))
	}
	for _, dir := range []string{"root/", "tmp/"} {
		err = errors.Join(err, w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o1777}))
	}
	if err != nil {
		return err
	}
	return errors.Join(addToolchain(w, root), w.Close())
}

// addToolchain adds what compiles: not the toolchain's own tests and documents.
func addToolchain(w *tar.Writer, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(root, path)
		if err = errors.Join(err, relErr); err != nil {
			return err
		}
		if entry.IsDir() && (slices.Contains([]string{"api", "doc", "misc", "test", ".git"}, name) || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		err = w.WriteHeader(&tar.Header{Name: "usr/local/go/" + name, Mode: int64(info.Mode().Perm()), Size: int64(len(data)), ModTime: info.ModTime()})
		_, writeErr := io.Copy(w, bytes.NewReader(data))
		return errors.Join(err, writeErr)
	})
}

// writeTree writes files into a new folder.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		replace(t, filepath.Join(folder, name), text)
	}
	return folder
}

// forkSource is a program that is built like otlpctl, but in seconds. It says a word, or shows its configuration.
func forkSource(word string) map[string]string {
	return map[string]string{
		"go.mod": "module github.com/otlpctl/otlpctl\n\ngo 1.26\n",
		"go.sum": "",
		// Not one that a configuration can be baked into by the program itself, but one that would do.
		"templates/config.yaml": "default: true\n",
		"word/word.go":          fmt.Sprintf("package word\n\nconst Word = %q\n", word),
		"cmd/otlpctl/main.go": `package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/otlpctl/otlpctl/word"
)

func main() {
	args := append(os.Args[1:], "", "")
	switch args[0] + " " + args[1] {
	case "config validate":
		text, err := os.ReadFile(os.Args[len(os.Args)-1])
		if err != nil || strings.Contains(string(text), "invalid") {
			fmt.Println("this is invalid", err)
			os.Exit(2)
		}
	case "render rootfs":
		for _, name := range []string{"app", "data", "etc"} {
			if err := os.MkdirAll(filepath.Join(args[2], name), 0o755); err != nil {
				panic(err)
			}
		}
	case "show ":
		text, err := os.ReadFile("/app/config.yaml")
		fmt.Print(string(text), err)
	default:
		fmt.Print(word.Word)
	}
}
`,
	}
}
