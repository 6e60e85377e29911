package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// watched is what status k8s tells in JSON, as far as the tests look at it.
type watched struct {
	Phase, Why string
	ConfigHash string `json:"config_hash"`
	Pods       []struct {
		Name, Phase, Why, Node, Zone string
		Restarts                     int
		ImageDigest                  string `json:"image_digest"`
		ConfigHash                   string `json:"config_hash"`
		Old                          bool
	}
	Services         []struct{ Endpoints int }
	Autoscaler       struct{ Phase, Why string }
	DisruptionBudget struct {
		Phase   string
		Allowed int `json:"disruptions_allowed"`
	} `json:"disruption_budget"`
}

// watched asks for the status, whatever the exit code.
func (s *site) watched(code int) watched {
	s.t.Helper()
	var w watched
	got := s.want(code, "status", "-o", "json")
	if err := json.Unmarshal([]byte(got.stdout), &w); err != nil {
		s.t.Fatalf("%v\n%s", err, got.stdout)
	}
	return w
}

// wantReady waits for a rollout, which takes longer than other commands, and must end with that exit code.
func (s *site) wantReady(code int) outcome {
	s.t.Helper()
	p := process.Run(s.t, process.Spec{Name: "status", Path: otlpctl(s.t), Args: s.args("status", "--wait", "--timeout", "9m")})
	wait.For(s.t, clusterLimit, "an end of the waiting", func() bool { return !p.Running() })
	stdout, err := os.ReadFile(p.StdoutPath())
	if err != nil {
		s.t.Fatal(err)
	}
	got := outcome{stdout: string(stdout), stderr: p.Tail(1 << 20)}
	if got.code, err = p.Wait(s.t.Context()); got.code != code || err != nil {
		s.t.Fatalf("exit %d, want %d; %v\n%s", got.code, code, err, got.stderr)
	}
	return got
}

// patch returns the flag for a patch of the Deployment.
func (s *site) patch(text string) string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "patch.yaml")
	replace(s.t, file, text)
	return "--patch=" + file
}

// container is a patch of one field of the container of the receiver.
func (s *site) container(path, value string) string {
	return s.patch(`{target: {kind: Deployment}, patch: [{op: add, path: /spec/template/spec/containers/0/` + path + `, value: ` + value + `}]}`)
}

// A rollout that does not get there is given up as soon as that is certain, with what a person would have to look for.
// The deadline of each is far behind the time that this takes: kubectl waits ten minutes for most of them.
func TestKubernetesWatchReasons(t *testing.T) {
	loadReceiver(t)
	f := func(name string, change func(s *site) []string, wanted ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "watch-"+strings.ReplaceAll(name, " ", "-"))
			s.want(0, "deploy", append(change(s), "--no-wait")...)
			got := s.wantReady(3)
			if got.stdout != "" {
				t.Errorf("the standard output has %q", got.stdout)
			}
			s.wantText(got.stderr, append(wanted, "error: deployment/otlp-receiver in "+s.namespace+" is not ready: ")...)
			if w := s.watched(3); w.Phase == "ready" || w.Phase == "progressing" || w.Why == "" {
				t.Errorf("afterwards it is %s: %s", w.Phase, w.Why)
			}
		})
	}
	f("image", func(*site) []string {
		return []string{"--image", "localhost/none:1", "--set", "deploy.image_pull_policy=IfNotPresent"}
	}, `cannot pull the image "localhost/none:1": `, "last events of pod/", "  Failed  ")
	f("crash", func(s *site) []string { return []string{s.container("args", "[serve, --config, /nowhere.yaml]")} },
		": keeps ending: exit code 2", "  error: /nowhere.yaml: no such file or directory", "last lines of the log of otlp-receiver in pod/")
	f("no node", func(s *site) []string {
		return []string{s.patch(`{kind: Deployment, spec: {template: {spec: {nodeSelector: {nowhere: "true"}}}}}`)}
	}, ": fits on no node: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector", "  FailedScheduling  ")
	f("readiness", func(s *site) []string { return []string{s.container("readinessProbe/httpGet/path", "/nothing")} },
		": is not ready after 1m", ": HTTP probe failed with statuscode: 404", "  Unhealthy  ", `"msg":"ready"`)
	f("startup", func(s *site) []string {
		return []string{s.container("startupProbe/httpGet/path", "/nothing"), "--set", "deploy.probes.startup.failure_threshold=2"}
	}, ": is restarted because its startup probe fails: HTTP probe failed with statuscode: 404")
	f("secret", func(*site) []string { return []string{"--set", "deploy.secret_env.TOKEN=none/TOKEN"} },
		`: cannot start: secret "none" not found`)
}

func TestKubernetesWatchReady(t *testing.T) {
	loadReceiver(t)
	s := newSite(t, "watch-ready")
	s.want(0, "deploy", "--no-wait", "--set", "deploy.probes.readiness.initial_delay_seconds=8")
	s.wantText(s.want(3, "status").stdout, "deployment/otlp-receiver\tprogressing\t")
	got := s.want(3, "status", "--wait", "--timeout", "1s")
	s.wantText(got.stderr, "error: deployment/otlp-receiver in watch-ready is not ready in time: ", "hint: the rollout goes on in the cluster: ")
	s.interruptWaiting()
	got = s.wantReady(0)
	s.wantText(got.stderr, ": is ready\n", "deployment/otlp-receiver: 2 of 2 pods available")
	w := s.watched(0)
	if w.Phase != "ready" || len(w.Pods) != 2 || len(w.Services) != 1 || w.Services[0].Endpoints != 2 || w.DisruptionBudget.Allowed != 1 {
		t.Errorf("it is %+v", w)
	}
	zones := map[string]bool{}
	for _, p := range w.Pods {
		zones[p.Zone] = true
		if p.ConfigHash != w.ConfigHash || w.ConfigHash == "" || !strings.HasPrefix(p.ImageDigest, "sha256:") || p.Node == "" || p.Restarts != 0 {
			t.Errorf("a pod is %+v", p)
		}
	}
	if !zones["zone-0"] || !zones["zone-1"] {
		t.Errorf("the pods are in %v", zones)
	}
	s.wantText(s.want(1, "status", "--name", "other").stderr, "there is no deployment/other in ")
}

// interruptWaiting stops waiting for what still begins.
func (s *site) interruptWaiting() {
	s.t.Helper()
	p := process.Run(s.t, process.Spec{Name: "status", Path: otlpctl(s.t), Args: s.args("status", "--wait")})
	wait.For(s.t, clusterLimit, "a line of the tree", func() bool { return strings.Contains(p.Tail(1<<16), "deployment/otlp-receiver: 0 of 2 pods available") })
	if err := p.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	if code, err := p.Wait(s.t.Context()); code != 130 || err != nil {
		s.t.Errorf("interrupted it ends with %d, %v", code, err)
	}
	s.wantText(p.Tail(1<<16), "error: interrupted\n", "hint: the rollout goes on in the cluster: otlpctl status k8s -n watch-ready --name otlp-receiver ")
}

// Pods that read their configuration again are waited for until each says that it has.
func TestKubernetesWatchLive(t *testing.T) {
	loadReceiver(t)
	s := newSite(t, "watch-live")
	live := []string{"--no-wait", "--set", "deploy.config_mode=live"}
	s.want(0, "deploy", live...)
	s.wantReady(0)
	before := s.watched(0)
	s.want(0, "deploy", append(live, "--set", "processors.batch.send_batch_size=77")...)
	s.wantText(s.wantReady(0).stderr, "has not read the new configuration yet")
	after := s.watched(0)
	for i, p := range after.Pods {
		if p.ConfigHash != after.ConfigHash || after.ConfigHash == before.ConfigHash || p.Name != before.Pods[i].Name || p.Restarts != 0 {
			t.Errorf("a pod is %+v with the configuration %s, after %+v", p, after.ConfigHash, before)
		}
	}
}
