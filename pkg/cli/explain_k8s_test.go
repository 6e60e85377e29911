package cli

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// A shell takes every word as it is.
func TestShellWords(t *testing.T) {
	words := []string{"plain", "a=b", "two words", "it's", `"quoted"`, "$HOME", "`id`", "a;b", "*", "", "ä", "line\nbreak", "~", "\\"}
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", `for word in `+shellWords(words...)+`; do printf '%s|' "$word"; done`).Output()
	if want := strings.Join(words, "|") + "|"; err != nil || string(out) != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
	if got := shellWords("kubectl", "-n", "a", "--replicas=3"); got != "kubectl -n a --replicas=3" {
		t.Errorf("what needs no quotes is %s", got)
	}
}

func TestJSONPath(t *testing.T) {
	if got, want := jsonPath("data", "a.json.gz"), `.data.a\.json\.gz`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestExplainScale(t *testing.T) {
	target := kube.Target{Namespace: "n", Name: "d"}
	f := func(s kube.Scaling, dryRun bool, want string) {
		t.Helper()
		s.Target = target
		k := newKubectl(kube.Access{}, target)
		if err := k.scale(&s, dryRun); err != nil {
			t.Fatal(err)
		}
		k.waitScaled(&s, time.Minute)
		var commands []string
		for line := range strings.Lines(k.String()) {
			if !strings.HasPrefix(line, "#") {
				commands = append(commands, line)
			}
		}
		if got := strings.Join(commands, ""); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	scaler := kube.Ref{Kind: "HorizontalPodAutoscaler", Name: "d"}
	bounds := kube.Bounds{Min: new(int64(5)), Max: new(int64(12))}
	f(kube.Scaling{After: kube.Bounds{Replicas: new(int64(2))}, Current: 3}, false,
		"kubectl -n n scale deployment/d --replicas=2\nkubectl -n n rollout status deployment/d --timeout=1m0s\n")
	f(kube.Scaling{Object: scaler, After: bounds, Current: 3}, true,
		`kubectl -n n patch horizontalpodautoscaler/d --type=merge -p '{"spec":{"maxReplicas":12,"minReplicas":5}}' --dry-run=server`+"\n"+
			"kubectl -n n wait deployment/d '--for=jsonpath={.spec.replicas}=5' --timeout=1m0s\n"+
			"kubectl -n n rollout status deployment/d --timeout=1m0s\n")
	f(kube.Scaling{Object: scaler, After: bounds, Current: 7}, false,
		`kubectl -n n patch horizontalpodautoscaler/d --type=merge -p '{"spec":{"maxReplicas":12,"minReplicas":5}}'`+"\n"+
			"kubectl -n n rollout status deployment/d --timeout=1m0s\n")
}

// Whoever has learned the flag on one command finds it on all that are about a cluster.
func TestAllExplain(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
		about, has := cmd.Flags().Lookup("kubeconfig") != nil, cmd.Flags().Lookup("explain") != nil
		if about != has && !strings.Contains(cmd.CommandPath(), " consul ") {
			t.Errorf("%s: has --kubeconfig %v, --explain %v", cmd.CommandPath(), about, has)
		}
	}
	visit(newRoot(term.System()))
}
