package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const nextImage = "localhost/otlp-receiver:next"

// What was rolled out is watched, undone and steered, on one cluster for all of it.
func TestKubernetesRollout(t *testing.T) {
	loadReceiver(t)
	t.Run("undo", testRolloutUndo)
	t.Run("undo of a failure", testRolloutUndoFailure)
	t.Run("undo deletes", testRolloutUndoDeletes)
	t.Run("secrets", testRolloutSecrets)
	t.Run("live", testRolloutLive)
	t.Run("cut off", testRolloutCutOff)
	t.Run("role", testRolloutRole)
	t.Run("steer", testRolloutSteer)
}

// rollout runs a command that must end with that exit code.
func (s *site) rollout(code int, verb string, more ...string) outcome {
	s.t.Helper()
	args := append([]string{"rollout", verb, "--config", s.config, "-n", s.namespace, "--kubeconfig", s.kubeconfig}, more...)
	got := runWithin(s.t, clusterLimit, process.Spec{Name: "otlpctl", Path: otlpctl(s.t), Args: args})
	if got.code != code {
		s.t.Fatalf("rollout %s %v: exit %d, want %d\n%s%s", verb, more, got.code, code, got.stdout, got.stderr)
	}
	return got
}

func (s *site) image() string {
	s.t.Helper()
	return s.field("deployment/otlp-receiver", ".spec.template.spec.containers[0].image")
}

// told is what rollout history tells in JSON, as far as the tests look at it.
type told struct {
	Revision   int
	Unfinished bool
	Outside    []struct{ Image string }
	Revisions  []struct {
		Revision, Restores int
		Image, User        string
		Current            bool
		ConfigHash         string `json:"config_hash"`
		Changes            []struct {
			Kind, Action, Replaces string
			Differences            []struct{ Path, Now, Then string }
		}
	}
}

// Image and configuration go back together, and forward again.
func testRolloutUndo(t *testing.T) {
	s := newSite(t, "rollout-undo")
	s.wantText(s.rollout(1, "history").stderr, "otlp-receiver in rollout-undo has no revisions")
	s.want(0, "deploy")
	s.wantText(s.rollout(1, "undo").stderr, "error: there is nothing to go back to")
	first := s.configMap()
	// The pods need not run to be gone back from.
	s.want(0, "deploy", "--no-wait", "--image", nextImage, "--set", "exporters.debug.verbosity=detailed")
	second := s.configMap()
	if first == second {
		t.Fatalf("both revisions have %s", first)
	}
	s.rollout(3, "status", "--no-wait")
	s.wantText(s.rollout(4, "undo", "--dry-run", "--diff", "--exit-code").stdout, "containers[otlp-receiver].image\t"+nextImage+"\t"+receiverImage+"\n")
	s.wantText(s.rollout(1, "undo", "--to-revision", "7").stderr, "error: revision 7 of otlp-receiver in rollout-undo is not kept", "hint: kept are 1, 2")
	got := s.rollout(0, "undo")
	s.wantText(got.stderr, "revision 1: "+receiverImage, "is ready: revision 3, ")
	s.wantText(got.stdout, "configmap/"+first+"\tunchanged\n", "deployment/otlp-receiver\tconfigured\n")
	if s.configMap() != first || s.image() != receiverImage {
		t.Errorf("back are %s and %s, want %s", s.configMap(), s.image(), first)
	}
	s.wantText(s.rollout(0, "status").stdout, "otlp-receiver\t3\tready\t"+receiverImage+"\t")
	s.wantText(s.want(0, "deploy").stderr, "revision 3, 7 unchanged")
	checkHistory(t, s, first)
	// The undo of the undo is where it began.
	s.wantText(s.rollout(0, "undo", "--no-wait", "-o", "json").stdout, `"restored": 2`)
	if s.configMap() != second || s.image() != nextImage {
		t.Errorf("forward are %s and %s, want %s", s.configMap(), s.image(), second)
	}
	s.wantText(s.rollout(0, "history", "--revision", "4").stderr, "it is deployed")
	completed := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: []string{
		"__complete", "rollout", "undo", "--config", s.config, "-n", s.namespace, "--kubeconfig", s.kubeconfig, "--to-revision", "",
	}})
	s.wantText(completed.stdout, "4\t"+nextImage+", ", "1\t"+receiverImage+", ")
	requests := s.watchRequests()
	s.rollout(0, "undo", "--to-revision", "2", "--no-wait")
	if made := requests.changing(); len(made) > 0 {
		t.Errorf("going to what is there has made %v", made)
	}
}

// checkHistory looks at the history of two deployments and an undo.
func checkHistory(t *testing.T, s *site, first string) {
	t.Helper()
	h := decoded[told](t, s.rollout(0, "history", "-o", "json"))
	if h.Revision != 3 || h.Unfinished || len(h.Revisions) != 3 {
		t.Fatalf("the history is %+v", h)
	}
	last := h.Revisions[2]
	if !last.Current || last.Restores != 1 || last.ConfigHash != h.Revisions[0].ConfigHash || last.Image != receiverImage || last.User == "" {
		t.Errorf("the last revision is %+v", last)
	}
	if h.Revisions[0].Changes != nil || h.Revisions[0].Current || len(last.Changes) != 2 {
		t.Errorf("the changes are %+v", h.Revisions)
	}
	s.wantText(s.rollout(0, "history").stdout, "3\t*\t", "\trevision 1 restored: configmap/"+first+", deployment/otlp-receiver\n")
	got := s.rollout(0, "history", "--revision", "2")
	s.wantText(got.stderr, "revision 2 of otlp-receiver in rollout-undo: "+nextImage, "differs from revision 3, which is deployed")
	s.wantText(got.stdout, "].image\t"+receiverImage+"\t"+nextImage+"\n", "data[config.yaml].exporters.debug.verbosity\t-\tdetailed\n")
	s.wantText(s.rollout(0, "history", "--revision", "1").stderr, "it is the same as revision 3")
}

// A revision that does not get there is reported with why, and undone as soon as somebody says so.
func testRolloutUndoFailure(t *testing.T) {
	s := newSite(t, "rollout-failure")
	s.want(0, "deploy", "--no-wait", "--image", noImage)
	s.want(0, "deploy")
	got := s.rollout(3, "undo")
	s.wantText(got.stderr, "the node has no image", noImage, "deployment/otlp-receiver in rollout-failure is not ready: ")
	if got.stdout != "" {
		t.Errorf("a failure prints %q", got.stdout)
	}
	s.wantText(s.rollout(3, "status").stderr, "the node has no image")
	s.rollout(0, "undo")
	if s.image() != receiverImage {
		t.Errorf("the image is %s", s.image())
	}
}

// What was not there then is deleted, after a question.
func testRolloutUndoDeletes(t *testing.T) {
	s := newSite(t, "rollout-deletes")
	s.want(0, "deploy", "--no-wait")
	s.want(0, "deploy", "--no-wait", "--set", "deploy.network_policy.from_namespaces=[default]")
	s.wantText(s.rollout(2, "undo", "--no-wait").stderr, "networkpolicy/otlp-receiver would be deleted")
	s.wantText(s.rollout(0, "undo", "--no-wait", "--yes").stdout, "networkpolicy/otlp-receiver\tdeleted\n")
	if s.object("networkpolicy/otlp-receiver") != nil {
		t.Error("the NetworkPolicy is still there")
	}
}

// The Secrets of a revision come back with it. One that somebody else has made does not, which is said.
func testRolloutSecrets(t *testing.T) {
	s := newSite(t, "rollout-secrets")
	planted := func(value string) []string {
		return []string{
			"--set", "exporters.otlp.endpoint=backend:4317", "--set", "exporters.otlp.headers.authorization=" + value,
			"--set", "service.pipelines.traces.exporters=[otlp]", "--set", "deploy.secret_env.TOKEN=mine/TOKEN", "--no-wait",
		}
	}
	mounted := func() string {
		return s.field("deployment/otlp-receiver", `.spec.template.spec.volumes[*].secret.secretName`)
	}
	s.want(0, "deploy", planted("planted-one")...)
	first := mounted()
	s.want(0, "deploy", planted("planted-two")...)
	second := mounted()
	if first == "" || first == second {
		t.Fatalf("the Secrets are %q and %q", first, second)
	}
	got := s.rollout(0, "undo", "--no-wait", "--diff")
	s.wantText(got.stderr, "warning: secret/mine: no revision has the data")
	if strings.Contains(got.stderr, first+": no revision") || strings.Contains(got.stdout+got.stderr, "planted") {
		t.Errorf("it says\n%s%s", got.stdout, got.stderr)
	}
	if now := mounted(); now != first {
		t.Errorf("mounted is %s, want %s", now, first)
	}
	if _, err := s.Kubectl(t.Context(), "delete", "secret", "-n", s.namespace, second); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.rollout(1, "undo").stderr, "secret/"+second+" is gone, and only the cluster had it")
}

// A configuration that pods read again goes back alone.
func testRolloutLive(t *testing.T) {
	s := newSite(t, "rollout-live")
	live := []string{"--no-wait", "--set", "deploy.config_mode=live"}
	s.want(0, "deploy", live...)
	s.want(0, "deploy", append(live, "--set", "exporters.debug.verbosity=detailed")...)
	content := func() string { return s.field("configmap/"+s.configMap(), ".data") }
	if !strings.Contains(content(), "detailed") {
		t.Fatalf("deployed is %s", content())
	}
	template := s.field("deployment/otlp-receiver", ".spec.template")
	s.rollout(0, "undo", "--no-wait")
	if strings.Contains(content(), "detailed") || s.field("deployment/otlp-receiver", ".spec.template") != template {
		t.Errorf("after the undo it is %s", content())
	}
}

// What was cut off is not gone on with by mistake: neither a deployment nor an undo.
func testRolloutCutOff(t *testing.T) {
	s := newSite(t, "rollout-cut")
	s.want(0, "deploy", "--no-wait")
	requests := s.watchRequests()
	refuse := func(refused func(*http.Request) bool) {
		requests.mu.Lock()
		defer requests.mu.Unlock()
		requests.refuse = refused
	}
	patches := func(r *http.Request) bool {
		return r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/deployments/otlp-receiver") && r.URL.Query().Get("dryRun") == ""
	}
	changed := []string{"--no-wait", "--image", nextImage}
	refuse(patches)
	s.want(1, "deploy", changed...)
	refuse(nil)
	s.wantText(s.rollout(0, "history").stderr, "a deployment after revision 1 was cut off")
	s.wantText(s.rollout(0, "undo", "--no-wait").stderr, "revision 1: "+receiverImage)
	s.want(0, "deploy", changed...)
	refuse(patches)
	s.rollout(1, "undo", "--no-wait")
	refuse(nil)
	s.wantText(s.rollout(0, "undo", "--no-wait").stderr, "revision 2: "+receiverImage)
	if s.image() != receiverImage {
		t.Errorf("the image is %s", s.image())
	}
}

// The documented Role is enough.
func testRolloutRole(t *testing.T) {
	s := newSite(t, "rollout-role")
	kubeconfig := s.deployer()
	s.grant(documentedRole(t, s.namespace), "patch", "deployments.apps")
	s.kubeconfig = kubeconfig
	inside := []string{"--no-wait", "--set", "deploy.create_namespace=false"}
	s.want(0, "deploy", inside...)
	s.want(0, "deploy", append(inside, "--set", "exporters.debug.verbosity=detailed")...)
	s.wantText(s.rollout(0, "history").stdout, "\tsystem:serviceaccount:rollout-role:deployer\t")
	s.rollout(0, "undo")
	s.rollout(0, "restart")
	s.rollout(0, "pause")
	s.rollout(0, "resume")
	s.rollout(0, "status")
}

// Restarting and pausing is nothing that a deployment would change or complain about.
func testRolloutSteer(t *testing.T) {
	s := newSite(t, "rollout-steer")
	for _, verb := range []string{"restart", "status", "resume"} {
		s.wantText(s.rollout(1, verb).stderr, "there is no deployment/otlp-receiver in rollout-steer", "hint: -n and --name say which")
	}
	s.want(0, "deploy")
	before := s.names("pods")
	s.wantText(s.rollout(0, "restart").stdout, "deployment/otlp-receiver\tconfigured\n")
	wait.For(t, clusterLimit, "the end of the old pods", func() bool {
		return !slices.ContainsFunc(s.names("pods"), func(pod string) bool { return slices.Contains(before, pod) })
	})
	s.wantText(s.want(0, "deploy").stderr, "7 unchanged")
	if outside := s.outside(); len(outside) > 0 {
		t.Errorf("outside otlpctl are %v", outside)
	}
	s.wantText(s.rollout(0, "pause").stdout, "\tconfigured\n")
	again := s.rollout(0, "pause")
	s.wantText(again.stdout, "\tunchanged\n")
	s.wantText(again.stderr, "otlp-receiver in rollout-steer was paused already: otlpctl rollout resume -n rollout-steer --name otlp-receiver lets it go on")
	s.wantText(s.rollout(1, "restart").stderr, "is paused", "hint: otlpctl rollout resume -n rollout-steer --name otlp-receiver")
	s.wantText(s.want(0, "deploy").stderr, "7 unchanged")
	s.wantText(s.want(3, "deploy", "--set", "exporters.debug.verbosity=detailed").stderr, "is paused")
	s.wantText(s.rollout(3, "status").stderr, "is paused")
	s.wantText(s.rollout(1, "undo").stderr, "is paused")
	s.wantText(s.rollout(0, "resume").stderr, "2 of 2 pods available")
	// Who has paused it is not asked.
	if _, err := s.Kubectl(t.Context(), "rollout", "pause", "-n", s.namespace, "deployment/otlp-receiver"); err != nil {
		t.Fatal(err)
	}
	s.wantText(s.rollout(0, "resume", "--no-wait", "-o", "json").stdout, `"action": "configured"`, `"ready": null`)
	if paused := s.field("deployment/otlp-receiver", ".spec.paused"); paused == "true" {
		t.Error("it is still paused")
	}
	s.rollout(0, "undo")
	s.checkOutside()
}

// checkOutside has somebody else roll out an image.
func (s *site) checkOutside() {
	s.t.Helper()
	if _, err := s.Kubectl(s.t.Context(), "set", "image", "-n", s.namespace, "deployment/otlp-receiver", "otlp-receiver="+nextImage); err != nil {
		s.t.Fatal(err)
	}
	wait.For(s.t, clusterLimit, "the ReplicaSet of somebody else", func() bool { return slices.Equal(s.outside(), []string{nextImage}) })
	s.wantText(s.rollout(1, "undo", "--to-revision", "1", "--no-wait").stderr, `.image was set by "kubectl-set"`, "--force-conflicts")
	s.rollout(0, "undo", "--to-revision", "1", "--no-wait", "--force-conflicts")
	if s.image() != receiverImage {
		s.t.Errorf("the image is %s", s.image())
	}
}

// outside returns the images that the history knows of others.
func (s *site) outside() []string {
	s.t.Helper()
	var images []string
	for _, o := range decoded[told](s.t, s.rollout(0, "history", "-o", "json")).Outside {
		images = append(images, o.Image)
	}
	return images
}
