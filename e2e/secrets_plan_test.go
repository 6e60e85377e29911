package e2e_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/certs"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// secrets are planted by name, and looked for in everything that is printed.
type secrets map[string]string

// plant makes up a secret that nothing else contains, and that needs no quotes anywhere.
func (s secrets) plant(name string) string {
	const letters = "bcdfghjkmnpqrstvwxz"
	text := make([]byte, 24)
	for i := range text {
		text[i] = letters[rand.IntN(len(letters))]
	}
	s[name] = string(text)
	return s[name]
}

// window is how much of a secret may not be seen. A part of one that was cut is a secret too.
const window = 10

// leaks returns the names of the secrets of which the text has a part, as they are or in base64.
func (s secrets) leaks(text string) []string {
	var found []string
	for name, secret := range s {
		for i := range len(secret) - window + 1 {
			if strings.Contains(text, secret[i:i+window]) {
				found = append(found, fmt.Sprintf("%s (%s)", name, excerpt(text, secret[i:i+window])))
				break
			}
		}
		// What comes before a secret shifts its encoding: there are three. The ends depend on the neighbours.
		for shift := range 3 {
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("-", shift) + secret))
			if part := encoded[4 : len(encoded)-4]; strings.Contains(text, part) {
				found = append(found, name+" in base64 ("+excerpt(text, part)+")")
			}
		}
	}
	return found
}

// excerpt is what stands around a leak, on its line.
func excerpt(text, part string) string {
	at := strings.Index(text, part)
	from, to := max(0, at-80), min(len(text), at+len(part)+40)
	return strings.ReplaceAll(text[from:to], "\n", "⏎")
}

// want checks that there is nothing of a secret in what was printed where.
func (s secrets) want(t *testing.T, where, text string) {
	t.Helper()
	for _, leak := range s.leaks(text) {
		t.Errorf("%s shows the secret %s", where, leak)
	}
}

// safe is a configuration with a secret in every place that may have one.
type safe struct {
	secrets

	folder, file  string
	key           string // the private key, in PEM
	recipient     string
	env           []string
	set           []string
	unsealed      string // the configuration before some of it was encrypted
	sealedTimeout string // a text that is no duration, encrypted for the timeout of the batch processor
}

// $-names are filled in by plan; the addresses of backends, by the test.
const secretConfig = `receivers:
  otlp:
    protocols:
      grpc:
        endpoint: $GRPC
      http:
        endpoint: $HTTP
processors:
  batch:
    timeout: 10ms
exporters:
  otlp/refused:
    endpoint: $CLOSED
    tls: {insecure: true}
    headers:
      authorization: Bearer $INLINE
      x-from-file: ${file:$FOLDER/token}
      x-from-env: ${env:PLANTED}
      x-variable: placeholder
      x-set: placeholder
    retry_on_failure: {initial_interval: 50ms, max_interval: 200ms}
  otlphttp/unauthorized:
    endpoint: http://user:$URLPASSWORD@$BACKEND
    tls: {}
    headers:
      - {name: x-listed, value: $LISTED}
      - {name: x-sealed, value: $SEALED}
  otlp/unauthorized:
    endpoint: $PLAIN
    tls: {insecure: true}
    headers: {authorization: Bearer $REPEATED}
  otlphttp/proxied:
    endpoint: http://$BACKEND
    proxy_url: http://user:$PROXYPASSWORD@$CLOSED
    retry_on_failure: {initial_interval: 50ms, max_interval: 200ms}
  otlp/handshake:
    endpoint: https://$PLAIN
    tls:
      cert_pem: |
$CERTPEM
      key_pem: |
$KEYPEM
      server_name_override: $SEALEDNAME
    retry_on_failure: {initial_interval: 50ms, max_interval: 200ms}
  otlphttp/handshake:
    endpoint: https://user:$TLSPASSWORD@$BACKEND
    retry_on_failure: {initial_interval: 50ms, max_interval: 200ms}
service:
  reload: {watch: false}
  shutdown: {timeout: 200ms}
  telemetry: {logs: {level: debug}}
  pipelines:
    logs:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlp/refused, otlphttp/unauthorized, otlp/unauthorized, otlphttp/proxied, otlp/handshake, otlphttp/handshake]
`

func plan(t *testing.T, addresses *strings.Replacer) *safe {
	t.Helper()
	s := &safe{secrets: secrets{}, folder: t.TempDir()}
	s.file = filepath.Join(s.folder, "otel.yaml")
	cert, key, _ := certs.New(t).Issue(t)
	body := strings.Split(key, "\n")
	s.key = key
	s.secrets["private key"] = body[len(body)/2][:40]
	replace(t, filepath.Join(s.folder, "token"), s.plant("file"))
	sealed, name := s.plant("sealed"), s.plant("sealed name")
	s.unsealed = addresses.Replace(strings.NewReplacer(
		"$INLINE", s.plant("header"), "$LISTED", s.plant("listed header"), "$FOLDER", s.folder,
		"$URLPASSWORD", s.plant("password of a url"), "$PROXYPASSWORD", s.plant("password of a proxy"), "$TLSPASSWORD", s.plant("password over tls"),
		"$REPEATED", s.plant("token that the backend repeats"), "$CERTPEM", indent(cert), "$KEYPEM", indent(key), "$SEALEDNAME", name, "$SEALED", sealed,
	).Replace(secretConfig))
	s.env = []string{
		"PLANTED=" + s.plant("environment"), "KEY=" + key, "APP__EXPORTERS__OTLP_REFUSED__HEADERS__X_VARIABLE=" + s.plant("variable"),
		"OTLPCTL_AGE_KEY_FILE=" + filepath.Join(s.folder, "age.key"),
	}
	s.set = []string{"--set", "exporters.otlp/refused.headers.x-set=" + s.plant("flag")}
	s.seal(t, "exporters.otlphttp/unauthorized.headers[1].value", "exporters.otlp/handshake.tls.server_name_override")
	return s
}

// seal makes a key and encrypts values of the configuration.
func (s *safe) seal(t *testing.T, paths ...string) {
	t.Helper()
	o := s.run(t, "config", "keygen", "-o", filepath.Join(s.folder, "age.key"))
	s.recipient = strings.TrimSpace(o.stdout)
	identity, err := os.ReadFile(filepath.Join(s.folder, "age.key"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(identity)) {
		if secret, found := strings.CutPrefix(strings.TrimSpace(line), "AGE-SECRET-KEY-"); found {
			s.secrets["identity"] = secret
		}
	}
	encrypt := func(file, text string, paths ...string) {
		replace(t, file, text)
		if o := s.run(t, append([]string{"config", "encrypt", file, "--recipient", s.recipient}, paths...)...); o.code != 0 {
			t.Fatalf("config encrypt ends with %d: %s", o.code, o.stderr)
		}
	}
	encrypt(s.file, s.unsealed, paths...)
	other := filepath.Join(s.folder, "timeout.yaml")
	encrypt(other, strings.Replace(s.unsealed, "timeout: 10ms", "timeout: "+s.plant("sealed timeout"), 1), "processors.batch.timeout")
	text, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "    timeout: ")
	s.sealedTimeout, _, _ = strings.Cut(after, "\n")
	if s.secrets["identity"] == "" || !strings.HasPrefix(s.sealedTimeout, "ENC[") {
		t.Fatalf("identity %q, timeout %q", s.secrets["identity"], s.sealedTimeout)
	}
}

// run runs a command and looks for secrets in what it prints.
func (s *safe) run(t *testing.T, args ...string) outcome {
	t.Helper()
	o := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: args, Env: s.env, Cwd: s.folder})
	where := "otlpctl " + strings.Join(args, " ")
	s.want(t, where, o.stdout)
	s.want(t, where, o.stderr)
	return o
}

func indent(text string) string {
	return "        " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n        ")
}
