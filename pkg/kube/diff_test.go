package kube

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// object reads an object from YAML.
func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	if text == "" {
		return nil
	}
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u
}

func lines(all []Difference) string {
	var b strings.Builder
	value := func(v *string) string {
		if v == nil {
			return "-"
		}
		return *v
	}
	for _, d := range all {
		_, _ = fmt.Fprintf(&b, "%s: %s → %s\n", d.Path, value(d.Now), value(d.Then))
	}
	return b.String()
}

func TestDifferences(t *testing.T) {
	f := func(now, then, want string) {
		t.Helper()
		if got := lines(differences(object(t, now), object(t, then))); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	const service = "{apiVersion: v1, kind: Service, metadata: {name: a, resourceVersion: '1'}, spec: {ports: [{name: x, port: 1}, {name: w, port: 2}]}}"
	f(service, service, "")
	f(service, strings.Replace(service, "resourceVersion: '1'", "resourceVersion: '2', generation: 2, managedFields: [{}]", 1)+"\nstatus: {loadBalancer: {}}", "")
	f(service, strings.Replace(service, "port: 2", "port: 3", 1), "spec.ports[w].port: 2 → 3\n")
	f(service, strings.Replace(service, "name: w, port: 2", "name: z, port: 2", 1), "spec.ports[w]: {\"name\":\"w\",\"port\":2} → -\nspec.ports[z]: - → {\"name\":\"z\",\"port\":2}\n")
	f("{apiVersion: v1, kind: A, spec: {list: [a, b]}}", "{apiVersion: v1, kind: A, spec: {list: [a, c, d]}}", "spec.list[1]: b → c\nspec.list[2]: - → d\n")
	f("{apiVersion: v1, kind: A, metadata: {labels: {a.b/c: '1'}}}", "{apiVersion: v1, kind: A, metadata: {}}", "metadata.labels: {\"a.b/c\":\"1\"} → -\n")
	f("{apiVersion: v1, kind: A, metadata: {labels: {a.b/c: '1'}}}", "{apiVersion: v1, kind: A, metadata: {labels: {a.b/c: '2'}}}", "metadata.labels[a.b/c]: 1 → 2\n")
	const configMap = "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: |\n    exporters: {debug: {}}\n"
	f(configMap, strings.Replace(configMap, "{}", "{verbosity: normal}", 1), "data[config.yaml].exporters.debug.verbosity: - → normal\n")
	f(configMap, strings.Replace(configMap, "exporters: {debug: {}}", "text", 1), "data[config.yaml]: exporters: {debug: {}}\n → text\n\n")
	f("{apiVersion: v1, kind: Secret, data: {a: c2VjcmV0}, type: Opaque}", "{apiVersion: v1, kind: Secret, data: {a: b3RoZXI=, b: eA==}, type: Other}", "data.a: *** → ***\ndata.b: - → ***\ntype: Opaque → Other\n")
	f("{apiVersion: v1, kind: Secret, metadata: {annotations: {last: secret}}}", "{apiVersion: v1, kind: Secret, metadata: {}}", "metadata.annotations: *** → -\n")
	f("", "{apiVersion: v1, kind: Secret, data: {a: c2VjcmV0}}", "apiVersion: - → v1\ndata: - → ***\nkind: - → Secret\nmetadata: - → null\n")
}
