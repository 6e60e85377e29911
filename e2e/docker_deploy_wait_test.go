package e2e_test

import (
	"archive/tar"
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// sickImage holds a program that runs and never is healthy.
const sickImage = "otlpctl-sick:test"

const sickProgram = `#!/bin/sh
case "$*" in *--health-check) exit 1;; esac
trap 'exit 0' TERM
echo sick but running
while :; do sleep 0.1; done
`

// addSickImage makes the image, if there is none yet.
func (d *deployment) addSickImage() {
	d.t.Helper()
	ctx := d.t.Context()
	if err := d.engine.ImportBusybox(ctx, "busybox:sick"); err != nil {
		d.t.Fatal(err)
	}
	var c struct{ ID string }
	if err := d.engine.Call(ctx, "POST", "/containers/create", map[string]any{"Image": "busybox:sick"}, &c); err != nil {
		d.t.Fatal(err)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	header := &tar.Header{Name: "app/otlpctl", Mode: 0o755, Size: int64(len(sickProgram))}
	if err := w.WriteHeader(header); err != nil {
		d.t.Fatal(err)
	}
	if _, err := w.Write([]byte(sickProgram)); err != nil {
		d.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		d.t.Fatal(err)
	}
	if err := d.engine.Call(ctx, "PUT", "/containers/"+c.ID+"/archive?path=/", &archive, nil); err != nil {
		d.t.Fatal(err)
	}
	name, tag, _ := strings.Cut(sickImage, ":")
	if err := d.engine.Call(ctx, "POST", "/commit?container="+c.ID+"&repo="+name+"&tag="+tag, map[string]any{}, nil); err != nil {
		d.t.Fatal(err)
	}
	if err := d.engine.Call(ctx, "DELETE", "/containers/"+c.ID, nil, nil); err != nil {
		d.t.Fatal(err)
	}
}

// interrupt deploys the sick image, interrupts that when it has said a line with what it waits for, and returns how it
// ended. while runs before the interruption.
func (d *deployment) interrupt(line string, while func(), more ...string) outcome {
	d.t.Helper()
	p := process.Run(d.t, process.Spec{
		Name: "deploy", Path: otlpctl(d.t), Env: d.engine.Env(),
		Args: d.args("deploy", append(more, "--image", sickImage)...),
	})
	wait.For(d.t, startLimit, line, func() bool { return strings.Contains(p.Tail(1<<16), line) })
	while()
	if err := p.Signal(os.Interrupt); err != nil {
		d.t.Fatal(err)
	}
	began := time.Now()
	code, err := p.Wait(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	if took := time.Since(began); took > time.Second {
		d.t.Logf("the interruption took %v", took)
	}
	return outcome{code: code, stderr: p.Tail(1 << 16)}
}

// A deployment that is interrupted says what goes on, and leaves one container. Nobody else gets in its way.
func TestDeployDockerInterrupted(t *testing.T) {
	d := newDeployment(t, "interrupted")
	d.addSickImage()
	d.configure(toNobody)
	nothing := func() {}
	f := func(got outcome, hint string, image string) {
		t.Helper()
		if got.code != 130 || !strings.Contains(got.stderr, hint) {
			t.Errorf("exit %d\n%s", got.code, got.stderr)
		}
		var c struct{ Config struct{ Image string } }
		if err := d.engine.Call(t.Context(), "GET", "/containers/"+d.name+"/json", nil, &c); err != nil {
			t.Fatal(err)
		}
		if c.Config.Image != image || len(d.containers()) != 1 {
			t.Errorf("image %s, containers %v", c.Config.Image, d.containers())
		}
	}
	f(d.interrupt("waiting until", nothing), "interrupted goes on starting: 'otlpctl status docker", sickImage)
	d.deploy("configured")
	before := d.inspect().ID

	// Two at once: one goes on, the other says why it does not.
	second := func() {
		got := d.want(1, d.args("deploy", "--memory", "64m")...)
		if !strings.Contains(got.stderr, "another deployment is under way") {
			t.Errorf("the second deployment says\n%s", got.stderr)
		}
	}
	f(d.interrupt("beside interrupted", second, "--publish", "none"), "interrupted runs as before", deployedImage)
	if d.inspect().ID != before {
		t.Error("the container is another one")
	}
	f(d.interrupt("waiting until the new", nothing), "interrupted was replaced and goes on starting", sickImage)
}

// A container that runs without ever being healthy is given the time that it may take, and no more.
func TestDeployDockerTimesOut(t *testing.T) {
	d := newDeployment(t, "sick")
	d.addSickImage()
	d.configure(toNobody)
	got := d.want(3, d.args("deploy", "--image", sickImage, "--timeout", "5s")...)
	for _, want := range []string{
		"its health check has not succeeded after 5s", "  sick but running\n", "hint: 'otlpctl logs docker --name sick' shows more",
	} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("%q is missing:\n%s", want, got.stderr)
		}
	}
	d.want(3, "status", "docker", "--name", d.name)
	d.want(3, d.args("deploy", "--image", sickImage, "--timeout", "5s")...)
	d.deploy("configured")
}

// What a deployment left that was killed is cleaned up once it cannot be under way any more.
func TestDeployDockerCleansUp(t *testing.T) {
	d := newDeployment(t, "killed")
	d.configure(toNobody)
	d.deploy("created")
	left := map[string]any{"Image": deployedImage, "Labels": map[string]string{
		"io.github.otlpctl.managed-by": "otlpctl", "io.github.otlpctl.replacing-until": "2026-01-01T00:00:00Z",
	}}
	if err := d.engine.Call(t.Context(), "POST", "/containers/create?name=killed-next", left, nil); err != nil {
		t.Fatal(err)
	}
	carrier := map[string]any{"Image": deployedImage, "Labels": map[string]string{"io.github.otlpctl.managed-by": "otlpctl"}}
	d.post("/containers/create?name=killed-next-config", carrier)
	d.want(4, d.args("diff")...)
	d.deploy("configured")
	d.configure(toVolume)
	d.deploy("configured")
	if names := d.containers(); len(names) != 1 {
		t.Errorf("containers %v", names)
	}
	d.deploy("unchanged")
}
