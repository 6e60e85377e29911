package e2e_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// post tells the engine what a user would with the docker command.
func (d *deployment) post(path string, body any) {
	d.t.Helper()
	if err := d.engine.Call(d.t.Context(), "POST", path, body, nil); err != nil {
		d.t.Fatal(err)
	}
}

// What others do to a container by hand shows, and is undone.
func TestDeployDockerAfterOthers(t *testing.T) {
	d := newDeployment(t, "touched")
	d.configure(toNobody)
	d.deploy("created")
	d.post("/containers/touched/update", map[string]any{"CpuShares": 512, "Memory": 256 << 20, "MemorySwap": 512 << 20})
	diff := d.want(4, d.args("diff")...)
	if want := "memory\t256MiB\t512MiB\ncpu_shares\t512\t-\n"; diff.stdout != want {
		t.Errorf("diff says %q, want %q", diff.stdout, want)
	}
	d.deploy("configured")
	d.deploy("unchanged")

	d.post("/containers/touched/pause", nil)
	d.want(3, "status", "docker", "--name", d.name)
	before := d.inspect().ID
	if got := d.deploy("configured"); d.inspect().ID != before || !strings.Contains(got.stderr, "resuming touched") {
		t.Errorf("deploy says\n%s", got.stderr)
	}
	d.want(0, "status", "docker", "--name", d.name)
	d.post("/containers/touched/pause", nil)
	d.deploy("configured", "--memory", "64m")
	if d.inspect().ID == before {
		t.Error("the paused container was not replaced")
	}

	d.post("/containers/touched/stop", nil)
	got := d.want(3, d.args("deploy", "--set", "exporters.otlp.endpoint=backend:4317",
		"--set", "exporters.otlp.tls.ca_file=/nowhere/ca.pem", "--set", "service.pipelines.logs.exporters=otlp")...)
	if !strings.Contains(got.stderr, "hint: the old touched does not run, as before") || d.inspect().State.Status != "exited" {
		t.Errorf("deploy says\n%s", got.stderr)
	}
}

// A replacement that is interrupted while it is made is not left in the way of the next one.
func TestDeployDockerInterruptedEarly(t *testing.T) {
	d := newDeployment(t, "early")
	d.configure(toNobody)
	d.deploy("created")
	p := process.Run(t, process.Spec{
		Name: "deploy", Path: otlpctl(t), Args: d.args("deploy", "--memory", "64m"), Env: d.engine.Env(),
	})
	wait.For(t, startLimit, "the replacement", func() bool { return strings.Contains(p.Tail(1<<16), "creating early-next") })
	if err := p.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names := d.containers(); !slices.Equal(names, []string{"early"}) {
		t.Errorf("containers %v", names)
	}
	d.deploy("configured", "--memory", "128m")
}

// Volumes that are somebody else's, or used by somebody else, are not removed.
func TestDeleteDockerKeepsOthersVolumes(t *testing.T) {
	d := newDeployment(t, "tenant")
	d.configure(toNobody)
	d.post("/volumes/create", map[string]any{"Name": "tenant-own"})
	d.deploy("created", "--data", "tenant-own")
	got := d.want(0, "delete", "docker", "--name", d.name, "--volumes", "--yes")
	if !strings.Contains(got.stdout, "volume/tenant-own\tunchanged") || !strings.Contains(got.stderr, "was not made by otlpctl") {
		t.Errorf("delete says %q, %q", got.stdout, got.stderr)
	}
	d.deploy("created")
	d.post("/containers/create?name=tenant-guest", map[string]any{
		"Image": deployedImage, "HostConfig": map[string]any{"Binds": []string{"tenant-data:/data"}},
	})
	t.Cleanup(func() { d.remove("tenant-guest") })
	if got := d.want(1, "delete", "docker", "--name", d.name, "--volumes", "--yes"); !strings.Contains(got.stderr, "another container uses it") ||
		!strings.Contains(got.stderr, "hint: 'docker ps --all --filter volume=tenant-data'") {
		t.Errorf("delete says\n%s", got.stderr)
	}
}
