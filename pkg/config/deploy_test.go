package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func portable(t *testing.T, text string, set ...string) Portable {
	t.Helper()
	p, err := loadPortable([]File{{"x.yaml", []byte(text)}}, Sources{Set: set})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

const gateway = `
receivers: {otlp: {protocols: {grpc: {}}}}
exporters: {otlp: {endpoint: backend:4317}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}
`

// What is written into one file means what the layers mean.
func TestPortableMeansTheSame(t *testing.T) {
	f := func(name string, files []File, set ...string) {
		t.Helper()
		p, err := loadPortable(files, Sources{Set: set})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		before, err := LoadWritten(files, set)
		if err != nil {
			t.Fatal(err)
		}
		after, err := LoadWritten([]File{{"config.yaml", p.File}}, nil)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, p.File)
			return
		}
		before.Deploy, after.Deploy = DefaultDeploy(), DefaultDeploy()
		for _, d := range Diff(before, after) {
			if len(p.Secrets) == 0 && !strings.HasPrefix(d.Path, "deploy") {
				t.Errorf("%s: %s differs: %v and %v\n%s", name, d.Path, d.A, d.B, p.File)
			}
		}
	}
	names, err := filepath.Glob(filepath.Join(fixtures, "valid-*.[yt][ao]ml"))
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f(name, []File{{name, data}})
	}
	one := func(text string) []File { return []File{{"x.yaml", []byte(text)}} }
	f("nothing", nil)
	f("a flag on what runs without files", nil, "exporters.debug.verbosity=detailed")
	f("a short flag over a short file", one("otlp: {grpc_endpoint: '0.0.0.0:5555'}"), "server.port=6666")
	f("a short flag over a long file", one(gateway), "server.port=6666", "logging.level=DEBUG")
	f("a batch processor where no file names any", one("otlp: {batch_size: 77}"))
	f("texts that look like something else", one(gateway+"admin: {endpoint: '127.0.0.1:8888'}\n"),
		"exporters.otlp.headers.a=null", "exporters.otlp.headers.b= x: y # z", "exporters.otlp.headers.c=$$x", "exporters.otlp.headers.d=0x10")
	f("a database where no file names components", one("database: {url: '${env:DATABASE_URL}', max_connections: 3}"))
	f("a database beside other exporters", one(gateway), "database.url=sqlite:/data/x.db")
	f("references", one(gateway), "exporters.otlp.endpoint=${env:BACKEND}", "logging.level=${env:LEVEL:-info}")
}

func TestPortableTakesSecretsOut(t *testing.T) {
	f := func(set, wantInFile, key, value string) {
		t.Helper()
		p := portable(t, gateway, set)
		if got := p.Secrets[key]; got != value || !strings.Contains(string(p.File), wantInFile) {
			t.Errorf("%s: secrets %q, file\n%s", set, p.Secrets, p.File)
		}
		if value != "" && strings.Contains(string(p.File), value) {
			t.Errorf("%s: the secret is in the file", set)
		}
	}
	f("exporters.otlp.headers.x-token=swordfish", "x-token: ${file:/app/secrets/exporters.otlp.headers.x-token}", "exporters.otlp.headers.x-token", "swordfish")
	f("exporters.otlp.headers.a=Bearer ${env:TOKEN}", "a: Bearer ${env:TOKEN}", "exporters.otlp.headers.a", "")
	f("exporters.otlp.headers.a=cash$$register", "a: ${file:", "exporters.otlp.headers.a", "cash$register")
	f("exporters.otlphttp.endpoint=https://u:swordfish@backend", "endpoint: ${file:/app/secrets/exporters.otlphttp.endpoint}", "exporters.otlphttp.endpoint", "https://u:swordfish@backend")
}

func TestPortableRefuses(t *testing.T) {
	f := func(want, text string, set ...string) {
		t.Helper()
		_, err := loadPortable([]File{{"x.yaml", []byte(text)}}, Sources{Set: set})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%s %q: got %v, want %q", text, set, err, want)
		}
	}
	f("x.yaml:1:17: deploy.image: is a reference", "deploy: {image: '${env:IMAGE}'}")
	f("deploy.env.APP__SERVER__PORT: would outrank the configuration", "", "deploy.env.APP__SERVER__PORT=1")
	f("did you mean APP__EXPORTERS__OTLP__ENDPOINT?", gateway, "deploy.secret_env.APP__EXPORTERS__OTLP__ENDPOIN=s/k")
	f("did you mean replicas?", "deploy: {replica: 3}")
	f("has a password beside a reference", gateway, "exporters.otlphttp.endpoint=https://u:swordfish@${env:HOST}")
	f("cannot be carried over", gateway, "otlp.timeout_seconds=${env:SECONDS}")
	f("service.pipelines.traces.exporters[0]: \"oltp\" is not defined", gateway, "service.pipelines.traces.exporters[0]=oltp")
	f("deploy.autoscaling.min_replicas: 12 is above max_replicas 10", "", "deploy.autoscaling.min_replicas=12")
	f("--set deploy.disruption_budget.min_available", "", "deploy.disruption_budget.min_available=100%")
	f("3 of 3 pods lets none be evicted", "", "deploy.disruption_budget.min_available=3")
	f("0 lets no pod be evicted", "", "deploy.disruption_budget.max_unavailable=0")
	f("let no pod be replaced", "", "deploy.strategy.max_unavailable=0", "deploy.strategy.max_surge=0%")
	f("is no number of pods and no percentage", "", "deploy.strategy.max_surge=120%")
	f("several pods would write to one volume", "", "deploy.data.claim=x")
	f("there is nothing to route", "deploy: {ingress: {class_name: nginx}}")
	f("must be RollingUpdate or Recreate", "", "deploy.strategy.type=OnDelete")
}

// What a variable of the pod sets need not be in the configuration.
func TestSecretVariables(t *testing.T) {
	text := strings.Replace(gateway, "endpoint: backend:4317", "timeout: 5s", 1)
	p := portable(t, text, "deploy.secret_env.APP__EXPORTERS__OTLP__ENDPOINT=s/k")
	if !p.Open("exporters.otlp.endpoint") || strings.Contains(string(p.File), "APP__") {
		t.Errorf("%s", p.File)
	}
}

func TestListeners(t *testing.T) {
	f := func(want string, set ...string) {
		t.Helper()
		var got []string
		all, err := portable(t, gateway, set...).AllListeners()
		if err != nil {
			got = append(got, err.Error())
		}
		for _, l := range all {
			text := l.Protocol + " " + l.Host + " " + decimal(l.Port)
			if l.TLS {
				text += " tls"
			}
			got = append(got, text)
		}
		if text := strings.Join(got, ", "); text != want && (want == "" || err == nil || !strings.Contains(text, want)) {
			t.Errorf("%q: got %s, want %s", set, text, want)
		}
	}
	f("grpc 0.0.0.0 4317, metrics 0.0.0.0 8888")
	f("grpc ${env:POD_IP} 4317, metrics 0.0.0.0 8888", "otlp.grpc_endpoint=${env:POD_IP}:4317")
	f("grpc ${env:POD_IP} 4317, metrics 0.0.0.0 8888", "server.host=${env:POD_IP}")
	f("the port is not known", "otlp.grpc_endpoint=0.0.0.0:${env:PORT}")
	f("the port is not known", "otlp.grpc_endpoint=0.0.0.0:0")
	f("the port is not known", "otlp.grpc_endpoint=${env:POD_IP}:99999")
	f("metrics 0.0.0.0 9999", "receivers.otlp.protocols.grpc.transport=unix", "otlp.grpc_endpoint=/run/otlp.sock", "admin.endpoint=0.0.0.0:9999")
	f("grpc 0.0.0.0 4317, metrics 0.0.0.0 8888, metrics 0.0.0.0 8889", "service.telemetry.metrics.address=0.0.0.0:8889")
	f("grpc 0.0.0.0 4317, metrics 0.0.0.0 8888", "service.telemetry.metrics.address=localhost:8888")
	f("grpc 0.0.0.0 4317, metrics 0.0.0.0 8888", "service.telemetry.metrics.address=0.0.0.0:8889", "service.telemetry.metrics.level=none")
	f("grpc 0.0.0.0 4317 tls, metrics 0.0.0.0 8888 tls", "receivers.otlp.protocols.grpc.tls.cert_file=c", "receivers.otlp.protocols.grpc.tls.key_file=k",
		"admin.tls.cert_file=c", "admin.tls.key_file=k")
}

func TestQueueBytes(t *testing.T) {
	f := func(most int64, bounded bool, set ...string) {
		t.Helper()
		if gotMost, gotBounded := portable(t, gateway, set...).QueueBytes(); gotMost != most || gotBounded != bounded {
			t.Errorf("%q: got %d %v", set, gotMost, gotBounded)
		}
	}
	f(0, false)
	f(0, true, "exporters.otlp.sending_queue.enabled=false")
	f(5<<20, true, "exporters.otlp.sending_queue.sizer=bytes", "exporters.otlp.sending_queue.queue_size=5242880")
}

// What /status of a receiver tells that runs with the file is what is known of it here.
func TestPortableHash(t *testing.T) {
	p := portable(t, gateway, "deploy.name=x", "exporters.otlp.endpoint=other:1")
	running, err := LoadWritten([]File{{"/app/config/config.yaml", p.File}}, nil)
	if err != nil || running.Hash != p.FileHash {
		t.Errorf("%s is not %s: %v", running.Hash, p.FileHash, err)
	}
	if scaled := portable(t, gateway, "deploy.replicas=9", "exporters.otlp.endpoint=other:1"); scaled.FileHash != p.FileHash {
		t.Error("the section deploy is part of the configuration of the receiver")
	}
}

// The section deploy is shown where somebody says something about it, and compared always.
func TestDeployIsShown(t *testing.T) {
	quiet, loud := portable(t, gateway), portable(t, gateway, "deploy.replicas=9")
	if quiet.Show().Find("deploy") != nil || loud.Show().Find("deploy.autoscaling.max_replicas") == nil {
		t.Error("the section deploy is shown where nobody sets it, or not where somebody does")
	}
	explained, err := loud.Explain("deploy.replicas")
	if err != nil || explained.Value == nil || explained.Value.Text() != "9" {
		t.Errorf("explained as %v: %v", explained.Value, err)
	}
	var paths []string
	for _, d := range Diff(quiet.Loaded, loud.Loaded) {
		paths = append(paths, d.Path)
	}
	if got := strings.Join(paths, " "); got != "deploy.replicas" {
		t.Errorf("they differ in %q", got)
	}
}
