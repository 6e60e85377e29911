package watch

import (
	"strings"
	"testing"
)

func TestHasBegun(t *testing.T) {
	template := func(hash, image string) string {
		return `template: {metadata: {labels: {app: d` + hash + `}}, spec: {containers: [{name: otlp-receiver, image: "` + image + `"}]}}`
	}
	f := func(name string, want bool, generation, sets string) {
		t.Helper()
		c := newCluster(t)
		c.put("deployments", strings.NewReplacer("generation: 1, annotations", "generation: "+generation+", annotations", "spec: {", "spec: {"+template("", "a:2")+", ").
			Replace(deployment("replicas: 1")))
		for i, set := range strings.Split(sets, " ") {
			image, replicas, _ := strings.Cut(set, "*")
			id := "r" + string(rune('0'+i))
			c.put("replicasets", strings.NewReplacer("name: r, uid: r", "name: "+id+", uid: "+id,
				"spec: {replicas: 1", "spec: {"+template(", pod-template-hash: x", image)+", replicas: "+replicas).Replace(replicaSet))
		}
		got, err := HasBegun(t.Context(), c, "ns", "d")
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	f("no new ReplicaSet", false, "1", "a:1*3")
	f("a new one", true, "1", "a:1*3 a:2*1")
	f("one of before, which has no pods yet", false, "1", "a:1*3 a:2*0")
	f("the last change was not seen", false, "2", "a:1*3 a:2*1")
}
