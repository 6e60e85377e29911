package e2e_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// A server whose backends fail in every way says so in its log, at its most talkative, and on its admin port, without
// a word of what it was trusted with.
func TestServeKeepsSecrets(t *testing.T) {
	t.Parallel()
	behind := sink.Run(t)
	behind.Answer(func(_ context.Context, r sink.Request) sink.Answer {
		// Some backends repeat what they refuse.
		var said []string
		for _, values := range r.Header {
			said = append(said, values...)
		}
		return sink.Answer{Code: codes.Unauthenticated, HTTPStatus: http.StatusUnauthorized, Message: "who are you? " + strings.Join(said, " ")}
	})
	srv, plan := trusted(t, behind)
	// As start does, but for the flags and the variables.
	srv.Process = process.Run(t, process.Spec{
		Name: "otlpctl", Path: otlpctl(t), Args: append([]string{"serve", "--config", plan.file}, plan.set...),
		Env: append(plan.env, "APP__ADMIN__RELOAD=true", "APP__ADMIN__ENDPOINT="+srv.admin),
	})
	srv.waitReady(t)
	c := srv.client(t, signal.GRPC, "")
	exporters := []string{"otlp/refused", "otlphttp/unauthorized", "otlp/unauthorized", "otlphttp/proxied", "otlp/handshake", "otlphttp/handshake"}
	fails := func(name string) func() bool {
		return func() bool {
			if err := c.Export(t.Context(), signal.Logs, numbered.Request(signal.Logs, 1, 1)); err != nil {
				t.Fatal(err)
			}
			return logged(srv.Process, `"exporter":"`+name+`"`, "error")
		}
	}
	scan := func(when string) {
		for _, page := range []string{"/", "/health", "/ready", "/status", "/metrics"} {
			code, body, err := get(t.Context(), "http://"+srv.admin+page)
			if err != nil || code != http.StatusOK {
				t.Errorf("%s: %d %v", page, code, err)
			}
			plan.want(t, page+" "+when, body)
		}
	}
	for _, name := range exporters {
		wait.For(t, arrivalLimit, name+" to fail", fails(name))
	}
	if len(behind.Refused()) == 0 {
		t.Error("the backend has refused nothing")
	}
	scan("while all exporters fail")
	good, err := os.ReadFile(plan.file)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range secretMistakes(plan) {
		replace(t, plan.file, m.make(t, string(good)))
		code, body := srv.postReload(t)
		if code != http.StatusUnprocessableEntity {
			t.Errorf("%s: a reload is answered with %d: %s", m.name, code, body)
		}
		plan.want(t, "the answer to a reload, "+m.name, body)
		if i == 0 {
			scan("after a mistake")
		}
	}
	replace(t, plan.file, strings.Replace(string(good), "timeout: 10ms", "timeout: 20ms", 1))
	code, body := srv.postReload(t)
	plan.want(t, "the answer to a reload", body)
	if code != http.StatusOK {
		t.Errorf("a reload is answered with %d: %s", code, body)
	}
	scan("after a reload")
	if err := srv.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, err := srv.Wait(t.Context()); err != nil || code != 1 {
		t.Errorf("exit code %d, %v, want 1, as nothing could be delivered", code, err)
	}
	for _, path := range []string{srv.StdoutPath(), srv.StderrPath()} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		plan.want(t, filepath.Base(path), string(text))
	}
}

// trusted plans a server with secrets. Of its backends one answers, one does not speak TLS, and one is not there.
func trusted(t *testing.T, behind *sink.Sink) (*server, *safe) {
	t.Helper()
	addrs, err := loopback.Addrs(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{grpc: addrs[0], http: addrs[1], admin: addrs[2]}
	return s, plan(t, strings.NewReplacer("$GRPC", s.grpc, "$HTTP", s.http,
		"$CLOSED", addrs[3], "$BACKEND", behind.HTTPAddr(), "$PLAIN", behind.GRPC()))
}

// No command shows a secret, of a configuration as it is or of one with a mistake, but those that are there to show
// them: config decrypt and config edit.
func TestCommandsKeepSecrets(t *testing.T) {
	t.Parallel()
	_, plan := trusted(t, sink.Run(t))
	f := func(code int, args ...string) {
		t.Helper()
		if o := plan.run(t, args...); o.code != code {
			t.Errorf("%q ends with %d, want %d: %s", args, o.code, code, o.stderr)
		}
	}
	config := append([]string{"--config", plan.file}, plan.set...)
	with := func(args ...string) []string { return append(args, config...) }
	for _, o := range []string{"yaml", "json"} {
		f(0, with("config", "show", "-o", o)...)
		f(0, with("config", "show", "--origin", "-o", o)...)
	}
	for _, path := range []string{
		"", "exporters", "exporters.otlp/refused", "exporters.otlp/refused.headers", "exporters.otlp/refused.headers.authorization",
		"exporters.otlp/refused.headers.x-from-file", "exporters.otlp/refused.headers.x-from-env",
		"exporters.otlp/refused.headers.x-set", "APP__EXPORTERS__OTLP_REFUSED__HEADERS__X_VARIABLE", "exporters.otlphttp/unauthorized.endpoint",
		"exporters.otlphttp/unauthorized.headers.x-sealed", "exporters.otlphttp/proxied.proxy_url", "exporters.otlp/handshake.tls.key_pem",
		"exporters.otlp/handshake.tls.server_name_override", "exporters.otlphttp/handshake.endpoint",
	} {
		for _, o := range []string{"table", "json", "yaml"} {
			f(0, with(strings.Fields("config explain -o "+o+" "+path)...)...)
		}
	}
	f(0, "config", "schema")
	f(0, "config", "init", "-")
	plan.others(t, f)
	good, err := os.ReadFile(plan.file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range secretMistakes(plan) {
		replace(t, plan.file, m.make(t, string(good)))
		f(2, with("serve")...)
		for _, args := range [][]string{ // some of which do not look close enough to see the mistake
			with("config", "show"), with("config", "show", "-o", "json", "--origin"), with("config", "explain", "exporters"), with("config", "validate"), with("config", "validate", "-o", "json"),
			{"config", "diff", plan.file, "base.yaml"},
			{"config", "encrypt", plan.file, "--all-secrets", "--recipient", plan.recipient},
			{"config", "rotate", plan.file, "--recipient", plan.recipient},
		} {
			plan.run(t, args...)
		}
	}
}

// others runs the commands on files, which do not load the configuration.
func (s *safe) others(t *testing.T, f func(code int, args ...string)) {
	t.Helper()
	replace(t, filepath.Join(s.folder, "base.yaml"), strings.NewReplacer(
		"Bearer ", "Basic ", "user:", "root:", "value: ", "value: x", s.secrets["sealed name"], "backend.internal", "BEGIN PRIVATE KEY-----\n", "BEGIN PRIVATE KEY-----\n\n",
	).Replace(s.unsealed))
	replace(t, filepath.Join(s.folder, "plain.yaml"), s.unsealed)
	for _, o := range []string{"table", "json", "yaml"} {
		f(4, "config", "diff", s.file, "base.yaml", "-o", o)
		f(4, "config", "diff", s.file, "plain.yaml", "-o", o)
	}
	f(0, "config", "encrypt", "base.yaml", "--all-secrets", "--recipient", s.recipient)
	f(0, "config", "rotate", "base.yaml", "--recipient", s.recipient)
	f(0, "config", "rotate", s.file, "--recipient", s.recipient)
}
