package kube

import (
	"testing"

	"sigs.k8s.io/yaml"
)

// What otlpctl has applied is found among what the cluster and others have set beside it.
func TestAsApplied(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := yaml.Marshal(asApplied(object(t, text)).Object)
		if err != nil {
			t.Fatal(err)
		}
		var expected any
		if err := yaml.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		if canonical, _ := yaml.Marshal(expected); string(got) != string(canonical) {
			t.Errorf("got\n%s\nwant\n%s", got, canonical)
		}
	}
	f(`
apiVersion: apps/v1
kind: Deployment
metadata:
  name: d
  namespace: ns
  uid: u
  labels: {app: d, theirs: x}
  finalizers: [ours, theirs]
  managedFields:
  - {manager: kubectl, operation: Update, fieldsType: FieldsV1, fieldsV1: {'f:spec': {'f:paused': {}}}}
  - manager: otlpctl
    operation: Apply
    apiVersion: apps/v1
    fieldsType: FieldsV1
    fieldsV1:
      f:metadata: {'f:labels': {'f:app': {}}, 'f:finalizers': {'v:"ours"': {}}}
      f:spec:
        f:replicas: {}
        f:selector: {}
        f:template:
          f:spec:
            f:containers:
              'k:{"name":"otlp-receiver"}':
                .: {}
                f:name: {}
                f:image: {}
                f:ports:
                  'k:{"containerPort":4317,"protocol":"TCP"}': {.: {}, f:containerPort: {}, f:name: {}}
            f:volumes:
              'k:{"name":"data"}': {.: {}, f:name: {}, f:emptyDir: {}}
            f:gone: {}
spec:
  replicas: 3
  paused: true
  progressDeadlineSeconds: 600
  selector: {matchLabels: {app: d}}
  template:
    spec:
      containers:
      - {name: injected, image: i}
      - name: otlp-receiver
        image: a:1
        imagePullPolicy: Always
        ports: [{containerPort: 4318, protocol: TCP}, {containerPort: 4317, protocol: TCP, name: grpc}]
      volumes: [{name: data, emptyDir: {sizeLimit: 1Gi}}, {name: other, emptyDir: {}}]
status: {replicas: 3}
`, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: ns, labels: {app: d}, finalizers: [ours]}
spec:
  replicas: 3
  selector: {matchLabels: {app: d}}
  template:
    spec:
      containers: [{name: otlp-receiver, image: 'a:1', ports: [{containerPort: 4317, name: grpc}]}]
      volumes: [{name: data, emptyDir: {sizeLimit: 1Gi}}]
`)
	// Nothing is ours of what somebody else has made.
	f(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns, labels: {app: d}}, spec: {replicas: 3}}`,
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns}}`)
}

func FuzzPart(f *testing.F) {
	f.Add(`{"a": [{"name": "x"}]}`, `{"f:a": {"k:{\"name\":\"x\"}": {"f:name": {}}, "v:1": {}, "i:0": {}}}`)
	f.Fuzz(func(t *testing.T, value, fields string) {
		var v any
		var set map[string]any
		if yaml.Unmarshal([]byte(value), &v) == nil && yaml.Unmarshal([]byte(fields), &set) == nil {
			once := part(v, set)
			if again := part(once, set); !sameJSON(once, again) {
				t.Errorf("of %v it takes %v, and of that %v", v, once, again)
			}
		}
	})
}
