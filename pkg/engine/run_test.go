package engine

import (
	"archive/tar"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/mount"
)

func sampleRun() Run {
	return Run{
		Name: "gateway", Image: "otlpctl:1", Restart: "unless-stopped", Memory: 512 << 20, CPUs: 2, Data: "gateway-data",
		Env:   []string{"TOKEN=planted-env", "ENV=production"},
		Files: []ConfigFile{{Name: "base.yaml", Content: []byte("a")}, {Name: "base.yaml", Content: []byte("b")}},
		Set:   []string{"exporters.otlp.headers.authorization=planted-set"},
		Ports: []int{4318, 4317}, StopTimeout: 35*time.Second + time.Millisecond,
	}
}

func requestOf(t *testing.T, r Run) request {
	t.Helper()
	got, err := r.request("sha256:1234567890abcdef", "json-file", r.Ports)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRequest(t *testing.T) {
	r := requestOf(t, sampleRun())
	command := "serve --config /app/config/1/base.yaml --config /app/config/2/base.yaml --set exporters.otlp.headers.authorization=planted-set"
	if got := strings.Join(r.config.Cmd, " "); got != command {
		t.Errorf("command %q, want %q", got, command)
	}
	if got, want := strings.Join(r.config.Healthcheck.Test, " "), "CMD /app/otlpctl "+command+" --health-check"; got != want {
		t.Errorf("health check %q, want %q", got, want)
	}
	if *r.config.StopTimeout != 36 {
		t.Errorf("%d seconds to stop, want them rounded up", *r.config.StopTimeout)
	}
	if r.host.Memory != 512<<20 || r.host.NanoCPUs != 2e9 || r.host.RestartPolicy.Name != "unless-stopped" {
		t.Errorf("limits %+v", r.host.Resources)
	}
	if b := r.host.PortBindings["4317/tcp"]; len(r.host.PortBindings) != 2 || len(b) != 1 || b[0].HostIP != "" || b[0].HostPort != "4317" {
		t.Errorf("ports %v", r.host.PortBindings)
	}
	for _, m := range r.host.Mounts {
		if m.Type != mount.TypeVolume || (m.Target == "/app/config") != m.ReadOnly {
			t.Errorf("mount %+v", m)
		}
	}
	for name, label := range r.config.Labels {
		if strings.Contains(label, "planted") {
			t.Errorf("label %s holds a secret: %s", name, label)
		}
	}
}

func TestRequestWithoutConfiguration(t *testing.T) {
	run := sampleRun()
	run.Files, run.Set, run.Data, run.Publish.Off = nil, nil, "/srv/data", true
	r := requestOf(t, run)
	if got := strings.Join(r.config.Cmd, " "); got != "serve --config /app/config.yaml" {
		t.Errorf("command %q", got)
	}
	if m := r.host.Mounts; len(m) != 1 || m[0].Type != mount.TypeBind || m[0].Source != "/srv/data" || len(r.host.PortBindings) != 0 {
		t.Errorf("mounts %v, ports %v", m, r.host.PortBindings)
	}
}

// The engine's logs are bounded where it would not do so itself, and nowhere else.
func TestLogDriver(t *testing.T) {
	f := func(driver, want string) {
		t.Helper()
		if got := hardened(driver).LogConfig.Config["max-size"]; got != want {
			t.Errorf("%s: max-size %q, want %q", driver, got, want)
		}
	}
	f("json-file", "10m")
	f("journald", "")
	f("local", "")
}

func TestArchive(t *testing.T) {
	run := sampleRun()
	archive, err := run.archive()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Mode&0o222 != 0 && h.Typeflag == tar.TypeReg {
			t.Errorf("%s can be changed", h.Name)
		}
		names = append(names, h.Name)
	}
	if want := []string{"1/", "1/base.yaml", "2/", "2/base.yaml"}; !slices.Equal(names, want) {
		t.Errorf("archive of %v, want %v", names, want)
	}
}

// The volume of a configuration has another name for any other content, name or order.
func TestConfigVolume(t *testing.T) {
	seen := map[string]bool{}
	for _, files := range [][]ConfigFile{
		{{"a", []byte("1")}, {"b", []byte("2")}},
		{{"b", []byte("2")}, {"a", []byte("1")}},
		{{"a", []byte("1")}},
		{{"a", []byte("2")}},
		{{"c", []byte("1")}},
	} {
		run := Run{Name: "x", Files: files}
		seen[run.configVolume()] = true
		if again := run.configVolume(); !seen[again] {
			t.Errorf("%s is not stable", again)
		}
	}
	if len(seen) != 5 {
		t.Errorf("names %v", seen)
	}
}

func TestRestart(t *testing.T) {
	f := func(text, want string, ok bool) {
		t.Helper()
		p, err := parseRestart(text)
		if (err == nil) != ok || ok && restartText(p) != want {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	f("no", "no", true)
	f("always", "always", true)
	f("unless-stopped", "unless-stopped", true)
	f("on-failure", "on-failure", true)
	f("on-failure:3", "on-failure:3", true)
	f("on-failure:0", "", false)
	f("on-failure:x", "", false)
	f("always:3", "", false)
	f("never", "", false)
	f("", "", false)
}

func TestMemory(t *testing.T) {
	f := func(text string, want int64, flag string) {
		t.Helper()
		got, err := ParseMemory(text)
		if (err == nil) != (flag != "") || err == nil && (got != want || MemoryFlag(got) != flag) {
			t.Errorf("%q: %d %q, %v", text, got, MemoryFlag(got), err)
		}
	}
	f("512m", 512<<20, "512m")
	f("1g", 1<<30, "1g")
	f("1.5G", 3<<29, "1536m")
	f("1000", 1000, "1000")
	f("0", 0, "0")
	f("-1", 0, "")
	f("much", 0, "")
}

// What a label keeps is read back as it was told.
func TestToldAndObserved(t *testing.T) {
	r := requestOf(t, sampleRun())
	c := inspectedContainer(r, "sha256:1234567890abcdef")
	if d := differences(observed(&c), r.told); len(d) != 0 {
		text, _ := json.Marshal(d)
		t.Errorf("a container differs from itself: %s", text)
	}
}
