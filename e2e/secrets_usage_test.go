package e2e_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// A secret on a command line or in a variable that is not written as it should be is not repeated.
func TestUsageErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	_, plan := trusted(t, sink.Run(t))
	secret, identity := plan.secrets["header"], "AGE-SECRET-KEY-"+plan.secrets["identity"]
	const path = "exporters.otlp/refused.headers.authorization"
	for _, command := range [][]string{{"serve"}, {"config", "show"}, {"config", "explain", "exporters"}} {
		for _, flags := range [][]string{
			{"--set", "=" + secret},
			{"--set", "exporters.otlp/refused.headers=[" + secret},
			{"--set", "exporters.otlp/refused.headers=" + secret},
			{"--set", "exporters.otlp/refused.hedaers.authorization=" + secret},
			{"--set", "exporters.nope.headers.authorization=" + secret},
			{"--set", "exporters.otlp/refused.tls.key_pem=" + secret},
			{"--sett=" + path + "=" + secret},
			{"--set", path + ":" + secret},
			{"--set", path + " " + secret},
			{"--set", secret},
			{"--set", path, secret},
			{path + "=" + secret},
			{"--set", "database.url=mysql://user:" + secret + "@db/otlp"},
		} {
			if o := plan.run(t, append(slices.Concat(command, flags), "--config", plan.file)...); o.code != 2 {
				t.Errorf("%q %q ends with %d: %s", command, flags, o.code, o.stderr)
			}
		}
	}
	for _, variable := range []string{
		"APP__EXPORTERS__OTLP_REFUSED__HEDAERS__AUTHORIZATION=" + secret, "APP__EXPORTERS__OTLP_REFUSED__HEADERS=[" + secret,
		"APP__EXPORTERS__OTLP_REFUSED__HEADERS=" + secret, "APP__EXPORTERS__NOPE__HEADERS__AUTHORIZATION=" + secret,
		"APP__EXPORTERS__OTLP_REFUSED__TLS__KEY_PEM=" + secret, "APP__DATABASE__URL=mysql://user:" + secret + "@db:5432/otlp",
		"APP__DATABSE__URL=postgres://user:" + secret + "@db:5432/otlp", "APP__EXPORTERS__OTLPHTTP_PROXIED__PROXY_URL=gopher://user:" + secret + "@proxy",
		"OTLPCTL_AGE_KEY=" + identity[:len(identity)-1],
	} {
		for _, args := range [][]string{{"serve", "--config", plan.file}, {"config", "show", "--config", plan.file}} {
			if o := plan.runWith(t, variable, args...); o.code != 2 {
				t.Errorf("%.30s… %q ends with %d: %s", variable, args, o.code, o.stderr)
			}
		}
	}
	for _, args := range [][]string{
		{"config", "encrypt", plan.file, path, "--recipient", identity},
		{"config", "rotate", plan.file, "--recipient", identity},
		{"config", "encrypt", plan.file, path + "=" + secret, "--recipient", plan.recipient},
		{"config", "encrypt", plan.file, path, secret, "--recipient", plan.recipient},
		{"config", "decrypt", plan.file, path + "=" + secret},
		{"config", "encrypt", plan.file, path, "--recipients-file", filepath.Join(plan.folder, "age.key")},
	} {
		if o := plan.run(t, args...); o.code == 0 {
			t.Errorf("%q succeeds: %s", args, o.stdout)
		}
	}
}

// runWith is run with one more variable, which outranks the planned ones.
func (s *safe) runWith(t *testing.T, variable string, args ...string) outcome {
	t.Helper()
	o := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: args, Env: append(slices.Clip(s.env), variable), Cwd: s.folder})
	s.want(t, variable, o.stdout)
	s.want(t, variable, o.stderr)
	return o
}
