package manifest

import (
	"errors"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/config"
)

func TestRenderRefuses(t *testing.T) {
	f := func(want string, set ...string) {
		t.Helper()
		_, err := render(t, "sample.config.yaml", set...)
		faults, ok := errors.AsType[config.Errors](err)
		if !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", set, err, want)
			return
		}
		if len(faults) == 0 || faults[0].Position == (config.Position{}) {
			t.Errorf("%q: the fault has no place: %v", set, err)
		}
	}
	f(`--set deploy.name: deploy.name: "Gateway": a DNS-1035 label`, "deploy.name=Gateway")
	f("is too long", "deploy.name="+strings.Repeat("a", 60))
	f(`deploy.namespace: "a.b"`, "deploy.namespace=a.b")
	f("is no name of an image", "deploy.image=Registry/UPPER:1")
	f("is no name of an image", "deploy.image=x:1:2")
	f(`deploy.resources.limits.memory: "512mib" is no amount`, "deploy.resources.limits.memory=512mib")
	f("is no amount", "deploy.resources.requests.cpu=-1")
	f("1Gi is above the limit of 512Mi", "deploy.resources.requests.memory=1Gi")
	f("is empty, and autoscaling aims at a share of it", "deploy.resources.requests.cpu=", "deploy.resources.limits.cpu=")
	f("needs to be told how large", "deploy.data.storage_class=fast")
	f(`deploy.env.1X: "1X"`, "deploy.env.1X=y")
	f("is set in deploy.env as well", "deploy.env.X=y", "deploy.secret_env.X=s/k")
	f("is no place in a Secret", "deploy.secret_env.X=s")
	f("is no folder to mount", "deploy.mounts.relative=secret/x")
	f("would cover /data", "deploy.mounts./data=secret/x")
	f("would cover /app/otlpctl", "deploy.mounts./app=secret/x")
	f("would cover /app/config", "deploy.mounts./app/config/more=secret/x")
	f("is nothing to mount", "deploy.mounts./etc/x=x")
	f("is a label that otlpctl sets", "deploy.labels.app=x")
	f("exporters.otlp.endpoint: refers to the variable BACKEND, which the pod does not have", "exporters.otlp.endpoint=${env:BACKEND}")
	f(`exporters.file.path: "/tmp/x" cannot be written: in the pod only /data can`, "exporters.file.path=/tmp/x", "service.pipelines.traces.exporters=file")
	f("cannot be written", "exporters.file.path=x.json", "service.pipelines.traces.exporters=file")
	f("cannot be written", "exporters.file.path=/app/config/x", "service.pipelines.traces.exporters=file")
	f("the pod has no identity to decrypt it", "exporters.otlp.headers.a=ENC[age,YWdl]")
	f("the port is not known", "otlp.grpc_endpoint=0.0.0.0:${env:PORT}")
	f("the grace period of pods follows it", "service.shutdown.timeout=${env:POD_NAME}")
	f("has nothing to scrape", "deploy.monitor.kind=PodMonitor", "admin.endpoint=localhost:8888")
	f("has nothing to scrape", "deploy.monitor.kind=PodMonitor", "service.telemetry.metrics.level=none")
	f("leads nowhere", "deploy.gateway.name=g", "deploy.gateway.grpc_hostnames=a.example", "otlp.grpc_endpoint=localhost:4317")
	f(`deploy.ingress.host: "a_b"`, "deploy.ingress.host=a_b")
	f("for which admin.tls.key_file must be the name of a file", "admin.endpoint=0.0.0.0:8888", "admin.tls.cert_pem=x", "admin.tls.key_pem=y", "admin.tls.client_ca_file=ca.pem")
	f("is needed where the objects are made: probes ask there", "admin.endpoint=${env:POD_IP}:8888", "admin.tls.cert_file=x", "admin.tls.key_file=y", "admin.tls.client_ca_file=ca.pem")
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	_, err := render(t, "", "deploy.name=A", "deploy.image=B", "deploy.resources.limits.cpu=c")
	if faults, _ := errors.AsType[config.Errors](err); len(faults) != 3 {
		t.Errorf("got %v", err)
	}
}

func TestVariablesOfThePod(t *testing.T) {
	f := func(set ...string) {
		t.Helper()
		if _, err := render(t, "sample.config.yaml", append(set, "exporters.otlp.endpoint=${env:BACKEND}")...); err != nil {
			t.Errorf("%q: %v", set, err)
		}
	}
	f("deploy.env.BACKEND=x:1")
	f("deploy.env.BACKEND=x:1", "exporters.file.path=/tmp/not-used")
	f("deploy.secret_env.BACKEND=s/k")
}

func TestWarnings(t *testing.T) {
	f := func(want string, set ...string) {
		t.Helper()
		got := mustRender(t, "sample.config.yaml", set...).Warnings.String()
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", set, got, want)
		}
	}
	f("")
	f("", "deploy.image=x:2")
	f("2 of the 3 pods that high availability takes: when a node fails during an update", "deploy.autoscaling.min_replicas=2")
	f("whenever the pod or its node stops", "deploy.autoscaling.enabled=false", "deploy.replicas=1")
	f("has no effect: autoscaling decides", "deploy.replicas=5")
	f("", "deploy.replicas=5", "deploy.autoscaling.min_replicas=5")
	f("has a tag that moves", "deploy.image=x:latest")
	f("has a tag that moves", "deploy.image=x")
	f("must have the keys exporters.otlp.headers.a", "deploy.existing_secret=s", "exporters.otlp.headers.a=planted")
	f("lets the outside reach the admin port 8888", "deploy.service.type=NodePort")
	f("which only the pod itself can reach", "otlp.grpc_endpoint=127.0.0.1:4317")
	f(`exporters.otlp.tls.ca_file: "/etc/otel/ca.pem" is in no volume of the pod`, "exporters.otlp.tls.ca_file=/etc/otel/ca.pem")
	f("", "exporters.otlp.tls.ca_file=/etc/otel/ca.pem", "deploy.mounts./etc/otel=configmap/ca")
	f("", "exporters.otlp.tls.ca_file=/etc/ssl/certs/ca-certificates.crt")
	f(`exporters.otlp.headers.a: "/run/token" is in no volume of the pod`, "exporters.otlp.headers.a=${file:/run/token}")
	f("", "exporters.otlp.headers.a=${file:/app/secrets/token}", "deploy.existing_secret=s")
	f("aims at 204MiB a pod, and the queues alone may hold 737MiB", "deploy.resources.limits.memory=2Gi")
	f("", "deploy.resources.limits.memory=2Gi", "deploy.resources.requests.memory=1Gi")
}
