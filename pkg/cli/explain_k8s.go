package cli

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// explained gives a command the flag --explain: with it, the command prints what one would tell kubectl
// instead, and does nothing. The script is made where the command would run, once PreRunE has checked the
// flags; it may read the cluster.
func explained(cmd *cobra.Command, s term.Streams, script func(ctx context.Context) (*kubectl, error)) *cobra.Command {
	explain, run := false, cmd.RunE
	cmd.Flags().BoolVar(&explain, "explain", false, "print the kubectl commands that do the same, and do nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !explain {
			return run(cmd, args)
		}
		k, err := script(cmd.Context())
		if err != nil {
			return err
		}
		_, err = io.WriteString(s.Out, k.String())
		return err
	}
	return cmd
}

// kubectl is a script for a shell. What it does not do, though otlpctl does, is said in comments.
type kubectl struct {
	strings.Builder

	// program is kubectl with the flags that every command needs: cluster and namespace.
	program string
	target  kube.Target
}

func newKubectl(a kube.Access, t kube.Target) *kubectl {
	words := []string{"kubectl"}
	if a.Kubeconfig != "" {
		words = append(words, "--kubeconfig="+a.Kubeconfig)
	}
	if a.Context != "" {
		words = append(words, "--context="+a.Context)
	}
	return &kubectl{program: shellWords(append(words, "-n", t.Namespace)...), target: t}
}

// script begins a script about what is in a cluster.
func (o targetOptions) script() (*kubectl, error) {
	t, err := o.deployed()
	return newKubectl(o.access, t), err
}

// command returns a command of kubectl.
func (k *kubectl) command(words ...string) string { return k.program + " " + shellWords(words...) }

// run adds a command of kubectl.
func (k *kubectl) run(words ...string) { k.line(k.command(words...)) }

// line adds a line as it is.
func (k *kubectl) line(text string) { k.WriteString(text + "\n") }

// note adds a comment.
func (k *kubectl) note(text string) { k.line("# " + text) }

func (k *kubectl) deployment() string { return "deployment/" + k.target.Name }

// labelled is words for kubectl about all objects that have the label of the deployment.
func (k *kubectl) labelled(words ...string) []string {
	return append(words, "-l", "app="+k.target.Name)
}

// wait adds what waits for a rollout, and what is done if it fails; empty is nothing.
func (k *kubectl) wait(o waitOptions, otherwise string) {
	if !o.wait {
		return
	}
	line := k.command("rollout", "status", k.deployment(), "--timeout="+o.timeout.String())
	if otherwise != "" {
		line += " || " + otherwise
	}
	k.line(line)
}

// shellWords joins words so that a shell takes each of them as it is.
func shellWords(words ...string) string {
	plain := regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if !plain.MatchString(word) {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// renderWords are the words of the "otlpctl render k8s" that makes the objects which are deployed. A secret that
// was given on the command line is not repeated.
func (o *k8sOptions) renderWords(hidden func(path string) bool) (words []string, hides bool) {
	words = []string{"otlpctl", "render", "k8s"}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, "--"+flag+"="+value)
		}
	}
	for _, file := range o.config.files {
		add("config", file)
	}
	for _, set := range o.config.set {
		path, value, _ := strings.Cut(set, "=")
		if hidden(path) {
			value, hides = "***", true
		}
		add("set", path+"="+value)
	}
	add("image", o.image)
	add("namespace", o.namespace)
	add("name", o.name)
	add("templates", o.templates)
	for _, patch := range o.patches {
		add("patch", patch)
	}
	if o.scaled {
		add("replicas", fmt.Sprint(o.replicas))
	}
	return words, hides
}
