package ready

import (
	"testing"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	autoscalingv2 "github.com/otlpctl/otlpctl/pkg/manifest/api/autoscaling/v2"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
	policyv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/policy/v1"
)

func TestDeployment(t *testing.T) {
	f := func(text string, want State) {
		t.Helper()
		if got := Deployment(object[appsv1.Deployment](t, text)); got != want {
			t.Errorf("%s\nis %+v\nwant %+v", text, got, want)
		}
	}
	f(`{metadata: {generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1}}`,
		progressing("has changed, which the cluster has not seen yet"))
	f(`{status: {replicas: 1, updatedReplicas: 1, availableReplicas: 1}}`, ready("1 of 1 pod available"))
	f(`{spec: {replicas: 0}}`, ready("is scaled to 0"))
	f(`{spec: {replicas: 0}, status: {replicas: 1, updatedReplicas: 0}}`, progressing("1 old pod left"))
	f(`{spec: {replicas: 3}}`, progressing("0 of 3 pods created"))
	f(`{spec: {replicas: 3}, status: {replicas: 4, updatedReplicas: 1, availableReplicas: 3}}`, progressing("1 of 3 pods new, 3 old ones left"))
	f(`{spec: {replicas: 3}, status: {replicas: 3, updatedReplicas: 3, availableReplicas: 2}}`, progressing("2 of 3 pods available"))
	f(`{spec: {replicas: 3}, status: {replicas: 5, updatedReplicas: 3, availableReplicas: 5}}`, progressing("2 old pods left"))
	f(`{spec: {replicas: 2, paused: true}, status: {replicas: 2, updatedReplicas: 0, availableReplicas: 2}}`,
		stuck("is paused with 0 of 2 pods new, 2 old ones left").finally(true))
	f(`{spec: {replicas: 2, paused: true}, status: {replicas: 2, updatedReplicas: 2, availableReplicas: 2}}`,
		ready("2 of 2 pods available, and the rollout is paused"))
	f(`{spec: {replicas: 2, progressDeadlineSeconds: 90}, status: {replicas: 2, updatedReplicas: 2, conditions: [{type: Progressing, status: "False", reason: ProgressDeadlineExceeded}]}}`,
		failed("0 of 2 pods available, and made no progress for 1m30s").finally(true))
	f(`{metadata: {deletionTimestamp: 2026-01-01T12:00:00Z}}`, failed("is being deleted").finally(true))
}

func TestReplicaSet(t *testing.T) {
	f := func(text string, want State) {
		t.Helper()
		if got := ReplicaSet(object[appsv1.ReplicaSet](t, text), clock(t)); got != want {
			t.Errorf("%s\nis %+v\nwant %+v", text, got, want)
		}
	}
	f(`{spec: {replicas: 0}}`, ready("has no pods"))
	f(`{spec: {replicas: 0}, status: {replicas: 1}}`, progressing("goes down to 0 pods"))
	f(`{spec: {replicas: 2}, status: {replicas: 2, availableReplicas: 1}}`, progressing("1 of 2 pods available"))
	f(`{spec: {replicas: 2}, status: {replicas: 2, availableReplicas: 2}}`, ready("2 of 2 pods available"))
	f(`{metadata: {generation: 2}, spec: {replicas: 2}, status: {replicas: 2, availableReplicas: 2}}`, progressing("2 of 2 pods available"))
	f(`{spec: {replicas: 2}, status: {conditions: [{type: ReplicaFailure, status: "True", lastTransitionTime: 2026-01-01T11:59:50Z, message: violates PodSecurity}]}}`,
		stuck("cannot create pods: violates PodSecurity").finally(true))
	f(`{spec: {replicas: 2}, status: {conditions: [{type: ReplicaFailure, status: "True", lastTransitionTime: 2026-01-01T11:59:51Z, message: serviceaccount not found}]}}`,
		stuck("cannot create pods: serviceaccount not found"))
}

// While pods stop, what they free may be enough.
func TestRoom(t *testing.T) {
	o, at := read(t, "unschedulable")
	if v := Rollout(o, at); !v.Final {
		t.Fatalf("%+v", v.State)
	}
	stopping := *o.Pods[1]
	stopping.Name, stopping.UID, stopping.DeletionTimestamp = "stopping", "stopping", &stopping.CreationTimestamp
	o.Pods = append(o.Pods, &stopping)
	if v := Rollout(o, at); v.Final {
		t.Errorf("with a pod that stops: %+v", v.State)
	}
}

// Until the cluster has seen a change, its pods are those of before, whose trouble the change may end.
func TestUnseenChange(t *testing.T) {
	o, at := read(t, "crash-twice")
	o.Deployment.Generation++
	if v := Rollout(o, at); v.Final || v.Why != "has changed, which the cluster has not seen yet" {
		t.Errorf("%+v", v.State)
	}
	o.Deployment.Status.ObservedGeneration++
	o.Deployment.Annotations[revision] = "2" // and its ReplicaSet has not come by yet
	if v := Rollout(o, at); v.Final {
		t.Errorf("%+v", v.State)
	}
}

func TestGone(t *testing.T) {
	if v := Rollout(Objects{}, clock(t)); !v.Final || v.Why != "does not exist" {
		t.Errorf("%+v", v.State)
	}
}

func TestOthers(t *testing.T) {
	f := func(got, want State) {
		t.Helper()
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	service := func(text string, endpoints int) State { return Service(object[corev1.Service](t, text), endpoints) }
	f(service(`{}`, 0), stuck("has no endpoint that is ready"))
	f(service(`{}`, 2), ready("2 endpoints"))
	f(service(`{spec: {type: LoadBalancer}}`, 1), progressing("waits for the address of its load balancer"))
	f(service(`{spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}`, 1), ready("1 endpoint"))

	autoscaler := func(text string) State { return Autoscaler(object[autoscalingv2.HorizontalPodAutoscaler](t, text)) }
	f(autoscaler(`{}`), progressing("has not looked at the pods yet"))
	f(autoscaler(`{status: {conditions: [{type: ScalingActive, status: "False", reason: FailedGetResourceMetric, message: no metrics}]}}`), stuck("cannot scale: no metrics"))
	f(autoscaler(`{status: {conditions: [{type: ScalingActive, status: "False", reason: ScalingDisabled}]}}`), stuck("is off while the Deployment is scaled to 0"))
	f(autoscaler(`{status: {desiredReplicas: 3, conditions: [{type: ScalingActive, status: "True"}, {type: ScalingLimited, status: "False"}]}}`), ready("3 pods"))
	f(autoscaler(`{spec: {maxReplicas: 5}, status: {conditions: [{type: ScalingLimited, status: "True", reason: TooManyReplicas}]}}`), ready("wants more than max_replicas, 5"))

	budget := func(text string) State { return DisruptionBudget(object[policyv1.PodDisruptionBudget](t, text)) }
	f(budget(`{metadata: {generation: 1}}`), progressing("has changed, which the cluster has not seen yet"))
	f(budget(`{status: {disruptionsAllowed: 1}}`), ready("allows 1 eviction"))
	f(budget(`{status: {currentHealthy: 1, desiredHealthy: 2, expectedPods: 3}}`), progressing("allows no eviction: 1 of 3 pods healthy, 2 needed"))

	claim := func(text string) State { return Claim(object[corev1.PersistentVolumeClaim](t, text)) }
	f(claim(`{status: {phase: Pending}}`), progressing("waits for a volume"))
	f(claim(`{spec: {volumeName: v}, status: {phase: Bound}}`), ready("is bound to v"))
	f(claim(`{spec: {volumeName: v}, status: {phase: Lost}}`), failed("has lost its volume v").finally(true))
}
