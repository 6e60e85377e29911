package kube

import (
	"slices"
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

// isPart reports whether a value has all of another: the same scalars, fields, and elements in their order.
func isPart(some, of any) bool {
	switch some := some.(type) {
	case map[string]any:
		whole, ok := of.(map[string]any)
		for name, field := range some {
			value, there := whole[name]
			if !there || !isPart(field, value) {
				return false
			}
		}
		return ok
	case []any:
		whole, ok := of.([]any)
		for _, element := range some {
			at := slices.IndexFunc(whole, func(other any) bool { return isPart(element, other) })
			if at < 0 {
				return false
			}
			whole = whole[at+1:]
		}
		return ok
	default:
		return sameJSON(some, of)
	}
}

// Taking a part makes nothing up, and fails for no set of fields. What was taken need not be found by the same set: keys
// that have defaults, such as a port's protocol, need not be in it.
func FuzzPart(f *testing.F) {
	f.Add(`{"a": [{"name": "x"}]}`, `{"f:a": {"k:{\"name\":\"x\"}": {"f:name": {}}, "v:1": {}, "i:0": {}}}`)
	f.Add(`{"a": [{"name": "x"}]}`, `{"f:a": {"k:{\"name\":\"x\"}": {"f:image": {}}}}`)
	f.Add(`{"a": [1, 2, 1]}`, `{"f:a": {"v:1": {}}}`)
	f.Fuzz(func(t *testing.T, value, fields string) {
		var v any
		var set map[string]any
		if yaml.Unmarshal([]byte(value), &v) == nil && yaml.Unmarshal([]byte(fields), &set) == nil {
			if some := part(v, set); !isPart(some, v) {
				t.Errorf("of %v it takes %v", v, some)
			}
		}
	})
}
