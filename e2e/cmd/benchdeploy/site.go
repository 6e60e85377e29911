package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

const (
	image = "localhost/otlp-receiver:bench"
	name  = "otlp-receiver"
)

// base is what is deployed: pods that become ready, and stop, as soon as they can, so that the figures are those of the
// commands. The number of pods is fixed: with an autoscaler, kubectl and Helm begin with one pod, and would wait for less.
const base = `
receivers: {otlp: {protocols: {grpc: {}, http: {}}}}
exporters: {debug: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}, shutdown: {delay: 0s}}
deploy:
  image: ` + image + `
  image_pull_policy: Never
  min_ready_seconds: 0
  pre_stop_seconds: 0
  resources: {requests: {cpu: 20m, memory: 256Mi}}
  probes:
    liveness: {initial_delay_seconds: 1}
    readiness: {initial_delay_seconds: 0, period_seconds: 1}
    startup: {period_seconds: 1}
  autoscaling: {enabled: false}
  replicas: 3
`

// change is one field of the configuration, which replaces the pods.
const change = "exporters.debug.verbosity=detailed"

// bench is the cluster, and what works on it.
type bench struct {
	cluster          *kubernetes.Cluster
	proxy            *proxy
	otlpctl, helm    string
	dir, config      string
	kubeconfig, home string
}

// site is the namespace of one round of one tool. The objects before and after the change are rendered ahead.
type site struct {
	*bench
	namespace      string
	before, after  string // manifests
	chart, changed string // folders
}

// prepare renders what is to be deployed to a namespace.
func (b *bench) prepare(ctx context.Context, namespace string) (site, error) {
	dir := filepath.Join(b.dir, namespace)
	s := site{
		bench: b, namespace: namespace, before: filepath.Join(dir, "before.json"), after: filepath.Join(dir, "after.json"),
		chart: filepath.Join(dir, "chart"), changed: filepath.Join(dir, "changed"),
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return s, err
	}
	for _, way := range []struct {
		manifests, chart string
		set              []string
	}{{s.before, s.chart, nil}, {s.after, s.changed, []string{"--set", change}}} {
		rendered, err := b.run(ctx, b.otlpctl, append([]string{"render", "k8s", "--config", b.config, "-n", namespace, "-o", "json"}, way.set...)...)
		if err != nil {
			return s, err
		}
		if err := os.WriteFile(way.manifests, rendered, 0o644); err != nil {
			return s, err
		}
		if err := writeChart(way.chart, rendered); err != nil {
			return s, err
		}
	}
	return s, nil
}

// run runs a command to its end and returns what it wrote to its standard output.
func (b *bench) run(ctx context.Context, path string, args ...string) ([]byte, error) {
	p, err := process.Start(ctx, process.Spec{
		Name: filepath.Base(path), Path: path, Args: args, Dir: b.dir, Env: []string{"KUBECONFIG=" + b.kubeconfig, "HOME=" + b.home},
	})
	if err != nil {
		return nil, err
	}
	code, err := p.Wait(ctx)
	if err != nil {
		_, _ = p.Stop() // why it must end is known
		return nil, err
	}
	if code != 0 {
		return nil, fmt.Errorf("%s %v: exit code %d\n%s", path, args, code, p.Tail(2000))
	}
	return os.ReadFile(p.StdoutPath())
}
