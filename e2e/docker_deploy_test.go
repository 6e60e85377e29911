package e2e_test

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	toVolume = "file: {path: /data/telemetry.json, append: true}"
	toNobody = "nop:"
)

// The whole life of a container: made, found unchanged, changed without losing what it has stored, surviving its
// engine, deleted.
func TestDeployDocker(t *testing.T) {
	d := newDeployment(t, "life")
	d.configure(toVolume)
	planted := []string{"--env", "TOKEN=planted-secret", "--set", "exporters.file.path=/data/telemetry.json"}
	d.want(4, d.args("diff", planted...)...)
	d.deploy("created", planted...)
	first := d.inspect()
	checkRun(t, first)
	d.send(1)
	d.waitStored(1)
	d.want(0, d.args("diff", planted...)...)
	if got := d.deploy("unchanged", planted...); strings.Contains(got.stderr, "creating") {
		t.Errorf("unchanged, but\n%s", got.stderr)
	}
	if again := d.inspect(); again.ID != first.ID || again.State.Pid != first.State.Pid {
		t.Error("the unchanged container is another one")
	}

	diff := d.want(4, d.args("diff", "--memory", "256m", "--env", "TOKEN=another-secret", "-o", "json")...)
	if strings.Contains(diff.stdout+diff.stderr, "-secret") || !strings.Contains(diff.stdout, `"field": "memory"`) {
		t.Errorf("diff shows\n%s%s", diff.stdout, diff.stderr)
	}
	d.configure(toVolume + "\n  nop:")
	got := d.deploy("configured", "--memory", "256m", "--env", "TOKEN=another-secret")
	second := d.inspect()
	if second.ID == first.ID || second.HostConfig.Memory != 256<<20 || !strings.Contains(got.stderr, "first: both publish 127.0.0.1:") {
		t.Errorf("memory is %d\n%s", second.HostConfig.Memory, got.stderr)
	}
	if names := d.containers(); !slices.Equal(names, []string{"life"}) {
		t.Errorf("containers %v", names)
	}
	if volumes := d.volumes(); len(volumes) != 2 {
		t.Errorf("volumes %v, want those of the data and one configuration", volumes)
	}
	for _, label := range second.Config.Labels {
		if strings.Contains(label, "secret") {
			t.Errorf("label %s", label)
		}
	}
	d.send(2)
	d.waitStored(2)

	if err := d.engine.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait.For(t, startLimit, "the container to be back", func() bool {
		return d.otlpctl("status", "docker", "--name", d.name).code == 0
	})
	d.send(3)
	d.waitStored(3)
	d.deleteAll(t)
}

// checkRun checks what the engine was really told.
func checkRun(t *testing.T, c inspected) {
	t.Helper()
	h := c.HostConfig
	if h.Memory != 512<<20 || h.NanoCpus != 2e9 || h.RestartPolicy.Name != "unless-stopped" || c.Config.StopTimeout != 35 {
		t.Errorf("limits %+v, stop timeout %d", h, c.Config.StopTimeout)
	}
	if !h.ReadonlyRootfs || !slices.Equal(h.CapDrop, []string{"ALL"}) || !slices.Equal(h.SecurityOpt, []string{"no-new-privileges"}) ||
		h.LogConfig.Config["max-size"] != "10m" {
		t.Errorf("hardening %+v", h)
	}
	for _, m := range c.Mounts {
		switch m.Destination {
		case "/data":
			if m.Name != "life-data" || !m.RW {
				t.Errorf("data %+v", m)
			}
		case "/app/config":
			if m.Type != "volume" || m.RW {
				t.Errorf("configuration %+v", m)
			}
		default:
			t.Errorf("mount %+v", m)
		}
	}
}

// deleteAll deletes a deployment, first without and then with its volume.
func (d *deployment) deleteAll(t *testing.T) {
	t.Helper()
	d.want(2, "delete", "docker", "--name", d.name)
	volume := "/volumes/" + d.name + "-data"
	if got := d.want(0, "delete", "docker", "--name", d.name, "--yes"); !strings.Contains(got.stdout, "container/"+d.name+"\tdeleted") ||
		!strings.Contains(got.stdout, "volume/"+d.name+"-data\tunchanged") {
		t.Errorf("delete says %q", got.stdout)
	}
	if err := d.engine.Call(t.Context(), "GET", volume, nil, nil); err != nil {
		t.Errorf("the data is gone: %v", err)
	}
	if got := d.want(0, "delete", "docker", "--name", d.name, "--yes"); got.stdout != "volume/"+d.name+"-data\tunchanged\n" || !strings.Contains(got.stderr, "not found") {
		t.Errorf("delete of nothing says %q, %q", got.stdout, got.stderr)
	}
	d.deploy("created")
	d.waitStored(3)
	d.want(0, "delete", "docker", "--name", d.name, "--yes")
	d.want(0, "delete", "docker", "--name", d.name, "--yes", "--volumes")
	if left := d.volumes(); left != nil {
		t.Errorf("volumes %v are left", left)
	}
}

// A container that shares neither ports nor files with the one before starts beside it.
func TestDeployDockerBeside(t *testing.T) {
	d := newDeployment(t, "beside")
	d.configure(toNobody)
	d.deploy("created", "--publish", "none")
	got := d.deploy("configured", "--publish", "none", "--cpus", "1")
	if !strings.Contains(got.stderr, "starting beside-next beside beside") {
		t.Errorf("deploy says\n%s", got.stderr)
	}
	before := d.inspect()
	broken := d.want(3, d.args("deploy", "--publish", "none", "--set", "exporters.otlp.endpoint=backend:4317",
		"--set", "exporters.otlp.tls.ca_file=/nowhere/ca.pem", "--set", "service.pipelines.logs.exporters=otlp")...)
	if !strings.Contains(broken.stderr, "keeps restarting") || !strings.Contains(broken.stderr, "last lines of its log:") {
		t.Errorf("deploy says\n%s", broken.stderr)
	}
	if after := d.inspect(); after.ID != before.ID || after.State.Pid != before.State.Pid || len(d.containers()) != 1 {
		t.Errorf("the old container was touched: %+v, containers %v", after.State, d.containers())
	}
}

// A container that does not become healthy leaves the place to the one before.
func TestDeployDockerRollsBack(t *testing.T) {
	d := newDeployment(t, "rollback")
	d.configure(toVolume)
	d.deploy("created")
	before := d.inspect()
	d.configure("file: {path: /app/read-only.json}")
	got := d.want(3, d.args("deploy")...)
	for _, want := range []string{"going back to the old rollback", "hint: the old rollback runs as before", "read-only"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("%q is missing:\n%s", want, got.stderr)
		}
	}
	if after := d.inspect(); after.ID != before.ID || after.State.Status != "running" || len(d.containers()) != 1 || got.stdout != "" {
		t.Errorf("%+v, containers %v, stdout %q", after.State, d.containers(), got.stdout)
	}
	d.configure("file: {path: /data/telemetry.json, unknown: 1}")
	if got := d.want(2, d.args("deploy")...); !strings.Contains(got.stderr, "unknown key") {
		t.Errorf("deploy says\n%s", got.stderr)
	}
}

// What is somebody else's stays as it is: ports and containers.
func TestDeployDockerLeavesOthersAlone(t *testing.T) {
	d := newDeployment(t, "foreign")
	d.configure(toNobody)
	l, err := loopback.Listen(t.Context(), net.JoinHostPort("127.0.0.1", d.http))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.want(1, d.args("deploy")...); !strings.Contains(got.stderr, d.http+" is in use by another program or container") {
		t.Errorf("deploy says\n%s", got.stderr)
	}
	if names := d.containers(); names != nil {
		t.Errorf("containers %v are left", names)
	}
	_ = l.Close()

	body := map[string]any{"Image": deployedImage}
	if err := d.engine.Call(t.Context(), "POST", "/containers/create?name=foreign", body, nil); err != nil {
		t.Fatal(err)
	}
	before := d.inspect().ID
	for _, args := range [][]string{
		d.args("deploy"), d.args("diff"),
		{"delete", "docker", "--name", "foreign", "--yes"},
		{"status", "docker", "--name", "foreign"},
		{"logs", "docker", "--name", "foreign"},
	} {
		if got := d.want(1, args...); !strings.Contains(got.stderr, "was not made by otlpctl") {
			t.Errorf("%v says\n%s", args, got.stderr)
		}
	}
	if d.inspect().ID != before {
		t.Error("the container is another one")
	}
}

// A stopped container is started, and the state and the log can be seen.
func TestStatusAndLogsDocker(t *testing.T) {
	d := newDeployment(t, "watched")
	d.configure(toNobody)
	d.want(1, "status", "docker", "--name", d.name)
	d.deploy("created")
	type status struct {
		State, Health string
		Memory        int64
		Ports         []struct {
			Port      int
			Published []string
		}
	}
	up := decoded[status](t, d.want(0, "status", "docker", "--name", d.name, "-o", "json"))
	if up.State != "running" || up.Health != "healthy" || up.Memory <= 0 || len(up.Ports) != 3 || len(up.Ports[0].Published) != 1 {
		t.Errorf("status %+v", up)
	}
	follow := process.Run(t, process.Spec{
		Name: "logs", Path: otlpctl(t), Args: []string{"logs", "docker", "--name", d.name, "-f"}, Env: d.engine.Env(),
	})
	wait.For(t, startLimit, "the log", func() bool { return strings.Contains(follow.Tail(1<<16), "listening") })
	if err := d.engine.Call(t.Context(), "POST", "/containers/"+d.name+"/stop", nil, nil); err != nil {
		t.Fatal(err)
	}
	if code, err := follow.Wait(t.Context()); code != 0 || err != nil {
		t.Errorf("logs -f: exit %d, %v", code, err)
	}
	d.want(3, "status", "docker", "--name", d.name)
	d.want(4, d.args("diff")...)
	d.deploy("configured")
	d.want(0, "status", "docker", "--name", d.name)
	interrupted := process.Run(t, process.Spec{
		Name: "again", Path: otlpctl(t), Args: []string{"logs", "docker", "--name", d.name, "-f", "--tail", "1"}, Env: d.engine.Env(),
	})
	wait.For(t, startLimit, "a line", func() bool { return interrupted.Tail(1<<16) != "" })
	if err := interrupted.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code, err := interrupted.Wait(t.Context()); code != 130 || err != nil {
		t.Errorf("interrupted logs -f: exit %d, %v", code, err)
	}
}

// Without an engine, an image or a network it is said what to do.
func TestDeployDockerMistakes(t *testing.T) {
	d := newDeployment(t, "mistakes")
	d.configure(toNobody)
	f := func(want, hint string, more ...string) {
		t.Helper()
		got := d.want(1, d.args("deploy", more...)...)
		if !strings.Contains(got.stderr, want) || !strings.Contains(got.stderr, "\nhint: "+hint) || got.stdout != "" {
			t.Errorf("%v says\n%s", more, got.stderr)
		}
	}
	f("has no image none:1", "'otlpctl image build", "--image", "none:1")
	f("has no network none-such", "'docker network create", "--network", "none-such")
	f("more than the engine has", "--cpus ", "--cpus", "4096")
	f("is no folder", "'mkdir -p", "--data", filepath.Join(t.TempDir(), "missing"))
	nowhere := process.Spec{
		Name: "nowhere", Path: otlpctl(t), Args: d.args("deploy"),
		Env: []string{"DOCKER_HOST=unix://" + filepath.Join(t.TempDir(), "none.sock")},
	}
	if got := run(t, nowhere); got.code != 1 || !strings.Contains(got.stderr, "hint: ") {
		t.Errorf("exit %d\n%s", got.code, got.stderr)
	}
	if names := d.containers(); names != nil {
		t.Errorf("containers %v are left", names)
	}
}
