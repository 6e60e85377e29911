package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// operated is where the lines of the documentation work.
const operated = "observability"

// quickly is a configuration for pods that do not let a test wait.
const quickly = `
receivers: {otlp: {protocols: {grpc: {}, http: {}}}}
exporters: {debug: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
deploy:
  min_ready_seconds: 2
  pre_stop_seconds: 0
  image_pull_policy: Never
  resources: {requests: {cpu: 20m, memory: 256Mi}}
  probes:
    readiness: {initial_delay_seconds: 0, period_seconds: 1}
    startup: {period_seconds: 1}
`

// equivalent is a row of the documentation: a line of the specification's script, and the one that takes its place.
type equivalent struct{ kubectl, otlpctl string }

// equivalents reads the table of the documentation.
func equivalents(t *testing.T) []equivalent {
	t.Helper()
	text, err := os.ReadFile("../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []equivalent
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(line, "|")
		if strings.HasPrefix(line, "| `kubectl ") && len(columns) > 3 {
			rows = append(rows, equivalent{strings.Trim(columns[1], " `"), strings.Trim(columns[2], " `")})
		}
	}
	return rows
}

// operator is somebody at a shell, with a configuration in the folder.
type operator struct {
	*site

	folder string
}

// TestKubernetesOperator runs what the documentation has for every line of the specification's script, in its order.
func TestKubernetesOperator(t *testing.T) {
	const first, second = "otlp-receiver:1.0.0", "otlp-receiver:1.1.0"
	loadReceiverAs(t, first)
	loadReceiverAs(t, second)
	o := &operator{folder: t.TempDir(), site: &site{Cluster: kubernetes.Need(t), t: t, namespace: operated}}
	replace(t, filepath.Join(o.folder, "otel.yaml"), quickly)
	t.Cleanup(func() {
		_, err := o.Kubectl(context.WithoutCancel(t.Context()), "delete", "namespace", operated, "--ignore-not-found", "--wait=false")
		if err != nil {
			t.Error(err)
		}
	})
	steps := []struct {
		kubectl string // the beginning of the line
		check   func(string)
	}{
		{"create namespace", func(line string) {
			o.wantText(o.shell(line).stderr, "otlp-receiver in observability is ready: revision 1, ")
			if o.object("namespace/"+operated) == nil {
				t.Error("there is no namespace")
			}
		}},
		{"apply", func(line string) { o.wantText(o.shell(line).stderr, "is ready: revision 1, 7 unchanged") }},
		{"get deployments", func(line string) { o.wantText(o.shell(line).stdout, "deployment/otlp-receiver\tready\t") }},
		{"get pods", func(line string) {
			for _, pod := range o.names("pods") {
				o.wantText(o.shell(line).stdout, "pod/"+pod+"\tready\tnode-")
			}
		}},
		{"get hpa", func(line string) { o.wantText(o.shell(line).stdout, "horizontalpodautoscaler/otlp-receiver\t") }},
		{"describe pod", func(line string) { o.wantText(o.shell(line).stdout, append(o.names("pods"), first)...) }},
		{"logs -f", func(line string) { o.follow(line) }},
		{"set image", func(line string) {
			o.shell(line)
			o.wantImage(second)
		}},
		{"rollout status", func(line string) { o.wantText(o.shell(line).stdout, "otlp-receiver\t2\tready\t"+second+"\t") }},
		{"rollout undo", func(line string) {
			o.shell(line)
			o.wantImage(first)
		}},
		{"scale", func(line string) {
			o.shell(line)
			if n := o.field("deployment/otlp-receiver", ".status.availableReplicas"); n != "5" {
				t.Errorf("%s pods are available", n)
			}
		}},
	}
	rows := equivalents(t)
	if len(rows) != len(steps) {
		t.Fatalf("the documentation has %d lines, want %d", len(rows), len(steps))
	}
	for i, step := range steps {
		if !strings.HasPrefix(rows[i].kubectl, "kubectl "+step.kubectl) {
			t.Fatalf("line %d of the documentation is %q, want %q", i, rows[i].kubectl, step.kubectl)
		}
		t.Logf("%s: %s", rows[i].kubectl, rows[i].otlpctl)
		step.check(rows[i].otlpctl)
	}
}

// spec returns how a line is run.
func (o *operator) spec(line string) process.Spec {
	o.t.Helper()
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "otlpctl" {
		o.t.Fatalf("%q is no line of otlpctl", line)
	}
	return process.Spec{
		Name: "otlpctl", Path: otlpctl(o.t), Args: words[1:], Cwd: o.folder, Env: []string{"KUBECONFIG=" + o.Kubeconfig()},
	}
}

// shell runs a line, which must succeed.
func (o *operator) shell(line string) outcome {
	o.t.Helper()
	got := runWithin(o.t, clusterLimit, o.spec(line))
	if got.code != 0 {
		o.t.Fatalf("%s: exit %d\n%s%s", line, got.code, got.stdout, got.stderr)
	}
	return got
}

// follow runs a line that shows the logs of all pods until it is interrupted.
func (o *operator) follow(line string) {
	o.t.Helper()
	p := process.Run(o.t, o.spec(line))
	wait.For(o.t, clusterLimit, "the logs of all pods", func() bool {
		log, err := os.ReadFile(p.StdoutPath())
		return err == nil && !slices.ContainsFunc(o.names("pods"), func(pod string) bool { return !strings.Contains(string(log), pod+" | ") })
	})
	if err := p.Signal(os.Interrupt); err != nil {
		o.t.Fatal(err)
	}
	if code, err := p.Wait(o.t.Context()); code != 130 || err != nil {
		o.t.Errorf("%s: interrupted it ends with %d, %v", line, code, err)
	}
}

// wantImage checks what all pods run.
func (o *operator) wantImage(want string) {
	o.t.Helper()
	if image := o.image(); image != want {
		o.t.Errorf("the image is %s, want %s", image, want)
	}
}
