package e2e_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// podsOf returns which pods have lines in a log that k8s logs has printed, each once.
func podsOf(t *testing.T, log string) []string {
	t.Helper()
	var pods []string
	for line := range strings.Lines(log) {
		pod, _, ok := strings.Cut(line, " | ")
		if !ok || !strings.HasPrefix(pod, "otlp-receiver-") {
			t.Errorf("%q has no pod before it", line)
		}
		pods = append(pods, pod)
	}
	slices.Sort(pods)
	return slices.Compact(pods)
}

func TestKubernetesLogs(t *testing.T) {
	loadReceiver(t)
	s := newSite(t, "watch-logs")
	s.want(0, "deploy", "--no-wait")
	s.wantReady(0)
	got := s.want(0, "logs", "--tail", "1").stdout
	if pods := podsOf(t, got); strings.Count(got, "\n") != 2 || !slices.Equal(pods, s.names("pods")) {
		t.Errorf("the last lines are\n%s", got)
	}
	if got := s.want(0, "logs", "--grep", `"protocol":"(grpc|udp)"`).stdout; strings.Count(got, "\n") != 2 || strings.Count(got, `"grpc"`) != 2 {
		t.Errorf("the lines with grpc are\n%s", got)
	}
	s.wantText(s.want(1, "logs", "--previous").stderr, "error: no container of deployment/otlp-receiver in watch-logs has ended before")
	s.wantText(s.want(1, "logs", "--container", "other").stderr, `error: the pods have no container "other", but otlp-receiver`)
	s.follow()
}

// follow follows the logs through a rollout and to the end of all pods.
func (s *site) follow() {
	s.t.Helper()
	p := process.Run(s.t, process.Spec{Name: "logs", Path: otlpctl(s.t), Args: s.args("logs", "-f")})
	log := func() string {
		text, err := os.ReadFile(p.StdoutPath())
		if err != nil {
			s.t.Fatal(err)
		}
		return string(text)
	}
	old := s.names("pods")
	wait.For(s.t, clusterLimit, "the logs of the first pods", func() bool { return strings.Count(log(), `"msg":"ready"`) == 2 })
	s.want(0, "deploy", "--no-wait", "--set", "processors.batch.send_batch_size=77")
	s.wantReady(0)
	wait.For(s.t, clusterLimit, "the logs of their successors, and the last words of the first", func() bool {
		return strings.Count(log(), `"msg":"ready"`) == 4 && strings.Count(log(), `"msg":"draining"`) == 2
	})
	if pods := podsOf(s.t, log()); len(pods) != 4 || !slices.Contains(pods, old[0]) || !slices.Contains(pods, old[1]) {
		s.t.Errorf("lines are of %v; the first pods were %v", pods, old)
	}
	if _, err := s.Kubectl(s.t.Context(), "delete", "-n", s.namespace, "deployment/otlp-receiver"); err != nil {
		s.t.Fatal(err)
	}
	if code, err := p.Wait(s.t.Context()); code != 0 || err != nil {
		s.t.Errorf("it ends with %d, %v\n%s", code, err, p.Tail(1<<12))
	}
	if n := strings.Count(log(), `"msg":"draining"`); n != 4 {
		s.t.Errorf("%d last words:\n%s", n, log())
	}
	lines := strings.Split(strings.TrimSpace(log()), "\n")
	slices.Sort(lines)
	if once := slices.Compact(slices.Clone(lines)); len(once) != len(lines) {
		s.t.Errorf("lines come twice:\n%s", strings.Join(lines, "\n"))
	}
}

func TestKubernetesLogsOfCrashes(t *testing.T) {
	loadReceiver(t)
	s := newSite(t, "watch-crashes")
	s.want(0, "deploy", "--no-wait", s.container("args", "[serve, --config, /nowhere.yaml]"))
	s.wantReady(3)
	wait.For(t, clusterLimit, "the log of what has ended", func() bool {
		return strings.Contains(run(t, process.Spec{
			Name: "logs", Path: otlpctl(t), Args: s.args("logs", "--previous"),
		}).stdout, "| error: /nowhere.yaml: no such file or directory")
	})
}
