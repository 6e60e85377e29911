package manifest

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/otlpctl/otlpctl/pkg/config"
)

func patched(t *testing.T, patch string, set ...string) (Set, error) {
	t.Helper()
	patches, err := ReadPatches("p.yaml", []byte(patch))
	if err != nil {
		return Set{}, err
	}
	return Render(Input{Config: load(t, "sample.config.yaml", set...), Templates: builtin(t), Patches: patches})
}

func TestPatch(t *testing.T) {
	f := func(patch, kind, want string, set ...string) {
		t.Helper()
		s, err := patched(t, patch, set...)
		if err != nil {
			t.Errorf("%s: %v", patch, err)
			return
		}
		out := kindText(t, s, kind)
		text, not := strings.CutPrefix(want, "!")
		if strings.Contains(out, text) == not {
			t.Errorf("%s: want %q in\n%s", patch, want, out)
		}
	}
	// A strategic merge keeps what else is in a list.
	f(`{kind: Deployment, spec: {template: {spec: {containers: [{name: otlp-receiver, env: [{name: EXTRA, value: x}]}]}}}}`, "Deployment", "name: EXTRA")
	f(`{kind: Deployment, spec: {template: {spec: {containers: [{name: otlp-receiver, env: [{name: EXTRA, value: x}]}]}}}}`, "Deployment", "name: POD_IP")
	f(`{kind: Deployment, spec: {template: {spec: {containers: [{name: side, image: s}]}}}}`, "Deployment", "name: otlp-receiver\n        ports")
	f(`{kind: Deployment, spec: {template: {spec: {tolerations: [{key: spot, operator: Exists}]}}}}`, "Deployment", "key: spot")
	f("apiVersion: v1\nkind: Service\nmetadata: {name: otlp-receiver, labels: {a: b}}\n", "Service", "a: b")
	f("kind: Service\nspec: {clusterIP: None}\n---\n# nothing\n---\nkind: Service\nspec: {clusterIP: null}\n", "Service", "!clusterIP")
	f(`{kind: PodDisruptionBudget, $patch: delete}`, "PodDisruptionBudget", "!kind")
	f(`{target: {kind: Service, name: otlp-receiver}, patch: [{op: remove, path: /spec/ports/2}]}`, "Service", "!8888")
	f("---\n"+`{"kind": "Service", "spec": {"type": "NodePort"}}`, "Service", "NodePort")
	f(`{kind: ServiceMonitor, spec: {endpoints: [{port: metrics}]}}`, "ServiceMonitor", "!interval", "deploy.monitor.kind=ServiceMonitor")
	f(`{target: {kind: ServiceMonitor}, patch: [{op: add, path: /spec/endpoints/0/honorLabels, value: true}]}`, "ServiceMonitor", "honorLabels: true", "deploy.monitor.kind=ServiceMonitor")
	// What the pod has is known when the patches have been applied.
	f(`{kind: Deployment, spec: {template: {spec: {containers: [{name: otlp-receiver, envFrom: [{secretRef: {name: s}}]}]}}}}`, "Deployment", "secretRef",
		"exporters.otlp.endpoint=${env:BACKEND}")
}

func TestPatchRefuses(t *testing.T) {
	f := func(want, patch string) {
		t.Helper()
		if _, err := patched(t, patch); err == nil || !strings.Contains(err.Error(), "patch p.yaml: "+want) {
			t.Errorf("%s: got %v, want %q", patch, err, want)
		}
	}
	f("holds no patch", "")
	f("holds no patch", "---\n# nothing\n")
	f("names no kind", "spec: {}")
	f("there is no DaemonSet to be changed", "kind: DaemonSet\nspec: {}")
	f("there is no Service/other to be changed", "kind: Service\nmetadata: {name: other}")
	f("there is no Ingress", "{target: {kind: Ingress}, patch: [{op: remove, path: /a}]}")
	f("target has no kind", "{target: {name: x}, patch: []}")
	f("patch has no operations", "{target: {kind: Service}, patch: []}")
	f("patch is no list", "{target: {kind: Service}, patch: 3}")
	f("cannot unmarshal array", "[]")
	f("patch is no list of operations: invalid operation", "{target: {kind: Service}, patch: [{op: set, path: /a}]}")
	f("patch is no list of operations: invalid operation", "{target: {kind: Service}, patch: [{op: remove}]}")
	f("patch is no list of operations: invalid operation", "{target: {kind: Service}, patch: [{op: add, path: /a}]}")
	f("patch is no list of operations: invalid operation", "{target: {kind: Service}, patch: [{op: move, path: /a}]}")
	f(`unknown field "paths"`, "{target: {kind: Service}, paths: 1, patch: []}")
	f(`Deployment/otlp-receiver: unknown field "spec.replica"`, "kind: Deployment\nspec: {replica: 3}")
	f("Deployment/otlp-receiver: is of apiVersion apps/v1, and the patch of apps/v1beta1", "apiVersion: apps/v1beta1\nkind: Deployment")
	f("Service/otlp-receiver: must keep its", "{target: {kind: Service}, patch: [{op: replace, path: /metadata/name, value: x}]}")
	f("Service/otlp-receiver: ", "{target: {kind: Service}, patch: [{op: test, path: /spec/type, value: NodePort}]}")
	f("unmarshal errors:\n  line 2: key \"kind\" already set", "kind: Service\nkind: Deployment")
}

func TestTemplates(t *testing.T) {
	f := func(name, text, kind, want, wantError string) {
		t.Helper()
		all, err := ReadTemplates(fstest.MapFS{name: {Data: []byte(text)}, "README": {}})
		var s Set
		if err == nil {
			s, err = Render(Input{Config: load(t, "", "deploy.name=mine", "deploy.monitor.interval_seconds=7"), Templates: all})
		}
		switch {
		case wantError != "":
			if err == nil || !strings.Contains(err.Error(), wantError) {
				t.Errorf("%s: got %v, want %q", name, err, wantError)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case !strings.Contains(kindText(t, s, kind), want):
			t.Errorf("%s: want %q in\n%s", name, want, kindText(t, s, kind))
		}
	}
	const head = "apiVersion: v1\nkind: Service\n"
	f("service.yaml", head+"metadata: {annotations: {a: b}}\nspec: {sessionAffinity: ClientIP}\n", "Service", "sessionAffinity: ClientIP", "")
	f("service.yaml", head+"metadata: {labels: {app: x, mine: z}}", "Service", "app: mine\n", "")
	f("service.yaml", head+"metadata: {labels: {app: x, mine: z}}", "Service", "mine: z\n", "")
	f("service.yaml", head+"spec: {sesionAffinity: x}", "", "", `template service.yaml: unknown field "spec.sesionAffinity"`)
	f("service.yaml", "apiVersion: v1\nkind: Secret\n", "", "", `is of apiVersion "v1" and kind "Secret", and must be of "v1" and "Service"`)
	f("service.yaml", "{", "", "", "template service.yaml: ")
	f("services.yaml", head, "", "", "template services.yaml: there is no such template")
	f("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: x}]}}}", "", "", "has no container called otlp-receiver")
	f("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: x}, {name: otlp-receiver}]}}}", "Deployment", "name: x\n", "")
	f("servicemonitor.yaml", "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nspec: {endpoints: [{honorLabels: true}, 3]}", "ServiceMonitor", "honorLabels: true\n    interval: 7s", "")
	f("servicemonitor.yaml", "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nspec: 3", "", "", "has no spec")
	f("servicemonitor.yaml", "3", "", "", "template servicemonitor.yaml: ")
}

// fuzzed is a configuration with every object.
func fuzzed(f *testing.F) config.Portable {
	f.Helper()
	p, err := config.LoadPortable(config.Sources{Files: []string{filepath.Join(golden, "everything.config.yaml")}})
	if err != nil {
		f.Fatal(err)
	}
	return p
}

// Whatever a patch says, what comes out is the objects of the API or an error.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		`{kind: Deployment, spec: {template: {spec: {containers: [{name: otlp-receiver, image: x}]}}}}`,
		`{target: {kind: Service}, patch: [{op: remove, path: /spec/ports/0}, {op: add, path: /spec/x, value: 1}]}`,
		`{kind: Service, $patch: delete}`, `{kind: Service, spec: {ports: [{$patch: replace}, {port: 1}]}}`,
		"kind: ServiceMonitor\nspec: null", "---\n---", "kind: [", `{target: , patch: [null]}`,
	} {
		f.Add(seed)
	}
	all, err := BuiltinTemplates()
	if err != nil {
		f.Fatal(err)
	}
	from := fuzzed(f)
	f.Fuzz(func(t *testing.T, text string) {
		patches, err := ReadPatches("p.yaml", []byte(text))
		if err != nil {
			return
		}
		s, err := Render(Input{Config: from, Templates: all, Patches: patches})
		if err != nil {
			return
		}
		for _, u := range s.Objects {
			if u.GetKind() == "" || u.GetName() == "" {
				t.Errorf("%q made an object without a kind or name: %v", text, u.Object)
			}
		}
		if _, err := s.YAML(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	all, err := BuiltinTemplates()
	if err != nil {
		f.Fatal(err)
	}
	for name, text := range all {
		f.Add(name, text)
	}
	f.Add("servicemonitor.yaml", []byte("spec: {selector: 3, endpoints: {}}"))
	from := fuzzed(f)
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		own, err := ReadTemplates(fstest.MapFS{"x": {}})
		if err != nil || own[name] == nil {
			return
		}
		own[name] = text
		s, err := Render(Input{Config: from, Templates: own})
		if err != nil {
			return
		}
		if _, err := s.YAML(); err != nil {
			t.Error(err)
		}
	})
}
