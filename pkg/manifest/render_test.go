package manifest

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	autoscalingv2 "github.com/otlpctl/otlpctl/pkg/manifest/api/autoscaling/v2"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
	networkingv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/networking/v1"
	policyv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/policy/v1"
)

// kindText returns the objects of a kind, as YAML.
func kindText(t *testing.T, s Set, kind string) string {
	t.Helper()
	var only Set
	for _, u := range s.Objects {
		if u.GetKind() == kind {
			only.Objects = append(only.Objects, u)
		}
	}
	return text(t, only)
}

// What the configuration says is in the object of a kind. A leading ! says that it is not.
func TestRender(t *testing.T) {
	f := func(kind, want string, set ...string) {
		t.Helper()
		out := kindText(t, mustRender(t, "sample.config.yaml", set...), kind)
		text, not := strings.CutPrefix(want, "!")
		if strings.Contains(out, text) == not {
			t.Errorf("%q: want %q in\n%s", set, want, out)
		}
	}
	f("Deployment", "containerPort: 4317")
	f("Deployment", "containerPort: 5317", "otlp.grpc_endpoint=0.0.0.0:5317")
	f("Service", "port: 5317", "otlp.grpc_endpoint=0.0.0.0:5317")
	f("Service", "!port: 4317", "otlp.grpc_endpoint=0.0.0.0:5317")
	f("Deployment", `prometheus.io/port: "9999"`, "admin.endpoint=:9999")
	f("Deployment", "!prometheus.io", "service.telemetry.metrics.level=none")
	f("Deployment", "!replicas:")
	f("Deployment", "replicas: 7", "deploy.autoscaling.enabled=false", "deploy.replicas=7")
	f("Deployment", "!rollingUpdate", "deploy.strategy.type=Recreate")
	f("Deployment", "maxSurge: 1\n", "deploy.strategy.max_surge=1")
	f("Deployment", "terminationGracePeriodSeconds: 40")
	f("Deployment", "terminationGracePeriodSeconds: 70", "service.shutdown.timeout=1m")
	f("Deployment", "terminationGracePeriodSeconds: 40", "service.shutdown.delay=3s")
	f("Deployment", "terminationGracePeriodSeconds: 45", "discovery.consul.address=consul:8500")
	f("Deployment", "otlpctl.io/registries: consul,etcd", "discovery.consul.address=consul:8500", "discovery.etcd.prefix=/services")
	f("Deployment", "!otlpctl.io/registries")
	f("Deployment", "seconds: 2", "service.shutdown.delay=3s")
	f("Deployment", "!preStop", "service.shutdown.delay=5s")
	f("Deployment", "value: 921MiB", "deploy.resources.limits.memory=1Gi")
	f("Deployment", "!GOMEMLIMIT", "deploy.resources.limits.memory=")
	f("Deployment", "value: 100MiB", "deploy.env.GOMEMLIMIT=100MiB")
	f("Deployment", "!460MiB", "deploy.env.GOMEMLIMIT=100MiB")
	f("Deployment", "!APP__LOGGING__LEVEL", "service.telemetry.logs.level=${env:POD_NAME}")
	f("Deployment", "!APP__LOGGING__LEVEL", "deploy.config_mode=live")
	f("Deployment", "sizeLimit: 1Gi", "deploy.data.size=1Gi")
	f("Deployment", "serviceAccountName: mine", "deploy.service_account=mine")
	f("Deployment", "secretName: mine", "deploy.existing_secret=mine")
	f("Deployment", "app.kubernetes.io/version: 2.0.0", "deploy.image=x:2.0.0")
	f("Deployment", "!version: v", "deploy.image=x@sha256:"+strings.Repeat("0", 64))
	f("ServiceAccount", "!app", "deploy.service_account=mine")
	f("Namespace", "!app", "deploy.namespace=default")
	f("Namespace", "!app", "deploy.create_namespace=false")
	f("HorizontalPodAutoscaler", "!kind", "deploy.autoscaling.enabled=false")
	f("HorizontalPodAutoscaler", "!name: memory", "deploy.autoscaling.memory_utilization=0")
	f("PodDisruptionBudget", "!kind", "deploy.disruption_budget.enabled=false")
	f("Secret", "exporters.otlp.headers.k: cGxhbnRlZA==", "exporters.otlp.headers.k=planted")
	f("Secret", "!kind", "exporters.otlp.headers.k=planted", "deploy.existing_secret=mine")
	f("ConfigMap", "!planted", "exporters.otlp.headers.k=planted")
	f("ConfigMap", "!deploy", "deploy.replicas=3")
	f("ConfigMap", "endpoint: ${env:POD_IP}:4317", "otlp.grpc_endpoint=${env:POD_IP}:4317")
	f("ConfigMap", "immutable: true")
	f("ConfigMap", "!immutable: true", "deploy.config_mode=live")
	f("ConfigMap", "name: otlp-receiver-config\n", "deploy.config_mode=live")
	f("Deployment", "scheme: HTTPS", "admin.tls.cert_file=c", "admin.tls.key_file=k")
	f("Deployment", "- https://localhost:8888/ready\n            - --ca-file\n            - ca\n            - --cert-file\n            - c\n            - --key-file\n            - k\n",
		"admin.tls.cert_file=c", "admin.tls.key_file=k", "admin.tls.client_ca_file=ca")
	f("PodMonitor", "podMetricsEndpoints", "deploy.monitor.kind=PodMonitor")
}

// Scaling, or any other change of how it is deployed, is no change of the configuration: pods stay.
func TestDeployIsNoConfiguration(t *testing.T) {
	f := func(same bool, set ...string) {
		t.Helper()
		before, after := mustRender(t, "sample.config.yaml"), mustRender(t, "sample.config.yaml", set...)
		if (before.ConfigHash == after.ConfigHash) != same {
			t.Errorf("%q: the hash went from %s to %s", set, before.ConfigHash, after.ConfigHash)
		}
	}
	f(true, "deploy.autoscaling.min_replicas=5", "deploy.resources.limits.cpu=2", "deploy.name=x")
	f(false, "exporters.otlp.endpoint=other:4317")
}

// The figures of a template are those that hold by default, and neither says what the other does not.
func TestDefaultsAreThoseOfTheTemplates(t *testing.T) {
	rendered := mustRender(t, "sample.config.yaml")
	f := func(file string, template, made any, ignore ...string) {
		t.Helper()
		if err := yaml.UnmarshalStrict(builtin(t)[file], template); err != nil {
			t.Fatal(err)
		}
		typed(t, rendered, made)
		options := cmp.Options{cmpopts.EquateEmpty(), cmp.FilterPath(func(p cmp.Path) bool {
			for _, name := range ignore {
				if strings.HasSuffix(p.GoString(), name) {
					return true
				}
			}
			return false
		}, cmp.Ignore())}
		if diff := cmp.Diff(template, made, options); diff != "" {
			t.Errorf("%s (-template +rendered):\n%s", file, diff)
		}
	}
	const labels, annotations = ".Labels", ".Annotations"
	f("deployment.yaml", &appsv1.Deployment{}, &appsv1.Deployment{}, labels, annotations, ".Spec.Replicas", ".Env", ".ConfigMap.LocalObjectReference.Name", ".Name")
	f("horizontalpodautoscaler.yaml", &autoscalingv2.HorizontalPodAutoscaler{}, &autoscalingv2.HorizontalPodAutoscaler{}, labels)
	f("poddisruptionbudget.yaml", &policyv1.PodDisruptionBudget{}, &policyv1.PodDisruptionBudget{}, labels)
	f("service.yaml", &corev1.Service{}, &corev1.Service{}, labels)
	f("serviceaccount.yaml", &corev1.ServiceAccount{}, &corev1.ServiceAccount{}, labels)
	rendered = mustRender(t, "sample.config.yaml", "deploy.network_policy.from_namespaces=", "deploy.service.headless=true")
	f("networkpolicy.yaml", &networkingv1.NetworkPolicy{}, &networkingv1.NetworkPolicy{}, labels)
}

// typed fills in the first object of the same kind.
func typed(t *testing.T, s Set, into any) {
	t.Helper()
	for _, u := range s.Objects {
		if typ := typeOf(u.GetKind()); typ != nil && reflect.TypeOf(typ) == reflect.TypeOf(into) {
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, into); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("there is no %T", into)
}
