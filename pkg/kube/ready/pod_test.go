package ready

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// now is when the objects of these tests are judged.
const now = "2026-01-01T12:00:00Z"

func clock(t *testing.T) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// object reads what the tests write.
func object[T any](t *testing.T, text string) *T {
	t.Helper()
	o := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), o); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return o
}

func TestPod(t *testing.T) {
	f := func(pod string, want State, events ...string) {
		t.Helper()
		var all []corev1.Event
		for _, e := range events {
			all = append(all, *object[corev1.Event](t, e))
		}
		if got := Pod(object[corev1.Pod](t, pod), all, clock(t)); got != want {
			t.Errorf("%s\nis %+v\nwant %+v", pod, got, want)
		}
	}
	f(`{}`, progressing("waits for a node"))
	f(`{spec: {nodeName: n}}`, progressing("has a node, which has not begun"))
	f(`{metadata: {deletionTimestamp: 2026-01-01T12:00:00Z}, status: {phase: Running}}`, progressing("is stopping"))
	f(`{status: {phase: Failed, reason: Evicted, message: "The node was low on resource: memory. "}}`,
		failed("was evicted: The node was low on resource: memory"))
	f(`{status: {phase: Failed, reason: NodeShutdown}}`, failed("has lost its node"))
	f(`{status: {phase: Failed}}`, failed("has failed"))
	f(`{status: {phase: Succeeded}}`, failed("has ended, and is replaced"))
	f(`{status: {conditions: [{type: Ready, status: "True"}], containerStatuses: [{name: c, ready: true, started: true, state: {running: {}}}]}}`,
		ready("is ready"))
	f(`{status: {conditions: [{type: Ready, status: "False", reason: ReadinessGatesNotReady, message: gate closed}],
		containerStatuses: [{name: c, ready: true, started: true, state: {running: {}}}]}}`,
		stuck("waits for a readiness gate: gate closed"))
	f(`{status: {conditions: [{type: PodScheduled, status: "False", reason: SchedulingGated}]}}`,
		stuck("waits for who holds its scheduling gate").finally(true))

	full := `{status: {conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, lastTransitionTime: 2026-01-01T11:00:00Z, message: "0/2 nodes"}]}}`
	scaling := `{reason: TriggeredScaleUp, message: "pod triggered scale-up", lastTimestamp: 2026-01-01T11:55:00Z}`
	want := stuck("fits on no node: 0/2 nodes").finally(true)
	want.room = true
	f(full, want)
	f(full, progressing("waits for a new node: pod triggered scale-up"), scaling)
}

func TestContainer(t *testing.T) {
	f := func(status string, want State, events ...string) {
		t.Helper()
		pod := `{spec: {containers: [{name: c, image: "r/i:1", resources: {limits: {memory: 64Mi}},
			readinessProbe: {initialDelaySeconds: 5, periodSeconds: 10, failureThreshold: 3}}]},
			status: {conditions: [{type: PodScheduled, status: "True", lastTransitionTime: 2026-01-01T11:59:55Z}],
			containerStatuses: [` + status + `]}}`
		var all []corev1.Event
		for _, e := range events {
			all = append(all, *object[corev1.Event](t, e))
		}
		if got := Pod(object[corev1.Pod](t, pod), all, clock(t)); got != want {
			t.Errorf("%s\nis %+v\nwant %+v", status, got, want)
		}
	}
	f(`{name: c, state: {waiting: {reason: ContainerCreating}}}`, progressing("is being created"))
	f(`{name: c, state: {waiting: {reason: Thinking, message: hard}}}`, progressing("waits: Thinking: hard"))
	f(`{name: c, state: {waiting: {reason: CreateContainerConfigError, message: 'secret "s" not found'}}}`,
		stuck(`cannot start: secret "s" not found`))
	f(`{name: c, state: {waiting: {reason: ErrImagePull, message: 'failed to resolve reference "r/i:1": r/i:1: not found'}}}`,
		failed(`cannot pull the image "r/i:1": r/i:1: not found`).finally(true))
	f(`{name: c, state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image "r/i:1": ErrImagePull: pull access denied'}}}`,
		failed(`cannot pull the image "r/i:1": pull access denied`).finally(true))
	f(`{name: c, state: {waiting: {reason: ErrImagePull, message: i/o timeout}}}`, failed(`cannot pull the image "r/i:1": i/o timeout`))

	// One end of a container may be bad luck; two that are not far apart are none.
	f(`{name: c, state: {terminated: {exitCode: 1, finishedAt: 2026-01-01T11:59:59Z}}}`, progressing("has ended: exit code 1"))
	f(`{name: c, restartCount: 4, state: {terminated: {exitCode: 1, finishedAt: 2026-01-01T11:59:59Z}},
		lastState: {terminated: {exitCode: 1, finishedAt: 2026-01-01T10:00:00Z}}}`, progressing("has ended: exit code 1"))
	f(`{name: c, restartCount: 1, state: {terminated: {exitCode: 137, reason: OOMKilled, finishedAt: 2026-01-01T11:59:59Z}},
		lastState: {terminated: {exitCode: 137, finishedAt: 2026-01-01T11:59:00Z}}}`,
		failed("keeps ending: was killed for using more than its 64Mi of memory").finally(true))
	f(`{name: c, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}}`, failed("keeps ending").finally(true))
	f(`{name: c, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 143}}}`,
		failed("is restarted because its liveness probe fails: HTTP probe failed with statuscode: 503").finally(true),
		`{reason: Killing, message: "Container c failed liveness probe, will be restarted", lastTimestamp: 2026-01-01T11:59:00Z}`,
		`{reason: Unhealthy, message: "Liveness probe failed: HTTP probe failed with statuscode: 503"}`)
	f(`{name: c, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 2}}}`,
		failed("keeps ending: exit code 2").finally(true),
		`{reason: Killing, message: "Container c failed liveness probe, will be restarted", lastTimestamp: 2026-01-01T07:00:00Z}`)

	// A probe has three times the time in which it gives up itself, and a minute at least.
	f(`{name: c, started: false, restartCount: 1, state: {running: {startedAt: 2026-01-01T11:59:00Z}}}`, progressing("after 1 restart, is not up yet"))
	f(`{name: c, started: true, state: {running: {startedAt: 2026-01-01T11:59:00Z}}}`, progressing("is not ready yet"))
	f(`{name: c, started: true, state: {running: {startedAt: 2026-01-01T11:58:16Z}}}`, progressing("is not ready: connection refused"),
		`{reason: Unhealthy, message: "Readiness probe failed: connection refused", lastTimestamp: 2026-01-01T11:59:00Z}`)
	f(`{name: c, started: true, state: {running: {startedAt: 2026-01-01T11:58:15Z}}}`, stuck("is not ready after 1m45s").finally(true),
		`{reason: Unhealthy, message: "Readiness probe failed: of the one before", lastTimestamp: 2026-01-01T11:00:00Z}`)
}

// Whatever a cluster says, there is a verdict, and one that is not good has a reason.
func FuzzRollout(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r recording
		if json.Unmarshal(data, &r) != nil {
			t.Skip()
		}
		o, err := r.objects()
		if err != nil {
			t.Skip()
		}
		v := Rollout(o, r.Now)
		for _, line := range v.Lines {
			if line.Phase == "" || line.Why == "" || line.Phase == Ready && line.Final {
				t.Errorf("the verdict on %s/%s is %+v", line.Kind, line.Name, line.State)
			}
		}
		if v.Phase == "" || v.Why == "" {
			t.Errorf("the verdict is %+v", v.State)
		}
	})
}
