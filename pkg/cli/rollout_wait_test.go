package cli

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// treeEvent is what a rollout tells of one object.
type treeEvent struct {
	line ready.Line
	gone bool
}

func TestRolloutTree(t *testing.T) {
	f := func(want string, err error, events ...treeEvent) {
		t.Helper()
		var shown bytes.Buffer
		tree := newRolloutTree(term.Plain(nil, new(bytes.Buffer), &shown))
		for _, e := range events {
			tree.show(e.line, e.gone)
		}
		tree.close(err)
		got := regexp.MustCompile(`(?m)^(\w+) +[0-9.]+s`).ReplaceAllString(shown.String(), "$1")
		if want := strings.TrimPrefix(want, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	object := func(depth int, name string, phase ready.Phase, why string) ready.Line {
		kind := []string{"deployment", "replicaset", "pod"}[depth]
		return ready.Line{Kind: kind, Name: name, Depth: depth, State: ready.State{Phase: phase, Why: why}}
	}
	old := func(line ready.Line) ready.Line {
		line.Old = true
		return line
	}
	f(`
running      pod/p: starts
done      pod/p: is ready
done  deployment/d: 1 of 1 pod available
`, nil,
		treeEvent{line: object(0, "d", ready.Progressing, "0 of 1 pod available")}, treeEvent{line: object(2, "p", ready.Progressing, "is being created")},
		treeEvent{line: object(2, "p", ready.Progressing, "starts")}, treeEvent{line: object(2, "p", ready.Ready, "is ready")},
		treeEvent{line: object(0, "d", ready.Ready, "1 of 1 pod available")})
	// What was there before is worth a line once it goes.
	f(`
done      pod/q (old): is gone
done  deployment/d: 1 of 1 pod available
`, nil,
		treeEvent{line: old(object(1, "r", ready.Ready, "1 of 1 pod available"))}, treeEvent{line: old(object(2, "q", ready.Ready, "is ready"))},
		treeEvent{line: old(object(2, "q", ready.Progressing, "is stopping"))}, treeEvent{old(object(2, "q", ready.Progressing, "")), true},
		treeEvent{line: object(0, "d", ready.Ready, "1 of 1 pod available")})
	// A pod that was ready begins anew, and all fails with it.
	failed := object(2, "p", ready.Failed, "keeps ending")
	failed.Final = true
	f(`
done      pod/p: is ready
failed      pod/p: keeps ending
failed  deployment/d: 0 of 1 pod available
`, &watch.NotReadyError{State: failed.State},
		treeEvent{line: object(0, "d", ready.Progressing, "0 of 1 pod available")}, treeEvent{line: object(2, "p", ready.Ready, "is ready")},
		treeEvent{line: object(2, "p", ready.Progressing, "has ended")}, treeEvent{line: failed})
}
