package cli

import (
	"encoding/json"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/kube"
)

// The names of the fields are API.
func TestK8sDocuments(t *testing.T) {
	changes := []kube.Change{{
		Ref: kube.Ref{APIVersion: "v1", Kind: "Service", Namespace: "n", Name: "d"}, Action: kube.Configured, Recreated: true, Replaces: "c",
		Differences: []kube.Difference{{Path: "spec.a", Now: new("1")}},
	}}
	const object = `{"api_version":"v1","kind":"Service","namespace":"n","name":"d","action":"configured","recreated":true,"replaces":"c",` +
		`"differences":[{"path":"spec.a","now":"1","then":null}]}`
	target := kube.Target{Namespace: "n", Name: "d"}
	f := func(document any, want string) {
		t.Helper()
		got, err := json.Marshal(document)
		if err != nil || string(got) != want {
			t.Errorf("got\n%s %v\nwant\n%s", got, err, want)
		}
	}
	f(deployedK8s{Execution: kube.Execution{Target: target, Revision: 3, Changes: changes}, Image: "i", ConfigHash: "h", Seconds: 1.5},
		`{"namespace":"n","name":"d","revision":3,"objects":[`+object+`],"image":"i","config_hash":"h","ready":null,"undone":false,"seconds":1.5}`)
	f(deployedK8s{Image: "i", ImageDigest: "sha256:1"},
		`{"namespace":"","name":"","revision":0,"objects":null,"image":"i","image_digest":"sha256:1","config_hash":"","ready":null,"undone":false,"seconds":0}`)
	f(plannedK8s{&kube.Plan{Target: target, Revision: 3, Changes: changes}, "i", "sha256:1", true},
		`{"namespace":"n","name":"d","revision":3,"objects":[`+object+`],"image":"i","image_digest":"sha256:1","dry_run":true}`)
	f(failedK8s{target, []kube.Change{}, "oops"}, `{"namespace":"n","name":"d","objects":[],"error":"oops"}`)
	f(deletedK8s{&kube.Deployed{Target: target, Changes: changes}, "oops"}, `{"namespace":"n","name":"d","objects":[`+object+`],"error":"oops"}`)
}

func TestTally(t *testing.T) {
	f := func(want string, actions ...kube.Action) {
		t.Helper()
		changes := make([]kube.Change, len(actions))
		for i, a := range actions {
			changes[i].Action = a
		}
		if got := tally(changes); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f("")
	f("2 created, 1 configured, 1 deleted, 1 unchanged", kube.Unchanged, kube.Created, kube.Deleted, kube.Configured, kube.Created)
}
