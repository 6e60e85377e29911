package e2e_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/dockerd"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// deployedImage is the image of otlpctl that these tests run.
const deployedImage = "otlpctl-deploy:test"

// deployment is a container that a test deploys, with ports and a configuration of its own.
type deployment struct {
	t                 *testing.T
	engine            *dockerd.Engine
	name, file        string
	grpc, http, admin string // ports
}

func newDeployment(t *testing.T, name string) *deployment {
	t.Helper()
	d := &deployment{t: t, engine: dockerd.Need(t), name: name, file: filepath.Join(t.TempDir(), "receiver.yaml")}
	addrs, err := loopback.Addrs(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, port := range []*string{&d.grpc, &d.http, &d.admin} {
		_, *port, _ = net.SplitHostPort(addrs[i])
	}
	var have []struct{ ID string }
	filter := "/images/json?filters=" + `%7B%22reference%22%3A%5B%22` + strings.ReplaceAll(deployedImage, ":", "%3A") + `%22%5D%7D`
	if err := d.engine.Call(t.Context(), "GET", filter, nil, &have); err != nil {
		t.Fatal(err)
	}
	if len(have) == 0 {
		d.want(0, "image", "build", "--output", "engine", "--tag", deployedImage)
	}
	t.Cleanup(func() {
		d.remove(name)
		d.remove(name + "-next")
	})
	return d
}

// remove removes a container, if it is there, when the test ends.
func (d *deployment) remove(name string) {
	ctx := context.WithoutCancel(d.t.Context()) // which has ended by then
	_ = d.engine.Call(ctx, "DELETE", "/containers/"+name+"?force=1", nil, nil)
}

// configure writes the configuration: what arrives goes into a file on the volume, unless exporters says where to.
func (d *deployment) configure(exporters string) {
	d.t.Helper()
	id, _, _ := strings.Cut(exporters, ":")
	text := forwarding("  "+exporters+"\n", id) + adminSection
	text = strings.NewReplacer("$GRPC", "0.0.0.0:"+d.grpc, "$HTTP", "0.0.0.0:"+d.http, "$ADMIN", "0.0.0.0:"+d.admin).Replace(text)
	replace(d.t, d.file, text)
	if err := os.Chmod(d.file, 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// otlpctl runs the product on the engine.
func (d *deployment) otlpctl(args ...string) outcome {
	d.t.Helper()
	return run(d.t, process.Spec{Name: "otlpctl", Path: otlpctl(d.t), Args: args, Env: d.engine.Env()})
}

// want is otlpctl with the exit code that it must have.
func (d *deployment) want(code int, args ...string) outcome {
	d.t.Helper()
	got := d.otlpctl(args...)
	if got.code != code {
		d.t.Fatalf("otlpctl %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.stdout, got.stderr)
	}
	return got
}

// args are those of deploy docker and diff docker.
func (d *deployment) args(verb string, more ...string) []string {
	return append([]string{
		verb, "docker", "--name", d.name, "--image", deployedImage, "--config", d.file, "--publish", "127.0.0.1",
	}, more...)
}

// deploy deploys and expects the action.
func (d *deployment) deploy(action string, more ...string) outcome {
	d.t.Helper()
	got := d.want(0, d.args("deploy", more...)...)
	if want := "container/" + d.name + "\t" + action + "\n"; got.stdout != want {
		d.t.Fatalf("deploy says %q, want %q\n%s", got.stdout, want, got.stderr)
	}
	return got
}

// inspected is what the tests want to know of a container.
type inspected struct {
	ID    string
	Image string
	State struct {
		Status string
		Pid    int
	}
	Config struct {
		Labels      map[string]string
		StopTimeout int
		Healthcheck struct{ Test []string }
	}
	HostConfig struct {
		Memory, NanoCpus int64
		ReadonlyRootfs   bool
		CapDrop          []string
		SecurityOpt      []string
		RestartPolicy    struct{ Name string }
		LogConfig        struct{ Config map[string]string }
	}
	Mounts []struct {
		Type, Name, Destination string
		RW                      bool
	}
}

func (d *deployment) inspect() inspected {
	d.t.Helper()
	var c inspected
	if err := d.engine.Call(d.t.Context(), "GET", "/containers/"+d.name+"/json", nil, &c); err != nil {
		d.t.Fatal(err)
	}
	return c
}

// containers returns the names of all containers that belong to the deployment.
func (d *deployment) containers() []string {
	d.t.Helper()
	var all []struct{ Names []string }
	if err := d.engine.Call(d.t.Context(), "GET", "/containers/json?all=1", nil, &all); err != nil {
		d.t.Fatal(err)
	}
	var names []string
	for _, c := range all {
		if name := strings.TrimPrefix(c.Names[0], "/"); strings.HasPrefix(name, d.name) {
			names = append(names, name)
		}
	}
	return names
}

// volumes returns the names of all volumes that belong to the deployment.
func (d *deployment) volumes() []string {
	d.t.Helper()
	var all struct{ Volumes []struct{ Name string } }
	if err := d.engine.Call(d.t.Context(), "GET", "/volumes", nil, &all); err != nil {
		d.t.Fatal(err)
	}
	var names []string
	for _, v := range all.Volumes {
		if strings.HasPrefix(v.Name, d.name) {
			names = append(names, v.Name)
		}
	}
	return names
}

// send sends a span with that number through the published port.
func (d *deployment) send(number uint64) {
	d.t.Helper()
	c, err := client.Dial(client.Target{Protocol: signal.GRPC, Addr: net.JoinHostPort("127.0.0.1", d.grpc)})
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close()
	if err := c.Export(d.t.Context(), signal.Traces, numbered.Request(signal.Traces, number, 1)); err != nil {
		d.t.Fatalf("span %d: %v", number, err)
	}
}

// waitStored waits until the file on the volume has as many requests.
func (d *deployment) waitStored(n int) {
	d.t.Helper()
	wait.For(d.t, arrivalLimit, strconv.Itoa(n)+" requests in the file", func() bool {
		var archive string
		err := d.engine.Call(d.t.Context(), "GET", "/containers/"+d.name+"/archive?path=/data/telemetry.json", nil, &archive)
		return err == nil && strings.Count(archive, `"resourceSpans"`) == n
	})
}

// decoded decodes a result.
func decoded[T any](t *testing.T, o outcome) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(o.stdout), &v); err != nil {
		t.Fatalf("%v\n%s%s", err, o.stdout, o.stderr)
	}
	return v
}
