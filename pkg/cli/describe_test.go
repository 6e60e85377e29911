package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// troubled is a deployment of which there is much to tell.
func troubled() description {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	well, bad := ready.State{Phase: ready.Ready, Why: "is ready"}, ready.State{Phase: ready.Failed, Why: "keeps ending: was killed for using more than its 256Mi of memory"}
	report := &watch.Report{Ready: true, Exporters: []watch.ExporterReport{
		{Name: "debug", Books: map[string]watch.Books{"traces": {Accepted: 10, Exported: 10}, "logs": {}}},
		{Name: "otlp", Error: "connection refused", Books: map[string]watch.Books{
			"traces": {Accepted: 10, Exported: 1, Queued: 4, Spooled: 2, Rejected: 1, Dropped: map[string]int64{"queue_full": 1, "shutdown": 1}},
		}},
	}}
	report.Config.Hash, report.Config.Generation, report.Config.Problem = "abc", 2, "otel.yaml:3:5: exporters.otlp.endpiont: unknown key"
	running := watch.Container{Name: "otlp-receiver", State: "running", Ready: true, Since: &at}
	waiting := watch.Container{
		Name: "otlp-receiver", State: "waiting", Reason: "CrashLoopBackOff", Message: "back-off 10s\nrestarting", Restarts: 3,
		Last: &watch.Termination{Reason: "OOMKilled", ExitCode: 137, Finished: at},
	}
	current := int32(12)
	return description{
		Description: &watch.Description{
			Status: &watch.Status{
				Namespace: "n", Name: "d", State: ready.State{Phase: ready.Failed, Why: "pod/d-2: keeps ending"}, Image: "r/i:1", ConfigHash: "abc",
				Replicas: watch.Replicas{Desired: 3, Current: 3, Updated: 2, Ready: 1, Available: 1},
				Services: []watch.Service{{OtherState: watch.OtherState{Name: "d", State: well}, Type: "ClusterIP", ClusterIP: "10.0.0.1", Endpoints: 1, NotReady: 1}},
				Autoscaler: &watch.Autoscaler{
					OtherState: watch.OtherState{Name: "d", State: ready.State{Phase: ready.Ready, Why: "3 pods"}}, Min: 3, Max: 10, Current: 3, Desired: 3,
					Metrics: []watch.Metric{{Name: "cpu", Target: 70, Current: &current}},
				},
				DisruptionBudget: &watch.Budget{OtherState: watch.OtherState{Name: "d", State: well}, Healthy: 1, Needed: 2, Total: 3},
				Claims:           []watch.OtherState{{Name: "data", State: ready.State{Phase: ready.Ready, Why: "is bound to v"}}},
			},
			Conditions: []watch.Condition{{Type: "Available", Status: "False", Since: at, Reason: "MinimumReplicasUnavailable", Message: "no"}},
			ReplicaSets: []watch.ReplicaSet{
				{Name: "d-2", IsCurrent: true, Image: "r/i:1", ConfigHash: "abc", Created: at, Desired: 2, Ready: 0},
				{Name: "d-1", Image: "r/i:0", ConfigHash: "abc", Created: at, Desired: 1, Pods: 1, Ready: 1},
				{Name: "d-0", Image: "r/i:0", Created: at},
			},
			Pods: []watch.PodDescription{
				{
					PodStatus:  watch.PodStatus{Name: "d-1-a", State: well, Old: true, Node: "node-0", Zone: "z", IP: "10.1.0.1", Created: at},
					Containers: []watch.Container{running}, Report: report,
				},
				{PodStatus: watch.PodStatus{Name: "d-2-b", State: bad, Node: "node-1", Created: at, Restarts: 3}, Containers: []watch.Container{waiting}},
				{PodStatus: watch.PodStatus{Name: "d-2-c", State: well, Created: at}, Containers: []watch.Container{running}, Report: &watch.Report{Ready: true}},
				{PodStatus: watch.PodStatus{Name: "d-2-d", State: well, Created: at}, Containers: []watch.Container{running}, ReportProblem: "forbidden"},
			},
			Probes: []watch.Probe{{Name: "liveness", Asks: "GET http :metrics/health", Delay: 15, Period: 20, Timeout: 3, Failures: 3, Successes: 1}},
			Events: []watch.ObjectEvent{
				{Object: "pod/d-2-a", Event: watch.Event{Time: at, Type: "Normal", Reason: "Pulled"}},
				{Object: "pod/d-2-b", Event: watch.Event{Time: at, Type: "Warning", Reason: "BackOff", Message: "Back-off\x1b[31m restarting", Count: 4}},
			},
		},
		Deployed: &kube.Record{
			Revision: &kube.Revision{Number: 4, User: "ann", Time: at, Restores: 2}, Mode: "versioned", Unfinished: true,
			Objects: []kube.RecordedObject{
				{Ref: kube.Ref{Kind: "Service", Name: "d"}, State: kube.Present, Created: &at, ChangedBy: []kube.Changer{{Manager: "kubectl-edit", Time: &at}, {Manager: "x"}}},
				{Ref: kube.Ref{Kind: "ConfigMap", Name: "d-config"}, State: kube.Absent},
			},
		},
	}
}

func TestDescriptionPage(t *testing.T) {
	var got bytes.Buffer
	if err := printDescription(term.Plain(nil, &got, new(bytes.Buffer)).Out, troubled(), 1); err != nil {
		t.Fatal(err)
	}
	golden(t, "description.txt", got.String())
}
