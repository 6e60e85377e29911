package manifest

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func deploymentOf(t *testing.T, s Set) *unstructured.Unstructured {
	t.Helper()
	for _, u := range s.Objects {
		if u.GetKind() == "Deployment" {
			return u
		}
	}
	t.Fatal("there is no Deployment")
	return nil
}

// Another image in objects that are there gives what rendering with that image does.
func TestReimageIsRendering(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0", 64)
	images := []string{"x:1.0.0", "registry.example.com/x:v2", "x", "x:latest", "x" + digest, "x:3" + digest, "x:_not-a-label"}
	for _, from := range images {
		for _, to := range images {
			set := mustRender(t, "sample.config.yaml", "deploy.image="+from)
			if err := Reimage(deploymentOf(t, set), to); err != nil {
				t.Fatal(err)
			}
			if got, want := text(t, set), text(t, mustRender(t, "sample.config.yaml", "deploy.image="+to)); got != want {
				t.Errorf("%s → %s:\n%s\nwant\n%s", from, to, got, want)
			}
		}
	}
}

// What a patch has set is not the version of the image, and stays.
func TestReimageLeavesPatches(t *testing.T) {
	set, err := patched(t, `{kind: Deployment, metadata: {labels: {version: blue}}, spec: {template: {spec: {containers: [{name: proxy, image: 'p:1'}, {name: otlp-receiver, image: 'a:1'}]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	d := deploymentOf(t, set)
	if err := Reimage(d, "a:2"); err != nil {
		t.Fatal(err)
	}
	out := text(t, set)
	for _, want := range []string{"version: blue", "image: p:1", "image: a:2"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "a:1") {
		t.Errorf("the image before is left in\n%s", out)
	}
}

func TestReimageRefuses(t *testing.T) {
	err := Reimage(&unstructured.Unstructured{Object: map[string]any{}}, "a:2")
	if err == nil || !strings.Contains(err.Error(), "has no container called otlp-receiver") {
		t.Errorf("error %v", err)
	}
	set := mustRender(t, "sample.config.yaml")
	if err := Reimage(deploymentOf(t, set), "No Name"); err == nil || !strings.Contains(err.Error(), `"No Name" is no name of an image: `) {
		t.Errorf("error %v", err)
	}
}

func TestCheckImage(t *testing.T) {
	f := func(name string, doubtful, ok bool) {
		t.Helper()
		doubt, err := CheckImage(name)
		if (doubt != "") != doubtful || (err == nil) != ok {
			t.Errorf("%q: %q, %v", name, doubt, err)
		}
	}
	f("x:1", false, true)
	f("x", true, true)
	f("x:latest", true, true)
	f("x@sha256:"+strings.Repeat("0", 64), false, true)
	f("X:1", false, false)
	f("", false, false)
}
