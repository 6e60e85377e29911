package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/kube"
)

// What each command is to kubectl. Applying is done as the field manager otlpctl, as otlpctl itself does it, so
// that either can go on where the other has left off.

// applyWords apply what comes on standard input.
func applyWords(o kube.Options, dryRun bool) []string {
	words := []string{"apply", "--server-side", "--field-manager=" + kube.FieldManager}
	if o.Force {
		words = append(words, "--force-conflicts")
	}
	if dryRun {
		words = append(words, "--dry-run=server")
	}
	return append(words, "-f", "-")
}

// diffWords compare what comes on standard input with the cluster.
func diffWords() []string {
	return []string{"diff", "--server-side", "--field-manager=" + kube.FieldManager, "-f", "-"}
}

// script begins a script about what is to be rendered, and returns the command that does so.
func (o *planK8sOptions) script(loaded config.Portable) (k *kubectl, render string) {
	k = newKubectl(o.access, kube.Target{Namespace: loaded.Deploy.Namespace, Name: loaded.Deploy.Name})
	words, hides := o.renderWords(func(path string) bool {
		e, err := loaded.Explain(path)
		return err != nil || e.Secret
	})
	if hides {
		k.note("*** is in place of secrets that are not repeated")
	}
	return k, shellWords(words...)
}

func explainDiff(o *planK8sOptions) (*kubectl, error) {
	loaded, err := o.portable()
	if err != nil {
		return nil, coded{err, exitUsage}
	}
	k, render := o.script(loaded)
	k.note("exit 1 if there are differences, where otlpctl has 4")
	k.line(render + " | " + k.command(diffWords()...))
	return k, nil
}

func explainDeploy(o *deployK8sOptions) (*kubectl, error) {
	loaded, err := o.portable()
	if err != nil {
		return nil, coded{err, exitUsage}
	}
	k, render := o.script(loaded)
	if o.build.on {
		k.note("not done: otlpctl makes and publishes the image first, see otlpctl image build and push")
	}
	if o.diff {
		k.line(render + " | " + k.command(diffWords()...))
	}
	k.line(render + " | " + k.command(applyWords(o.options, o.dryRun)...))
	if o.dryRun {
		return k, nil
	}
	k.note("not done: what is no longer wanted is not deleted, and no revision is kept for otlpctl rollout undo")
	if o.gate.on || loaded.Deploy.Gate.Enabled {
		k.note("not done: otlpctl judges the first new pod by what it counts before the others are replaced")
	}
	k.wait(waitOptions{wait: o.wait, timeout: o.timeout}, k.undoes(o.atomic))
	return k, nil
}

// undoes returns the command that goes back if a rollout fails; empty is that nothing is to.
func (k *kubectl) undoes(atomic bool) string {
	if !atomic {
		return ""
	}
	return k.command("rollout", "undo", k.deployment())
}

func explainDelete(ctx context.Context, o *deleteK8sOptions) (*kubectl, error) {
	c, t, err := o.open()
	if err != nil {
		return nil, err
	}
	found, err := c.Deployed(ctx, t, o.also)
	if err != nil {
		return nil, err
	}
	k := newKubectl(o.access, t)
	words := []string{"delete", "--timeout=" + o.timeout.String()}
	for _, r := range append(found.Doomed(), found.Records()...) {
		words = append(words, r.String())
	}
	if found.IsEmpty() {
		k.note("otlpctl has made nothing there")
		return k, nil
	}
	k.run(words...)
	return k, nil
}

func explainStatus(o *statusK8sOptions) (*kubectl, error) {
	k, err := o.script()
	if err != nil {
		return nil, err
	}
	k.wait(waitOptions{wait: o.wait, timeout: o.timeout}, "")
	k.run(k.labelled("get", "deployments,replicasets,pods,services,endpointslices,horizontalpodautoscalers,poddisruptionbudgets", "-o", "wide")...)
	return k, nil
}

func explainLogs(o *logsK8sOptions) (*kubectl, error) {
	k, err := o.script()
	if err != nil {
		return nil, err
	}
	container, tail := o.container, o.tail
	if container == "" {
		container = kube.Receiver
	}
	if tail == allLines {
		tail = "-1"
	}
	words := k.labelled("logs", "-c", container, "--prefix", "--tail="+tail)
	if o.follow {
		k.note("pods that come later are not followed, and the lines of pods are not in the order of time")
		words = append(words, "-f", "--max-log-requests=100")
	}
	if o.previous {
		words = append(words, "--previous")
	}
	if o.since > 0 {
		words = append(words, "--since="+o.since.String())
	}
	if o.timestamps {
		words = append(words, "--timestamps")
	}
	line := k.command(words...)
	if o.grep != "" {
		line += " | " + shellWords("grep", "-E", "-e", o.grep)
	}
	k.line(line)
	return k, nil
}

func explainRolloutStatus(o *rolloutStatusOptions) (*kubectl, error) {
	k, err := o.script()
	switch {
	case err != nil:
		return nil, err
	case o.wait:
		k.wait(o.waitOptions, "")
	default:
		k.run("rollout", "status", k.deployment(), "--watch=false")
	}
	return k, nil
}

func explainHistory(o *rolloutHistoryOptions) (*kubectl, error) {
	k, err := o.script()
	if err != nil {
		return nil, err
	}
	if o.revision != 0 {
		r := k.target.RevisionRecord(o.revision)
		k.run("get", r.Object.String(), "-o", "jsonpath={"+jsonPath("data", r.Summary)+"}")
		return k, nil
	}
	r := k.target.RevisionRecord(0)
	k.run("get", "configmaps", "-l", r.Selector, "-o", "jsonpath={range .items[*]}{"+jsonPath("data", r.Summary)+`}{"\n"}{end}`)
	k.note("what kubectl itself counts is ReplicaSets: its numbers are others")
	k.run("rollout", "history", k.deployment())
	return k, nil
}

// jsonPath leads to a key of a ConfigMap.
func jsonPath(field, key string) string {
	return "." + field + "." + strings.ReplaceAll(key, ".", `\.`)
}

func explainUndo(ctx context.Context, o *rolloutUndoOptions) (*kubectl, error) {
	number := o.to
	k, err := o.script()
	if err == nil && number == 0 {
		number, err = o.previous(ctx)
	}
	if err != nil {
		return nil, err
	}
	r := k.target.RevisionRecord(number)
	objects := k.command("get", r.Object.String(), "-o", "jsonpath={"+jsonPath("binaryData", r.Objects)+"}") + " | base64 -d | gunzip"
	list := "{ echo " + shellWords(`{"apiVersion":"v1","kind":"List","items":`) + "; " + objects + "; echo '}'; } | "
	if o.deploy.diff {
		k.line(list + k.command(diffWords()...))
	}
	k.line(list + k.command(applyWords(o.deploy.options, o.deploy.dryRun)...))
	if o.deploy.dryRun {
		return k, nil
	}
	k.note("not done: what was not there then is not deleted, and it is no new revision")
	k.note("nearly the same, of the pods alone: " + k.command("rollout", "undo", k.deployment()))
	k.wait(o.waitOptions, "")
	return k, nil
}

// previous returns the number of the revision that an undo goes back to.
func (o *rolloutUndoOptions) previous(ctx context.Context) (int, error) {
	c, t, err := o.open()
	if err != nil {
		return 0, err
	}
	h, err := c.History(ctx, t)
	if err != nil {
		return 0, err
	}
	r, err := h.Previous()
	return r.Number, err
}

func explainImage(o *rolloutImageOptions) (*kubectl, error) {
	k, err := o.script()
	if err != nil {
		return nil, err
	}
	words := []string{"set", "image", k.deployment(), kube.Receiver + "=" + o.image}
	if o.deploy.dryRun {
		k.run(append(words, "--dry-run=server")...)
		return k, nil
	}
	k.run(words...)
	k.note("not done: the labels with the version stay, it is no revision of otlpctl, and its next deployment finds a conflict with kubectl-set")
	k.wait(o.waitOptions, k.undoes(o.deploy.atomic))
	return k, nil
}

// explainSteer is what rollout restart, pause and resume are.
func explainSteer(o *rolloutSetOptions, verb string) (*kubectl, error) {
	k, err := o.script()
	if err != nil {
		return nil, err
	}
	k.run("rollout", verb, k.deployment())
	k.wait(o.waitOptions, "")
	return k, nil
}

func explainScale(ctx context.Context, o *scaleOptions) (*kubectl, error) {
	c, t, err := o.open()
	if err != nil {
		return nil, err
	}
	s, err := c.Scaling(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := s.Decide(o.request); err != nil {
		return nil, err
	}
	k := newKubectl(o.access, t)
	if err := k.scale(s, o.request.DryRun); err != nil {
		return nil, err
	}
	if o.wait && !o.request.DryRun && !s.Paused {
		k.waitScaled(s, o.timeout)
	}
	return k, nil
}

// scale adds what sets the number of pods, or the bounds of the autoscaler.
func (k *kubectl) scale(s *kube.Scaling, dryRun bool) error {
	manager, words := "kubectl", []string{"scale", k.deployment()}
	if n := s.After.Replicas; n != nil {
		words = append(words, "--replicas="+strconv.FormatInt(*n, 10))
	} else {
		body, err := json.Marshal(map[string]any{"spec": map[string]any{"minReplicas": s.After.Min, "maxReplicas": s.After.Max}})
		if err != nil {
			return err
		}
		manager, words = "kubectl-patch", []string{"patch", s.Object.String(), "--type=merge", "-p", string(body)}
	}
	if dryRun {
		words = append(words, "--dry-run=server")
	}
	k.run(words...)
	k.note("kubectl sets the field in its own name: the next deployment of otlpctl finds a conflict with " + manager)
	return nil
}

// waitScaled adds what waits until there are enough pods: first, if an autoscaler is to raise the number, until it has asked for
// them. Pods that are available are no sign of that, as a rollout has more than are wanted for a while. For an autoscaler that
// lowers the number nobody waits.
func (k *kubectl) waitScaled(s *kube.Scaling, timeout time.Duration) {
	least := s.After.Least()
	if s.After.Replicas == nil && least > s.Current {
		k.note("this waits in vain if the autoscaler asks for even more pods; otlpctl does not")
		k.run("wait", k.deployment(), fmt.Sprintf("--for=jsonpath={.spec.replicas}=%d", least), "--timeout="+timeout.String())
	}
	k.wait(waitOptions{wait: true, timeout: timeout}, "")
}

func explainDescribe(o *describeOptions) (*kubectl, error) {
	k, err := o.script()
	if err != nil {
		return nil, err
	}
	r := k.target.RevisionRecord(0)
	k.run("get", "configmaps", "-l", r.Selector, "-o", "jsonpath={range .items[*]}{"+jsonPath("data", r.Summary)+`}{"\n"}{end}`)
	k.run(k.labelled("describe", "deployments,replicasets,pods,horizontalpodautoscalers,poddisruptionbudgets,services")...)
	k.run(k.labelled("get", "endpointslices")...)
	k.run("get", "events", "--sort-by=.lastTimestamp")
	k.note("what one of the pods says of itself; otlpctl asks each of them")
	k.run("get", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/services/%s:metrics/proxy/status", k.target.Namespace, k.target.Name))
	return k, nil
}
