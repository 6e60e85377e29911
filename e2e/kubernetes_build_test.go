package e2e_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// registrySite is a site whose commands run in the cluster's network, with a registry there.
type registrySite struct {
	*site
	host string // of the registry, from which nodes pull without TLS
	// local is the same registry on the loopback, which nobody wants TLS of.
	local string
}

func newRegistrySite(t *testing.T, namespace string) *registrySite {
	t.Helper()
	r := &registrySite{site: newSite(t, namespace)}
	r.host = r.Registry()
	_, port, err := net.SplitHostPort(r.host)
	if err != nil {
		t.Fatal(err)
	}
	r.local = "127.0.0.1:" + port
	process.Run(t, r.Inside(registryProgram(t, ":"+port)))
	wait.For(t, startLimit, "the registry", func() bool {
		conn, err := r.Dial(t.Context(), "tcp", r.host)
		return err == nil && conn.Close() == nil
	})
	config, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, r.config, strings.Replace(string(config), "image_pull_policy: Never", "image_pull_policy: IfNotPresent", 1))
	return r
}

// inside runs a command in the cluster's network, which must end with that exit code.
func (r *registrySite) inside(code int, args ...string) outcome {
	r.t.Helper()
	got := run(r.t, r.Inside(process.Spec{Name: "otlpctl", Path: otlpctl(r.t), Args: args, Env: []string{ofItsOwn(1)}}))
	if got.code != code {
		r.t.Fatalf("%v: exit %d, want %d\n%s%s", args, got.code, code, got.stdout, got.stderr)
	}
	return got
}

func (r *registrySite) deploy(code int, more ...string) outcome {
	r.t.Helper()
	return r.inside(code, r.args("deploy", more...)...)
}

func (r *registrySite) rollout(code int, verb string, more ...string) outcome {
	r.t.Helper()
	return r.inside(code, append([]string{"rollout", verb, "--config", r.config, "-n", r.namespace, "--kubeconfig", r.kubeconfig}, more...)...)
}

// ofItsOwn has a build make an image that is made nowhere else: what a kubelet has pulled under one name, it does not
// take under another without asking a registry, although somebody has loaded it.
func ofItsOwn(seconds int) string { return fmt.Sprintf("SOURCE_DATE_EPOCH=%d", seconds) }

// digestOf returns the digest that a revision tells of its image.
func (r *registrySite) digestOf(revision int) string {
	r.t.Helper()
	h := decoded[struct {
		Revisions []struct {
			Revision    int
			ImageDigest string `json:"image_digest"`
		}
	}](r.t, r.rollout(0, "history", "-o", "json"))
	for _, e := range h.Revisions {
		if e.Revision == revision {
			return e.ImageDigest
		}
	}
	r.t.Fatalf("no revision %d", revision)
	return ""
}

// deployedBuild is what deploy tells in JSON of the image.
type deployedBuild struct {
	Image       string
	ImageDigest string `json:"image_digest"`
	Revision    int
	Ready       *bool
	Objects     []struct{ Action string }
	Error       string
}

// What is built here is what pods run, whichever way it takes.
func TestKubernetesBuild(t *testing.T) {
	t.Run("push", testBuildPush)
	t.Run("tag", testBuildTag)
	t.Run("load", testBuildLoad)
	t.Run("failures", testBuildFailures)
	t.Run("interrupted", testBuildInterrupted)
}

// An image that is built again of the same program is the same, and so is all else.
func testBuildPush(t *testing.T) {
	r := newRegistrySite(t, "build-push")
	build := []string{"--build", "--push", r.host + "/otlp-receiver:1", "--insecure", "-o", "json"}
	planned := decoded[deployedBuild](t, r.deploy(0, append(build, "--dry-run")...))
	if missing := r.deploy(1, "--image", r.host+"/otlp-receiver:1", "--insecure"); !strings.Contains(missing.stderr, "its registry knows no such image") {
		t.Errorf("a dry run has pushed: %s", missing.stderr)
	}
	first := r.deploy(0, build...)
	made := decoded[deployedBuild](t, first)
	name, digest, _ := strings.Cut(made.Image, "@")
	if name != r.host+"/otlp-receiver:1" || digest == "" || made.ImageDigest != digest || made.Image != planned.Image || made.Ready == nil || !*made.Ready {
		t.Errorf("planned %+v, deployed %+v", planned, made)
	}
	r.wantText(first.stderr, "pushed "+name+", "+digest)
	for id := range strings.FieldsSeq(r.field("pods", ".items[*].status.containerStatuses[*].imageID")) {
		if !strings.HasSuffix(id, "@"+digest) {
			t.Errorf("a pod runs %s, want %s", id, digest)
		}
	}
	// By another way to the same registry.
	changed := r.watchObjects()
	again := decoded[deployedBuild](t, r.deploy(0, "--build", "--push", r.local+"/otlp-receiver:1", "--image", name, "-o", "json"))
	if again.Image != made.Image || again.Revision != 1 || slices.ContainsFunc(again.Objects, func(o struct{ Action string }) bool { return o.Action != "unchanged" }) {
		t.Errorf("again: %+v", again)
	}
	if what := changed(); what != "" {
		t.Errorf("changed: %s", what)
	}
	if got := r.digestOf(1); got != digest {
		t.Errorf("history has %s", got)
	}
	r.wantText(r.rollout(0, "history", "--revision", "1").stderr, made.Image)
}

// watchObjects notes how all objects are, and returns which have changed since.
func (r *registrySite) watchObjects() func() string {
	versions := func() string {
		return r.field("deployments,services,configmaps,serviceaccounts,leases", `range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\n"}{end`)
	}
	before := versions()
	return func() string {
		if now := versions(); now != before {
			return before + "\n" + now
		}
		return ""
	}
}

// Of an image that is named by its tag it is known which one it was, and when the tag has moved.
func testBuildTag(t *testing.T) {
	r := newRegistrySite(t, "build-tag")
	tag := r.local + "/otlp-receiver:moving"
	push := func(more ...string) string {
		t.Helper()
		return decoded[builtImage](t, r.inside(0, append([]string{"image", "build", "-o", "json", "--output", "registry", "--tag", tag}, more...)...)).Digest
	}
	first := push()
	if got := decoded[deployedBuild](t, r.deploy(0, "--image", tag, "-o", "json")); got.ImageDigest != first {
		t.Errorf("deployed %+v, want %s", got, first)
	}
	r.wantText(r.rollout(0, "history", "--revision", "1").stderr, tag+" ("+first+")")
	baked := filepath.Join(t.TempDir(), "other.yaml")
	replace(t, baked, "admin: {endpoint: '0.0.0.0:8889'}")
	second := push("--config", baked)
	// The nodes have the first one, and pull no other under that name.
	got := r.deploy(0, "--image", tag, "-o", "json", "--set", "deploy.env.NEXT=1")
	if digest := decoded[deployedBuild](t, got).ImageDigest; digest != first || r.digestOf(2) != first {
		t.Errorf("pods run %s by %s and %s by the history, want %s", digest, got.stdout, r.digestOf(2), first)
	}
	r.wantText(got.stderr, "nodes had "+tag+" already: pods run "+first+", and its registry has "+second+" now")
	r.wantText(r.rollout(0, "undo", "--dry-run").stderr, "the tag of "+tag+" has moved: revision 1 had "+first+", and its registry has "+second+" now")
	// Without waiting for pods, the registry is all there is to know it from.
	if got := decoded[deployedBuild](t, r.deploy(0, "--image", tag, "-o", "json", "--set", "deploy.env.NEXT=2", "--no-wait")); got.ImageDigest != second || r.digestOf(3) != second {
		t.Errorf("deployed %+v, want %s", got, second)
	}
}

// A node of this machine gets an image without a registry.
func testBuildLoad(t *testing.T) {
	s := newSite(t, "build-load")
	node := s.Nodes()[0]
	patch := filepath.Join(t.TempDir(), "here.yaml")
	replace(t, patch, "kind: Deployment\nspec: {template: {spec: {nodeSelector: {kubernetes.io/hostname: "+node.Name()+"}}}}\n")
	load := func(code int, more ...string) outcome {
		t.Helper()
		args := s.args("deploy", append([]string{"--build", "--patch", patch, "-o", "json"}, more...)...)
		got := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: args, Env: []string{"CONTAINERD_ADDRESS=" + node.Socket(), ofItsOwn(2)}})
		if got.code != code {
			t.Fatalf("%v: exit %d, want %d\n%s%s", more, got.code, code, got.stdout, got.stderr)
		}
		return got
	}
	s.wantText(load(1, "--load").stderr, "is none that is known to be on this machine", "--load=PLACE says where")
	first := load(0, "--load=containerd")
	made := decoded[deployedBuild](t, first)
	if !strings.HasPrefix(made.Image, "otlpctl:") || made.ImageDigest == "" || !strings.HasSuffix(made.Image, made.ImageDigest[len("sha256:"):][:12]) {
		t.Errorf("deployed %+v", made)
	}
	s.wantText(first.stderr, "loaded "+made.Image+" into containerd")
	if again := decoded[deployedBuild](t, load(0, "--load=containerd")); again.Image != made.Image || again.Revision != 1 {
		t.Errorf("again: %+v", again)
	}
}

// What fails before the deployment changes nothing in the cluster.
func testBuildFailures(t *testing.T) {
	r := newRegistrySite(t, "build-failures")
	f := func(want string, more ...string) {
		t.Helper()
		got := r.deploy(1, append(more, "-o", "json")...)
		if document := decoded[deployedBuild](t, got); !strings.Contains(document.Error, want) || len(document.Objects) > 0 {
			t.Errorf("%v: %+v, want %q", more, document, want)
		}
		if r.namespaceExists() {
			t.Errorf("%v has made the namespace", more)
		}
	}
	f("is no program for Linux", "--build", "--push", r.local+"/a", "--binary", r.config)
	f("push "+r.host+"/a:1: ", "--build", "--push", r.host+"/a:1") // without TLS
	f("push 127.0.0.1:1/a:1: ", "--build", "--push", "127.0.0.1:1/a:1")
	f("its registry knows no such image", "--image", r.host+"/missing:1", "--insecure")
	// Where nodes may ask another registry under that name, it is no more than likely.
	r.wantText(r.deploy(0, "--image", r.local+"/missing:1", "--dry-run").stderr, "warning: "+r.local+"/missing:1 is not in its registry")
	r.wantText(r.deploy(0, "--image", "missing:1", "--dry-run", "--set", "deploy.image_pull_policy=Never").stderr, "these nodes do not tell that they have missing:1: node-0, node-1")
}

// Ctrl-C while the image is on its way leaves the cluster as it was.
func testBuildInterrupted(t *testing.T) {
	s := newSite(t, "build-interrupted")
	silent, err := loopback.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	asked := make(chan net.Conn, 1)
	go func() {
		if conn, err := silent.Accept(); err == nil {
			asked <- conn
		}
	}()
	p := s.start("deploy", "--build", "--push", silent.Addr().String()+"/a:1", "--set", "deploy.image_pull_policy=IfNotPresent")
	select {
	case conn := <-asked:
		defer conn.Close()
	case <-p.Done():
		t.Fatal(p.Tail(4 << 10))
	}
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(t.Context()); code != 130 || err != nil {
		t.Errorf("exit %d, %v\n%s", code, err, p.Tail(4<<10))
	}
	if s.namespaceExists() {
		t.Error("it has made the namespace")
	}
}
