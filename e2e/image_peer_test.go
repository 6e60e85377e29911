package e2e_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/dockerd"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// figures are what is compared of two images.
type figures struct {
	name                   string
	compressed, unpacked   int64
	layers                 int
	built, answered, again time.Duration // answered: after the first start, again: median of the later ones
	memory                 int64         // idle, as the engine counts it
}

func (f figures) row() string {
	return fmt.Sprintf("| %s | %.1f MB | %.1f MB | %d | %.1f s | %.2f s | %.2f s | %.1f MB |", f.name,
		float64(f.unpacked)/1e6, float64(f.compressed)/1e6, f.layers, f.built.Seconds(), f.answered.Seconds(), f.again.Seconds(), float64(f.memory)/1e6)
}

// otlpctl's image is unpacked smaller than one of the Collector with the same files around the program. What both measure is in
// the log of the test: docs/images.md has it from there.
func TestImageBesideTheCollector(t *testing.T) {
	e := dockerd.Need(t)
	const ours, peer = "figures-otlpctl:1", "figures-collector:1"
	began := time.Now()
	buildImage(t, e.Env(), "--output", "engine", "--tag", ours)
	a := figures{name: "otlpctl", built: time.Since(began)}
	began = time.Now()
	buildCollectorImage(t, e, peer)
	b := figures{name: "Collector " + programs.CollectorVersion, built: time.Since(began)}
	for ref, f := range map[string]*figures{ours: &a, peer: &b} {
		report := inspectionOf(t, imagesOn(t, e)(0, "inspect", "engine:"+ref, "-o", "json"))
		f.compressed, f.unpacked, f.layers = report.Size, report.Unpacked, len(report.Layers)
		f.start(t, e, ref)
	}
	t.Logf("\n| image | unpacked | compressed | layers | built | first answer | again | idle memory |\n|---|--:|--:|--:|--:|--:|--:|--:|\n%s\n%s", a.row(), b.row())
	if a.unpacked > b.unpacked {
		t.Error("the Collector's image is the smaller one")
	}
}

// start starts containers until the image is known, and measures how long a request takes to be answered.
func (f *figures) start(t *testing.T, e *dockerd.Engine, ref string) {
	t.Helper()
	var times []time.Duration
	for i := range 4 {
		name := fmt.Sprintf("figures-%d", i)
		times = append(times, f.answer(t, e, ref, name))
		f.memory = memoryOf(t, e, name)
		remove(t, e, name)
	}
	f.answered = times[0]
	later := times[1:]
	f.again = max(min(later[0], later[1]), min(max(later[0], later[1]), later[2])) // the median of three
}

// answer starts a container and returns how long it took until OTLP over HTTP was answered.
func (f *figures) answer(t *testing.T, e *dockerd.Engine, ref, name string) time.Duration {
	t.Helper()
	addrs, err := loopback.Addrs(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(addrs[0])
	create := map[string]any{"Image": ref, "HostConfig": map[string]any{
		"Memory": 512 << 20, "NanoCpus": int64(2e9), "ReadonlyRootfs": true,
		"PortBindings": map[string]any{"4318/tcp": []map[string]string{{"HostIp": host, "HostPort": port}}},
	}, "ExposedPorts": map[string]any{"4318/tcp": struct{}{}}}
	if err := e.Call(t.Context(), http.MethodPost, "/containers/create?name="+name, create, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, e, name) })
	began := time.Now()
	if err := e.Call(t.Context(), http.MethodPost, "/containers/"+name+"/start", nil, nil); err != nil {
		t.Fatal(err)
	}
	wait.For(t, startLimit, ref+" to answer", func() bool { return takesTraces(t.Context(), addrs[0]) })
	return time.Since(began)
}

func takesTraces(ctx context.Context, addr string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/v1/traces", http.NoBody)
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// memoryOf returns what the container uses, without what the kernel could drop.
func memoryOf(t *testing.T, e *dockerd.Engine, name string) int64 {
	t.Helper()
	var stats struct {
		MemoryStats struct {
			Usage int64            `json:"usage"`
			Stats map[string]int64 `json:"stats"`
		} `json:"memory_stats"`
	}
	if err := e.Call(t.Context(), http.MethodGet, "/containers/"+name+"/stats?stream=false&one-shot=true", nil, &stats); err != nil {
		t.Fatal(err)
	}
	return stats.MemoryStats.Usage - max(stats.MemoryStats.Stats["inactive_file"], stats.MemoryStats.Stats["total_inactive_file"])
}

func remove(t *testing.T, e *dockerd.Engine, name string) {
	t.Helper()
	_ = e.Call(context.WithoutCancel(t.Context()), http.MethodDelete, "/containers/"+name+"?force=1", nil, nil) // it may be gone
}

const peerConfig = `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "0.0.0.0:4317"}
      http: {endpoint: "0.0.0.0:4318"}
exporters: {debug: {}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: [otlp], exporters: [debug]}
    logs: {receivers: [otlp], exporters: [debug]}
`

// buildCollectorImage has the engine put the Collector on scratch, with the files that otlpctl's image has.
func buildCollectorImage(t *testing.T, e *dockerd.Engine, ref string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	if o := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: []string{"render", "rootfs", root}}); o.code != 0 {
		t.Fatal(o.stderr)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	file := func(name string, mode int64, data []byte) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	file("Dockerfile", 0o644, []byte("FROM scratch\nCOPY root/ /\nCOPY otelcol /app/otelcol\nCOPY config.yaml /app/config.yaml\n"+
		"USER 1000:1000\nENTRYPOINT [\"/app/otelcol\"]\nCMD [\"--config\", \"/app/config.yaml\"]\n"))
	program, err := os.ReadFile(programs.Need(t, programs.Collector))
	if err != nil {
		t.Fatal(err)
	}
	file("otelcol", 0o755, program)
	file("config.yaml", 0o644, []byte(peerConfig))
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(filepath.Dir(root), path)
		file(name, 0o644, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var answer string
	if err := e.Call(t.Context(), http.MethodPost, "/build?t="+ref, io.Reader(&b), &answer); err != nil || !strings.Contains(answer, "Successfully tagged") {
		t.Fatalf("build: %v\n%s", err, answer)
	}
}
