package engine

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
)

func TestUsedMemory(t *testing.T) {
	f := func(figures string, want uint64, ok bool) {
		t.Helper()
		got, err := usedMemory(bytes.NewReader([]byte(figures)))
		if got != want || (err == nil) != ok {
			t.Errorf("%s: %d, %v", figures, got, err)
		}
	}
	f(`{"memory_stats": {"usage": 100, "stats": {"inactive_file": 30}}}`, 70, true)
	f(`{"memory_stats": {"usage": 100, "stats": {"total_inactive_file": 40, "inactive_file": 30}}}`, 60, true)
	f(`{"memory_stats": {"usage": 100, "stats": {"inactive_file": 300}}}`, 0, true)
	f(`{"memory_stats": {"usage": 100}}`, 100, true)
	f(`{}`, 0, true)
	f(`{"memory_stats": 1}`, 0, false)
	f(``, 0, false)
}

func FuzzUsedMemory(f *testing.F) {
	f.Add([]byte(`{"memory_stats": {"usage": 100, "stats": {"inactive_file": 30}}}`))
	f.Fuzz(func(_ *testing.T, figures []byte) {
		_, _ = usedMemory(bytes.NewReader(figures))
	})
}

// Whatever a label says, it is compared and shown, or ignored.
func FuzzObserved(f *testing.F) {
	f.Add(`{"memory":"512MiB","env.A":"","config.1":"otel.yaml 0123"}`, "A=1", "--set")
	f.Fuzz(func(t *testing.T, label, variable, arg string) {
		c := container.InspectResponse{
			ContainerJSONBase: &container.ContainerJSONBase{HostConfig: &container.HostConfig{}, State: &container.State{}},
			Config: &container.Config{
				Labels: map[string]string{stateLabel: label}, Env: []string{variable}, Cmd: []string{arg, variable, arg},
			},
		}
		all := observed(&c)
		if d := differences(all, all); len(d) != 0 {
			t.Errorf("%q differs from itself: %v", label, d)
		}
		describe(&c)
	})
}

func TestDescribe(t *testing.T) {
	r := requestOf(t, sampleRun())
	c := inspectedContainer(r, "sha256:1234567890abcdef")
	c.State.StartedAt = "2026-11-25T13:35:51.967193338Z"
	c.State.Health = &container.Health{Status: container.Healthy}
	s := describe(&c)
	if !s.Ready() || s.Why != "" || s.Name != "gateway" || s.Data != "gateway-data" || s.Policy != "unless-stopped" {
		t.Errorf("%+v", s)
	}
	if len(s.Ports) != 2 || s.Ports[0].Port != 4317 || s.Ports[0].Published[0] != "0.0.0.0:4317" {
		t.Errorf("ports %v", s.Ports)
	}
	if len(s.Configuration) != 2 || s.Configuration[0] != "base.yaml ca978112ca1b" || s.Started == nil || s.Started.Year() != 2026 {
		t.Errorf("configuration %v, started %v", s.Configuration, s.Started)
	}
	c.State = &container.State{Status: container.StateExited, ExitCode: 1, StartedAt: "0001-01-01T00:00:00Z"}
	if s = describe(&c); s.Ready() || s.Health != "none" || s.Why != "it ended with exit code 1" || s.Started != nil {
		t.Errorf("%+v", s)
	}
}

// A replacement is left alone while it may be under way.
func TestLapsed(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := func(until string, want bool) {
		t.Helper()
		if got := lapsed(map[string]string{untilLabel: until}, now); got != want {
			t.Errorf("%q: %v, want %v", until, got, want)
		}
	}
	f("2026-01-02T03:04:06Z", false)
	f("2026-01-02T03:04:04Z", true)
	f("", true)
}

// The names of fields are API.
func TestFieldNames(t *testing.T) {
	f := func(v any, want string) {
		t.Helper()
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(fields)), " "); got != want {
			t.Errorf("%T has %s, want %s", v, got, want)
		}
	}
	now := time.Now()
	f(Deployment{Plan: &Plan{Interrupts: "x"}, Container: "x", Health: "x", DryRun: true},
		"action container differences dry_run health image image_id interrupts name seconds")
	f(Difference{Secret: true}, "field now secret then")
	f(Object{Action: Deleted}, "action kind name")
	f(Status{Why: "x", Started: &now}, "configuration container cpus data health image image_id memory memory_limit "+
		"name outdated ports restart_policy restarts started state why")
	f(Port{}, "port published")
}
