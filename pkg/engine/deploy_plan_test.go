package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
)

// inspectedContainer is how an engine describes a running container that was made by request.
func inspectedContainer(r request, imageID string) container.InspectResponse {
	config, host := *r.config, *r.host
	config.Env = append([]string{"PATH=/bin"}, config.Env...)
	return container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{
			ID: "id", Name: "/gateway", Image: imageID, HostConfig: &host,
			State: &container.State{Status: container.StateRunning, Running: true},
		},
		Config: &config,
	}
}

func TestDecide(t *testing.T) {
	// f plans the change of a running container by two functions: what is wanted, and what has become of it.
	f := func(action Action, interrupts, fields string, want func(*Run), is func(*container.InspectResponse)) {
		t.Helper()
		c := inspectedContainer(requestOf(t, sampleRun()), "sha256:1234567890abcdef")
		run := sampleRun()
		want(&run)
		is(&c)
		p := Plan{Name: run.Name, current: &c, request: requestOf(t, run)}
		p.decide(run.Exclusive)
		var names []string
		for _, d := range p.Differences {
			names = append(names, d.Field)
		}
		if p.Action != action || p.Interrupts != interrupts || strings.Join(names, " ") != fields {
			t.Errorf("%s, %q, %v; want %s, %q, %s", p.Action, p.Interrupts, names, action, interrupts, fields)
		}
		if text, _ := json.Marshal(p.Differences); strings.Contains(string(text), "planted") {
			t.Errorf("a secret is shown: %s", text)
		}
	}
	same := func(*Run) {}
	intact := func(*container.InspectResponse) {}
	f(Unchanged, "", "", same, intact)
	f(Configured, "both publish 0.0.0.0:4317", "memory", func(r *Run) { r.Memory = 1 << 30; r.Ports = []int{4317} }, func(c *container.InspectResponse) {
		delete(c.HostConfig.PortBindings, "4318/tcp")
		c.Config.Labels[stateLabel] = strings.Replace(c.Config.Labels[stateLabel], `,"port.4318":"0.0.0.0:4318"`, "", 1)
	})
	unpublished := func(r *Run) { r.Publish.Off = true }
	f(Configured, "", "port.4317 port.4318", unpublished, intact)
	f(Configured, "both may write the same files in /data", "port.4317 port.4318", func(r *Run) { unpublished(r); r.Exclusive = true }, intact)
	f(Configured, "", "env.TOKEN port.4317 port.4318", func(r *Run) { unpublished(r); r.Env[0] = "TOKEN=planted-other" }, intact)
	f(Configured, "", "env.ENV port.4317 port.4318", func(r *Run) { unpublished(r); r.Env = r.Env[:1] }, intact)
	f(Configured, "", "config.2 port.4317 port.4318", func(r *Run) { unpublished(r); r.Files[1].Content = []byte("c") }, intact)
	f(Configured, "", "state", same, func(c *container.InspectResponse) { c.State.Status = container.StateExited })
	f(Unchanged, "", "", same, func(c *container.InspectResponse) { c.State.Status = container.StateRestarting })
	// What docker update has changed is changed back.
	f(Configured, "", "restart port.4317 port.4318", unpublished, func(c *container.InspectResponse) { c.HostConfig.RestartPolicy.Name = "no" })
	f(Configured, "", "port.4317 port.4318 cpu_shares cpuset_cpus memory_reservation", unpublished, func(c *container.InspectResponse) {
		c.HostConfig.CPUShares, c.HostConfig.CpusetCpus, c.HostConfig.MemoryReservation = 512, "0", 1<<20
	})
	// A paused container holds its ports, and is let go on if that is all.
	paused := func(c *container.InspectResponse) { c.State.Status = container.StatePaused }
	f(Configured, "", "state", same, paused)
	f(Configured, "both publish 0.0.0.0:4317", "memory", func(r *Run) { r.Memory = 0 }, paused)
	// A container that does not run holds no port.
	f(Configured, "", "memory", func(r *Run) { r.Memory = 0 }, func(c *container.InspectResponse) { c.State.Status = container.StateExited })
}

func TestDecideFirst(t *testing.T) {
	p := Plan{request: requestOf(t, sampleRun())}
	p.decide(false)
	if p.Action != Created || len(p.Differences) != len(p.request.told) || p.Differences[0].Now != nil {
		t.Errorf("%s, %v", p.Action, p.Differences)
	}
}

func TestCollision(t *testing.T) {
	f := func(a, b, want string) {
		t.Helper()
		host := func(text string) *container.HostConfig {
			publish, err := ParsePublish(text)
			if err != nil {
				t.Fatal(err)
			}
			run := Run{Publish: publish}
			return &container.HostConfig{PortBindings: run.bindings([]int{4317})}
		}
		if got := collision(host(a), host(b)); got != want {
			t.Errorf("%s and %s: %q, want %q", a, b, got, want)
		}
	}
	f("all", "all", "0.0.0.0:4317")
	f("all", "127.0.0.1", "127.0.0.1:4317")
	f("127.0.0.1", "127.0.0.1", "127.0.0.1:4317")
	f("127.0.0.1", "127.0.0.2", "")
	f("none", "all", "")
	f("::", "127.0.0.1", "127.0.0.1:4317")
	if _, err := ParsePublish("localhost"); err == nil {
		t.Error("a name is taken for an address")
	}
}

func TestJudge(t *testing.T) {
	f := func(want verdict, why string, restarts int, s container.State) {
		t.Helper()
		if got, said := judge(&s, restarts); got != want || said != why {
			t.Errorf("%+v: %d %q, want %d %q", s, got, said, want, why)
		}
	}
	running := func(health string, log ...string) container.State {
		s := container.State{Status: container.StateRunning, Running: true, Health: &container.Health{Status: health}}
		for _, output := range log {
			s.Health.Log = append(s.Health.Log, &container.HealthcheckResult{Output: output})
		}
		return s
	}
	f(ready, "", 0, running("healthy"))
	f(ready, "", 0, container.State{Status: container.StateRunning})
	f(pending, "its health check has not succeeded", 0, running("starting"))
	f(pending, "its health check has not succeeded: refused", 0, running("starting", "early", "refused\n"))
	f(failing, "its health check fails: refused", 0, running("unhealthy", "refused"))
	f(pending, "it is restarting", 2, container.State{Status: container.StateRestarting})
	f(hopeless, "it keeps restarting: it ended with exit code 1", 3, container.State{Status: container.StateRestarting, ExitCode: 1})
	f(hopeless, "it keeps restarting", 3, running("starting"))
	f(hopeless, "it ended with exit code 127: not found", 0, container.State{Status: container.StateExited, ExitCode: 127, Error: "not found"})
	f(hopeless, "it ran out of memory: --memory is too little for its configuration", 0, container.State{Status: container.StateExited, OOMKilled: true})
	f(ready, "", 0, container.State{Status: container.StateRunning, Running: true, OOMKilled: true})
	f(hopeless, "it ran out of memory: --memory is too little for its configuration", 0, container.State{
		Status: container.StateRunning, Running: true, OOMKilled: true, Health: &container.Health{Status: container.Starting},
	})
	f(pending, "it is created", 0, container.State{Status: container.StateCreated})
}

// A folder is no use to an engine that cannot see it.
func TestReachable(t *testing.T) {
	f := func(host, data, want string) {
		t.Helper()
		e := Engine{host: host}
		err := e.reachable(&Run{Data: data})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s at %s: %v", data, host, err)
		}
	}
	f("tcp://engine:2376", "gateway-data", "")
	f("tcp://engine:2376", "/srv", "is on another machine")
	f("ssh://engine", "/srv", "is on another machine")
	f("unix:///run/docker.sock", t.TempDir(), "")
	f("unix:///run/docker.sock", "/no/such/folder", "is no folder")
}
