package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
)

const merging = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, labels: {a: b, c: d}, finalizers: [one, two, three]}
spec:
  replicas: 3
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  selector: {matchLabels: {app: x}}
  template:
    spec:
      nodeSelector: {disk: ssd}
      hostAliases: [{ip: 10.0.0.1, hostnames: [h]}]
      tolerations: [{key: spot}, {key: gpu}]
      topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1}, {topologyKey: host, maxSkew: 2}]
      imagePullSecrets: [{name: p}]
      volumes: [{name: data, emptyDir: {sizeLimit: 1Gi}}, {name: config, configMap: {name: c}}]
      containers:
      - name: first
        image: one
        command: [a, b]
        env: [{name: A, value: a}, {name: B, value: b}, {name: C, value: c}]
        ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53, protocol: TCP}, {containerPort: 80}]
        resources: {limits: {cpu: 1, memory: 1Gi}}
        volumeMounts: [{name: data, mountPath: /data}, {name: config, mountPath: /config}]
      - name: second
        image: two
`

func mergePatches() []string {
	pod := func(text string) string { return "spec: {template: {spec: {" + text + "}}}" }
	first := func(text string) string { return pod("containers: [{name: first, " + text + "}]") }
	return []string{
		"{}", "spec: null", "$patch: delete", "$patch: replace\nkind: Deployment", "metadata: {labels: {a: null, c: x, new: y}}",
		"metadata: {labels: {$patch: replace, n: m}}", "metadata: {labels: {$patch: delete}}", "metadata: {annotations: {$patch: delete}}",
		"metadata: {finalizers: [four, two]}", "metadata: {finalizers: [zero]}", "metadata: {$deleteFromPrimitiveList/finalizers: [two, none]}",
		"metadata: {annotations: {a: null, b: c}}", "spec: {replicas: 9007199254740993}", "spec: {strategy: {$retainKeys: [type], type: Recreate}}",
		"spec: {strategy: {type: Recreate, rollingUpdate: null}}", "spec: {replicas: [1]}", "spec: {selector: 3}",
		pod("containers: [{name: third, image: three}, {name: first, image: x}]"),
		pod("containers: [{name: second, image: x}, {name: first, $patch: delete}, {name: none, $patch: delete}]"),
		pod("containers: [{$patch: replace}, {name: only}]"), pod("containers: []"), pod("containers: null"), pod("initContainers: [{name: i, env: [{name: A, value: null}]}]"),
		pod("nodeSelector: {disk: null, b: c}"), pod("hostAliases: [{ip: 10.0.0.2}, {ip: 10.0.0.1, hostnames: [g]}]"), pod("tolerations: [{key: a}]"),
		pod("imagePullSecrets: [{name: q}, {name: p}]"), pod("topologySpreadConstraints: [{topologyKey: rack}, {topologyKey: host, maxSkew: 3}]"),
		pod("volumes: [{name: data, $retainKeys: [name, persistentVolumeClaim], persistentVolumeClaim: {claimName: p}}]"),
		pod("volumes: [{name: new, emptyDir: {}}, {name: config, configMap: {defaultMode: 420}}]"), pod("affinity: {nodeAffinity: {}}"), pod("volumes: [{name: data, emptyDir: null}]"),
		first("env: [{name: D, value: d}, {name: B, value: x}, {name: A, $patch: delete}]"), first("env: [{name: C, value: x}, {name: A, value: y}]"),
		first("command: [c]"), first("command: null"), first("ports: [{containerPort: 53, name: dns}, {containerPort: 81}]"), first("ports: [{containerPort: 81}, {containerPort: 80, protocol: TCP}]"),
		first("resources: {limits: {cpu: 2, memory: null}}"), first("resources: {requests: {cpu: 1}}"), first("volumeMounts: [{mountPath: /new, name: data}, {mountPath: /config, readOnly: true}]"),
		first("env: [{name: A, valueFrom: {fieldRef: {fieldPath: x}}, value: null}]"), first("env: [{name: N, valueFrom: {$patch: delete}}]"), first("env: [{name: A, $patch: replace, value: z}]"),
		// These are refused.
		"$patch: merge", "metadata: {labels: {$patch: x}}", "metadata: {finalizers: [{a: b}]}", "spec: {strategy: {$retainKeys: type}}", "spec: {strategy: {$retainKeys: [type], rollingUpdate: {}}}",
		pod("containers: [{image: x}]"), pod("containers: [first]"), pod("containers: [{image: x, $patch: delete}]"), first("$patch: merge"), first("env: [{name: A, $patch: 3}]"), first("env: [[]]"),
	}
}

// FuzzStrategicMerge holds ours to what kubectl makes of whatever it takes, but for elements whose key is null: kubectl adds
// such a one, which the cluster refuses.
func FuzzStrategicMerge(f *testing.F) {
	for _, patch := range mergePatches() {
		f.Add(patch)
	}
	f.Add("spec: {template: {spec: {containers: [{name: null, image: x}]}}}")
	f.Fuzz(func(t *testing.T, patch string) {
		if _, err := yaml.YAMLToJSONStrict([]byte(patch)); err != nil || strings.Contains(patch, orderPrefix) {
			return
		}
		ours, theirs, err, theirErr := merged(t, patch)
		if err != nil && strings.Contains(err.Error(), ", by which it is merged") {
			return
		}
		if theirErr == nil && (err != nil || !cmp.Equal(theirs, ours)) {
			t.Errorf("got %v, kubectl, and we:\n%s", err, cmp.Diff(theirs, ours))
		}
	})
}

// merged returns what two ways to merge make of an object, typed.
func merged(t *testing.T, patch string) (ours, theirs *appsv1.Deployment, err, theirErr error) {
	t.Helper()
	object, err := yaml.YAMLToJSON([]byte(merging))
	if err != nil {
		t.Fatal(err)
	}
	changes, err := yaml.YAMLToJSON([]byte(patch))
	if err != nil {
		t.Fatal(err)
	}
	decode := func(text []byte, err error) (*appsv1.Deployment, error) {
		if err != nil {
			return nil, err
		}
		var d appsv1.Deployment
		return &d, decodeStrictly(text, &d)
	}
	ours, err = decode(strategicMerge(object, changes, &appsv1.Deployment{}))
	theirs, theirErr = decode(strategicpatch.StrategicMergePatch(object, changes, &appsv1.Deployment{}))
	return ours, theirs, err, theirErr
}

// What kubectl makes of a patch is what we make of it.
func TestStrategicMerge(t *testing.T) {
	for _, patch := range mergePatches() {
		ours, theirs, err, theirErr := merged(t, patch)
		if (err == nil) != (theirErr == nil) {
			t.Errorf("%s: got the error %v, and kubectl %v", patch, err, theirErr)
		} else if diff := cmp.Diff(theirs, ours); err == nil && diff != "" {
			t.Errorf("%s: kubectl, and we:\n%s", patch, diff)
		}
	}
}

func TestStrategicMergeRefuses(t *testing.T) {
	f := func(want, patch string) {
		t.Helper()
		if _, _, err, _ := merged(t, patch); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", patch, err, want)
		}
	}
	f("spec.template.spec.containers: an element has no name, by which it is merged", "spec: {template: {spec: {containers: [{image: x}]}}}")
	f("spec.template.spec.containers: an element has no name, by which it is merged", "spec: {template: {spec: {containers: [{name: null, image: x}]}}}")
	f("metadata.finalizers takes values only", "metadata: {finalizers: [{a: b}]}")
	f("metadata.labels.$patch is x, and must be replace or delete", "metadata: {labels: {$patch: x}}")
	f("spec.strategy.$retainKeys must be a list of fields", "spec: {strategy: {$retainKeys: type}}")
	f("spec.strategy.$retainKeys does not list rollingUpdate, which the patch sets", "spec: {strategy: {$retainKeys: [type], rollingUpdate: {}}}")
	f("metadata.$setElementOrder/finalizers is not supported", "metadata: {$setElementOrder/finalizers: [two]}")
	f(`unknown field "spec.replica"`, "spec: {replica: 3}")
}
