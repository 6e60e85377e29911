package dockerd

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := StopShared(context.Background()); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// settings are what an engine would change on its machine if it were left to.
func settings(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/conf/all/route_localnet",
		"/proc/sys/net/bridge/bridge-nf-call-iptables", "/proc/self/net/ip_tables_names",
	} {
		text, _ := os.ReadFile(path) // nothing, where the kernel has no such thing
		all.WriteString(path + " " + string(text))
	}
	return all.String()
}

// A container publishes a port, survives a restart of the engine, and leaves nothing.
func TestEngine(t *testing.T) {
	before := settings(t)
	e := Need(t)
	ctx := t.Context()
	if err := e.ImportBusybox(ctx, "busybox:test"); err != nil {
		t.Fatal(err)
	}
	addr, err := loopback.Addr(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	type object = map[string]any
	var created struct{ ID string }
	err = e.Call(ctx, "POST", "/containers/create?name=web", object{
		"Image": "busybox:test", "Cmd": []string{"httpd", "-f", "-p", "80"}, "ExposedPorts": object{"80/tcp": object{}},
		"HostConfig": object{
			"PortBindings":  object{"80/tcp": []object{{"HostIp": "127.0.0.1", "HostPort": port}}},
			"RestartPolicy": object{"Name": "unless-stopped"},
		},
	}, &created)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Call(ctx, "POST", "/containers/"+created.ID+"/start", nil, nil); err != nil {
		t.Fatal(err)
	}
	serves := func() bool { return wait.Listening(ctx, addr) }
	wait.For(t, startLimit, "the published port", serves)
	if err := e.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	wait.For(t, startLimit, "the port after a restart", serves)

	if err := StopShared(ctx); err != nil {
		t.Fatal(err)
	}
	if after := settings(t); after != before {
		t.Errorf("the engine has changed\n%s\nto\n%s", before, after)
	}
	left, _ := filepath.Glob("/sys/fs/cgroup/*" + e.cgroup())
	if _, err := net.InterfaceByName(e.bridge); err == nil || left != nil {
		t.Errorf("bridge %v, control groups %v are left", err == nil, left)
	}
}
