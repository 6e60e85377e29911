package cli

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/ready"
)

// The names of the fields are API.
func TestRolloutDocuments(t *testing.T) {
	target := kube.Target{Namespace: "n", Name: "d"}
	revision := kube.Revision{Number: 3, Image: "i", ConfigHash: "h", User: "u", Time: time.Unix(1e9, 0).UTC(), Restores: 1}
	const one = `"revision":3,"image":"i","config_hash":"h","user":"u","time":"2001-09-09T01:46:40Z","restores":1,"secrets":null`
	f := func(document any, want string) {
		t.Helper()
		got, err := json.Marshal(document)
		if err != nil || string(got) != want {
			t.Errorf("got\n%s %v\nwant\n%s", got, err, want)
		}
	}
	f(&kube.History{Target: target, Current: 3, Entries: []kube.HistoryEntry{{Revision: revision, IsCurrent: true}}},
		`{"namespace":"n","name":"d","revision":3,"revisions":[{`+one+`,"current":true,"changes":null}],"outside":null,"unfinished":false}`)
	f(shownRevision{target, revision, false, 4, []kube.Change{}},
		`{"namespace":"n","name":"d",`+one+`,"current":false,"against":4,"changes":[]}`)
	f(rolloutState{Target: target, Revision: 3, Image: "i", ConfigHash: "h", State: ready.State{Phase: ready.Ready, Why: "w"}},
		`{"namespace":"n","name":"d","revision":3,"image":"i","config_hash":"h","phase":"ready","why":"w",`+
			`"replicas":{"desired":0,"current":0,"updated":0,"ready":0,"available":0}}`)
	f(steered{Target: target, Action: kube.Configured, Ready: new(true)}, `{"namespace":"n","name":"d","action":"configured","ready":true}`)
}

func TestChangedText(t *testing.T) {
	f := func(want string, restores int, changes ...kube.Change) {
		t.Helper()
		e := kube.HistoryEntry{Revision: kube.Revision{Restores: restores}, Changes: changes}
		if got := changedText(e); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	change := func(kind string, action kube.Action, replaces string) kube.Change {
		return kube.Change{Ref: kube.Ref{Kind: kind, Name: "d"}, Action: action, Replaces: replaces}
	}
	f("-", 0)
	f("service/d created, configmap/d, deployment/d, ingress/d deleted", 0, change("Deployment", kube.Configured, ""),
		change("Ingress", kube.Deleted, ""), change("Service", kube.Created, ""), change("ConfigMap", kube.Created, "c"))
	f("revision 2 restored: deployment/d", 2, change("Deployment", kube.Configured, ""))
	failed := kube.HistoryEntry{Revision: kube.Revision{Restores: 2, GaveUp: 3}, Changes: []kube.Change{change("Deployment", kube.Configured, "")}}
	if got := changedText(failed); got != "revision 2 restored, as 3 failed: deployment/d" {
		t.Errorf("got %q", got)
	}
}

func TestSteeredSentence(t *testing.T) {
	f := func(want, done string, action kube.Action, isReady *bool) {
		t.Helper()
		if got := (steered{Target: kube.Target{Namespace: "n", Name: "d"}, Action: action, Ready: isReady}).sentence(done); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f("d in n is restarted, and is ready", "restarted", kube.Configured, new(true))
	f("d in n is restarted, and not waited for: otlpctl rollout status -n n --name d waits", "restarted", kube.Configured, nil)
	f("d in n is paused: otlpctl rollout resume -n n --name d lets it go on", "paused", kube.Configured, nil)
	f("d in n was paused already: otlpctl rollout resume -n n --name d lets it go on", "paused", kube.Unchanged, nil)
	f("d in n is resumed, and is ready", "resumed", kube.Configured, new(true))
	f("d in n was not paused, and is ready", "resumed", kube.Unchanged, new(true))
}
