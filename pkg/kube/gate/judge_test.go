package gate

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"
)

// recorded reads what a receiver has told.
func recorded(t *testing.T, name string) report {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// The document is that of the receiver's own test: what it is called there is what is read here.
func TestReport(t *testing.T) {
	r := recorded(t, "../../../receiver/admin/testdata/status.json")
	want := counters{
		items: 1007, lost: 60, refused: share{3, 14},
		failed: map[string]share{"database": {}, "debug": {}, "otlp/two": {5, 12}},
	}
	if got := r.counters(); !reflect.DeepEqual(got, want) {
		t.Errorf("counters are %+v, want %+v", got, want)
	}
	if got, want := r.gauges(), (gauges{0.002, 1500 * time.Millisecond}); got != want {
		t.Errorf("gauges are %+v, want %+v", got, want)
	}
	if got := r.trouble(); got != `exporter otlp/two: connection "refused"` {
		t.Errorf("the trouble is %s", got)
	}
	if r.Started.IsZero() {
		t.Error("it does not say when it was started")
	}
}

// counted is a report of a process that has refused so many of its requests.
func counted(started int64, requests, refused int64) report {
	var r report
	text, _ := json.Marshal(map[string]any{
		"started": time.Unix(started, 0).UTC(),
		"receivers": []any{map[string]any{"signals": map[string]any{"logs": map[string]any{
			"requests": requests, "accepted_items": requests - refused,
			"refused_requests": map[string]any{"malformed": refused, "aborted": 0},
		}}}},
	})
	_ = json.Unmarshal(text, &r)
	return r
}

func TestAccount(t *testing.T) {
	f := func(want share, open bool, reports ...report) {
		t.Helper()
		var a account
		for i, r := range reports {
			if i == 0 && open {
				a.open(r)
			} else {
				a.take(r)
			}
		}
		if got := a.tally().refused; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	f(share{2, 10}, false, counted(1, 10, 2))
	f(share{3, 20}, false, counted(1, 10, 2), counted(1, 20, 3))
	f(share{0, 0}, true, counted(1, 10, 2))
	f(share{1, 10}, true, counted(1, 10, 2), counted(1, 20, 3))
	// A process that was restarted counts from 0.
	f(share{5, 28}, true, counted(1, 10, 2), counted(1, 20, 3), counted(2, 8, 4), counted(2, 18, 4))
	f(share{6, 18}, false, counted(1, 10, 2), counted(2, 8, 4))
}

func TestJudge(t *testing.T) {
	bounds := Bounds{MaxRefusedRatio: 0.1, MaxExportFailureRatio: 0.1, MaxLostItems: 1, MaxQueueFill: 0.8, MaxQueueAge: time.Minute}
	f := func(name string, fresh, old []tally, isEnd bool, want ...string) {
		t.Helper()
		news := map[string]tally{}
		for i, p := range fresh {
			news[string(rune('a'+i))] = p
		}
		var got []string
		for _, c := range judge(bounds, news, old, isEnd) {
			if c.Exceeded {
				got = append(got, c.Pod+": "+c.String())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	refused := func(part, whole int64) tally { return tally{counters: counters{refused: share{part, whole}}} }
	exports := func(part, whole int64) tally {
		return tally{counters: counters{failed: map[string]share{"good": {0, 1000}, "bad": {part, whole}}}}
	}
	lost := func(n int64) tally { return tally{counters: counters{lost: n}} }
	all := func(of ...tally) []tally { return of }

	f("nothing", all(tally{}), nil, true)
	f("within", all(refused(1, 10), exports(1, 10), lost(1)), nil, true)
	f("the worst pod", all(refused(2, 10), refused(3, 10), refused(0, 9)), nil, true, "b: refused 30 % of 10 requests (bound 10 %)")
	f("it may improve", all(refused(2, 10)), nil, false)
	f("each exporter by itself", all(exports(2, 10)), nil, true, "a: failed exports 20 % of 10 attempts (bound 10 %)")
	f("at once", all(lost(2)), nil, false, "a: lost items 2 (bound 1)")
	// What is wrong anyway is not the new revision's doing.
	f("as before", all(refused(3, 10)), all(refused(0, 10), refused(4, 10)), true)
	f("worse than before", all(refused(5, 10)), all(refused(0, 10), refused(4, 10)), true, "a: refused 50 % of 10 requests (bound 10 %, old pods 20 %)")
	f("an outage", all(exports(10, 10)), all(exports(9, 10)), true)
	f("the most of one old pod", all(lost(8)), all(lost(4), lost(1)), true)
	f("more than that", all(lost(9)), all(lost(4), lost(4)), true, "a: lost items 9 (bound 1, old pods 4)")
	f("queues", all(tally{peak: gauges{0.81, time.Second}}, tally{peak: gauges{0, 61 * time.Second}}), nil, false,
		"a: fill of a queue 81 % (bound 80 %)", "b: age in a queue 61.0 s (bound 60.0 s)")
	f("several", all(tally{restarts: 1, counters: counters{lost: 5}}), nil, true, "a: lost items 5 (bound 1)", "a: restarts 1 (bound 0)")
}

// The names are API.
func TestResultJSON(t *testing.T) {
	r := Result{Verdict: Failed, Why: "w", Window: 60, Pods: []string{"a"}, OldPods: []string{}, Items: 3, Counters: judge(Bounds{}, map[string]tally{"a": {restarts: 1}}, []tally{{}}, true)[3:4]}
	const want = `{"verdict":"failed","why":"w","window_seconds":60,"pods":["a"],"old_pods":[],"items":3,` +
		`"counters":[{"name":"restarts","bound":0,"value":1,"old":0,"pod":"a","exceeded":true}],"paused":false}`
	if got, err := json.Marshal(r); err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	if want := []string{"refused_ratio", "export_failure_ratio", "lost_items", "restarts", "queue_fill", "queue_age_seconds"}; !slices.Equal(names, want) {
		t.Errorf("the counters are %q", names)
	}
}

func TestPercent(t *testing.T) {
	f := func(v float64, want string) {
		t.Helper()
		if got := percent(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
	f(0, "0 %")
	f(0.0123, "1.2 %")
	f(0.05, "5 %")
	f(0.333, "33 %")
	f(1, "100 %")
}
