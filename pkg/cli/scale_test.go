package cli

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/kube"
)

// The names of the fields are API.
func TestScaledJSON(t *testing.T) {
	f := func(document scaled, want string) {
		t.Helper()
		got, err := json.Marshal(document)
		if err != nil || string(got) != want {
			t.Errorf("got\n%s %v\nwant\n%s", got, err, want)
		}
	}
	s := kube.Scaling{
		Target: kube.Target{Namespace: "n", Name: "d"}, Object: kube.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "n", Name: "d"},
		Action: kube.Configured, Before: kube.Bounds{Replicas: new(int64(3))}, After: kube.Bounds{Replicas: new(int64(5))}, Current: 3,
	}
	const about = `{"namespace":"n","name":"d","object":{"api_version":"apps/v1","kind":"Deployment","namespace":"n","name":"d"},"action":"configured",` +
		`"before":{"replicas":3},"after":{"replicas":5},"current_replicas":3,`
	f(scaled{Scaling: &s}, about+`"dry_run":false,"kept":null,"ready":null}`)
	f(scaled{Scaling: &s, Kept: new(false), PutBack: []setting{{"deploy.replicas", int64(3), int64(5)}}, Ready: new(true)},
		about+`"dry_run":false,"kept":false,"put_back":[{"key":"deploy.replicas","value":3,"keep":5}],"ready":true}`)
}

func TestPutBack(t *testing.T) {
	fixed := func(n int64) kube.Bounds { return kube.Bounds{Replicas: &n} }
	scaler := func(least, most int64) kube.Bounds { return kube.Bounds{Min: &least, Max: &most} }
	f := func(now, next kube.Bounds, want string) {
		t.Helper()
		if got := fmt.Sprint(putBack(now, next)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(fixed(3), fixed(3), "[]")
	f(fixed(3), fixed(5), "[{deploy.replicas 5 3}]")
	f(scaler(3, 10), scaler(3, 10), "[]")
	f(scaler(5, 10), scaler(3, 10), "[{deploy.autoscaling.min_replicas 3 5}]")
	f(scaler(12, 12), scaler(3, 10), "[{deploy.autoscaling.min_replicas 3 12} {deploy.autoscaling.max_replicas 10 12}]")
	f(fixed(3), scaler(3, 10), "[{deploy.autoscaling.enabled true false}]")
	f(scaler(3, 10), fixed(3), "[{deploy.autoscaling.enabled false true}]")
}

func TestNextScale(t *testing.T) {
	now := kube.Bounds{Replicas: new(int64(3))}
	if kept, back := (nextScale{}).judge(now); kept != nil || back != nil {
		t.Errorf("nobody knows, and it is %v %v", *kept, back)
	}
	if kept, back := (nextScale{now, "revision 1"}).judge(now); kept == nil || !*kept || len(back) > 0 {
		t.Errorf("the same is not kept: %v", back)
	}
}
