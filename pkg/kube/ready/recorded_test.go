package ready

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// recording is the objects of a Deployment as a cluster had them at a moment.
type recording struct {
	Now     time.Time         `json:"now"`
	Objects []json.RawMessage `json:"objects"`
}

func (r recording) objects() (Objects, error) {
	var o Objects
	for _, raw := range r.Objects {
		var kind struct{ Kind string }
		if err := json.Unmarshal(raw, &kind); err != nil {
			return o, err
		}
		var err error
		switch kind.Kind {
		case "Deployment":
			o.Deployment, err = decode[appsv1.Deployment](raw)
		case "ReplicaSet":
			o.ReplicaSets, err = with(o.ReplicaSets, raw)
		case "Pod":
			o.Pods, err = with(o.Pods, raw)
		case "Event":
			var e *corev1.Event
			if e, err = decode[corev1.Event](raw); err == nil {
				o.Events = append(o.Events, *e)
			}
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func decode[T any](raw []byte) (*T, error) {
	object := new(T)
	return object, json.Unmarshal(raw, object)
}

func with[T any](all []*T, raw []byte) ([]*T, error) {
	object, err := decode[T](raw)
	return append(all, object), err
}

func read(t *testing.T, name string) (Objects, time.Time) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r recording
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	o, err := r.objects()
	if err != nil {
		t.Fatal(err)
	}
	return o, r.Now
}

// What a cluster said is judged as a person would who has seen more of them. The names of pods, which are
// different each time, are left out.
func TestRecorded(t *testing.T) {
	judged := map[string]bool{}
	f := func(name string, phase Phase, final bool, why string) {
		t.Helper()
		judged[name+".json"] = true
		o, now := read(t, name)
		v := Rollout(o, now)
		if v.Phase != phase || v.Final != final || anonymous(v.Why, o) != why {
			t.Errorf("%s: %s, final %v: %q\nwant %s, final %v: %q", name, v.Phase, v.Final, anonymous(v.Why, o), phase, final, why)
		}
		if final && (v.Culprit != nil) != strings.HasPrefix(why, "pod/") {
			t.Errorf("%s: the culprit is %v", name, v.Culprit)
		}
	}
	f("crash-between", Failed, true, "pod/P: keeps ending: exit code 2")
	f("crash-first", Progressing, false, "0 of 2 pods available")
	f("crash-twice", Failed, true, "pod/P: keeps ending: exit code 2")
	f("creating", Progressing, false, "1 of 2 pods new, 2 old ones left")
	f("done", Ready, false, "2 of 2 pods available")
	f("image-name", Failed, true, `pod/P: has the image "Bad:/1", which is no name of one`)
	f("image-never", Failed, true, `pod/P: the node has no image "localhost/nope:1", and may not pull it`)
	f("init-crash", Failed, true, "pod/P: container first: keeps ending: exit code 2")
	f("mount-early", Progressing, false, "0 of 2 pods available")
	f("mount", Stuck, true, `pod/P: cannot start: volume "data": configmap "missing" not found`)
	f("old-left", Progressing, false, "1 old pod left")
	f("oom", Failed, true, "pod/P: keeps ending: was killed for using more than its 7Mi of memory")
	f("pull-first", Progressing, false, "0 of 2 pods available")
	f("pull-twice", Failed, true, `pod/P: cannot pull the image "localhost/nothing:1": Head "http://localhost/v2/nothing/manifests/1": dial tcp 127.0.0.1:80: connect: connection refused`)
	f("quota-early", Progressing, false, "1 of 2 pods created")
	f("quota", Stuck, true, "replicaset/R: cannot create pods: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1")
	f("secret-missing-early", Progressing, false, "0 of 2 pods available")
	f("secret-missing", Stuck, true, `pod/P: cannot start: secret "none" not found`)
	f("start-first", Progressing, false, "0 of 2 pods available")
	f("start", Failed, true, `pod/P: keeps ending: cannot be started: exec: "/nothing": stat /nothing: no such file or directory`)
	f("startup-early", Progressing, false, "0 of 2 pods available")
	f("startup-loop", Failed, true, "pod/P: is restarted because its startup probe fails: HTTP probe failed with statuscode: 404")
	f("startup", Failed, true, "pod/P: is restarted because its startup probe fails: HTTP probe failed with statuscode: 404")
	f("unready-early", Progressing, false, "0 of 2 pods available")
	f("unready", Stuck, true, "pod/P: is not ready after 1m0s: HTTP probe failed with statuscode: 404")
	f("unschedulable-early", Progressing, false, "0 of 2 pods available")
	f("unschedulable", Stuck, true, "pod/P: fits on no node: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector")
	f("update", Progressing, false, "1 old pod left")
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !judged[filepath.Base(file)] {
			t.Errorf("%s is judged by no test", file)
		}
	}
}

// anonymous leaves out of a text what the cluster has made of the names of the objects.
func anonymous(text string, o Objects) string {
	for _, p := range o.Pods {
		text = strings.ReplaceAll(text, p.Name, "P")
	}
	for _, r := range o.ReplicaSets {
		text = strings.ReplaceAll(text, r.Name, "R")
	}
	return text
}
