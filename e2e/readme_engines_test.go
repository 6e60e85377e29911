package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/dockerd"
)

// quickCluster is what a test adds to the README's file for clusters, so that nobody has to wait for pods.
const quickCluster = `
service: {shutdown: {delay: 0s}}
deploy:
  min_ready_seconds: 2
  pre_stop_seconds: 0
  resources: {requests: {cpu: 20m, memory: 256Mi}}
  probes:
    readiness: {initial_delay_seconds: 0, period_seconds: 1}
    startup: {period_seconds: 1}
  autoscaling: {min_replicas: 2, memory_utilization: 0}
`

// The image, and a container of it.
func readmeContainer(t *testing.T, c *chapter) {
	r := newReader(t)
	engine := dockerd.Need(t)
	r.env = append(r.env, engine.Env()...)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_ = engine.Call(ctx, "DELETE", "/containers/otlp-receiver?force=1", nil, nil)
	})
	for _, line := range c.lines {
		r.does(line)
	}
	if got := r.does(c.lines[1]); !strings.HasSuffix(got.stdout, "\tunchanged\n") {
		t.Errorf("again it says %q", got.stdout)
	}
	r.does("bin/otlpctl send")
}

// The image, pushed and deployed, and back.
func readmeCluster(t *testing.T, c *chapter) {
	const namespace = "readme"
	r, s := newReader(t), newRegistrySite(t, namespace)
	replace(t, filepath.Join(r.folder, "otel.yaml"), readme(t)["Send it on"].yaml[0])
	replace(t, filepath.Join(r.folder, "cluster.yaml"), c.yaml[0]+quickCluster)
	r.env = append(r.env, "KUBECONFIG="+s.kubeconfig, ofItsOwn(77))
	r.instead["registry.example.com/otlp-receiver"] = s.host + "/otlp-receiver --insecure"
	for _, verb := range []string{"deploy k8s", "status k8s", "rollout undo"} {
		r.instead[verb] = verb + " -n " + namespace
	}
	inside := func(line string) outcome {
		t.Helper()
		got := runWithin(t, clusterLimit, s.Inside(r.spec(line)))
		if got.code != 0 {
			t.Fatalf("%s: exit %d\n%s%s", line, got.code, got.stdout, got.stderr)
		}
		return got
	}
	configured := func() string {
		return s.field("deployment/otlp-receiver", ".spec.template.spec.volumes[?(@.name=='config')].configMap.name")
	}
	deploy := ""
	for _, line := range c.lines {
		switch {
		case strings.Contains(line, "--dry-run"):
			if got := inside(line).stdout; !strings.Contains(got, "deployment/otlp-receiver") {
				t.Errorf("the plan is\n%s", got)
			}
		case strings.Contains(line, " rollout undo"):
			before := configured()
			inside(deploy + " --set exporters.otlp.endpoint=another.example.com:4317") // something to go back from
			if configured() == before {
				t.Error("another configuration changes nothing")
			}
			inside(line)
			if after := configured(); after != before {
				t.Errorf("undone, the configuration is %s, and was %s", after, before)
			}
		default:
			if strings.Contains(line, "deploy k8s") {
				deploy = line
			}
			inside(line)
		}
	}
}

// Somebody has registered, and is found.
func readmeOthers(t *testing.T, c *chapter) {
	r, a := newReader(t), consul.Need(t)
	s := instance("otlp-receiver", "readme", "x", 4317)
	register(t, a, s)
	t.Cleanup(func() {
		if err := a.Deregister(context.WithoutCancel(t.Context()), s.ID); err != nil {
			t.Error(err)
		}
	})
	r.env = append(r.env, "CONSUL_HTTP_ADDR="+a.Addr(), "CONSUL_HTTP_TOKEN="+os.Getenv("CONSUL_HTTP_TOKEN"))
	for _, line := range c.lines {
		if got := r.does(line); !strings.Contains(got.stdout, "readme\t10.0.0.1:4317\t") {
			t.Errorf("%s:\n%s", line, got.stdout)
		}
	}
}
