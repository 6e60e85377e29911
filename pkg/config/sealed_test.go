package config

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
)

const sealedText = "hunter2-planted"

// keyPair returns keys that can decrypt what is encrypted for the recipients.
func keyPair(t testing.TB) (*Keys, Recipients, string) {
	t.Helper()
	file, recipient, err := NewIdentity("now")
	if err != nil {
		t.Fatal(err)
	}
	keys := Sources{Environ: []string{keyVariable + "=" + string(file)}}.Keys()
	to, err := keys.Recipients([]string{recipient}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	return keys, to, string(file)
}

func sealAt(t testing.TB, to Recipients, value string, steps ...any) string {
	t.Helper()
	sealed, err := seal(pathFrom(steps), value, to)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func textOf(t testing.TB, name, data string) *Text {
	t.Helper()
	text, err := ParseText(File{Name: name, Data: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// No change of one byte, and no part of an encrypted value, is ever taken for a value.
func TestSealedIsNotMalleable(t *testing.T) {
	keys, to, _ := keyPair(t)
	at := pathFrom([]any{"a", "b"})
	sealed := sealAt(t, to, sealedText, "a", "b")
	if text, fault := keys.unseal(at, sealed); fault != nil || text != sealedText {
		t.Fatal(text, fault)
	}
	for i := range len(sealed) {
		for _, by := range []byte{sealed[i] ^ 1, sealed[i] ^ 0x20, 'A', '\n', '=', 0} {
			changed := []byte(sealed)
			if changed[i] == by {
				continue
			}
			changed[i] = by
			if text, fault := keys.unseal(at, string(changed)); fault == nil {
				t.Fatalf("byte %d: %q", i, text)
			}
		}
		for _, part := range []string{sealed[:i], sealed[i+1:], sealed[:i] + sealed[i+1:], sealed[:i] + "\n" + sealed[i:]} {
			if text, fault := keys.unseal(at, part); fault == nil {
				t.Fatalf("part %d: %q", i, text)
			}
		}
	}
	file, _ := sealedFile(sealed)
	for i := range file {
		changed := bytes.Clone(file)
		changed[i] ^= 1
		text, fault := keys.unseal(at, sealedBegin+base64.StdEncoding.EncodeToString(changed)+sealedEnd)
		if fault == nil {
			t.Fatalf("byte %d of the file: %q", i, text)
		}
		if strings.Contains(fault.problem+fault.hint, sealedText) {
			t.Fatal(fault)
		}
	}
}

func TestSealedHidesLengths(t *testing.T) {
	_, to, _ := keyPair(t)
	if a, b := sealAt(t, to, "a", "k"), sealAt(t, to, "aaaaaaaaaa", "k"); len(a) != len(b) {
		t.Errorf("%d and %d", len(a), len(b))
	}
}

// A change of the identities is a change of the configuration, also where there are none yet.
func TestSealedWatchesTheKey(t *testing.T) {
	_, to, identity := keyPair(t)
	sealed := sealAt(t, to, "5317", "server", "port")
	key := filepath.Join(t.TempDir(), "age.key")
	s := said{files: yamlFiles("server: {port: '" + sealed + "'}"), env: []string{keyFileVariable + "=" + key}}
	l, err := s.load()
	if err == nil || !slices.Contains(l.Watch, key) {
		t.Errorf("watched without the key: %q, error %v", l.Watch, err)
	}
	if err := os.WriteFile(key, []byte(identity), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err = s.load(); err != nil || !slices.Contains(l.Watch, key) {
		t.Errorf("watched with the key: %q, error %v", l.Watch, err)
	}
	s.files = yamlFiles("server: {port: 5317}")
	if l, err = s.load(); err != nil || slices.Contains(l.Watch, key) {
		t.Errorf("watched for nothing: %q, error %v", l.Watch, err)
	}
}

// Where a value may come from, and that it is used to the letter.
func TestSealedLoads(t *testing.T) {
	_, to, identity := keyPair(t)
	header := []any{"exporters", "otlp", "headers", "authorization"}
	const odd = "a${env:GONE}$$ \"b\" 'c', #d: e"
	sealed := sealAt(t, to, odd, header...)
	const base = "exporters: {otlp: {endpoint: \"localhost:1\", headers: {authorization: %}}}\n" +
		"receivers: {otlp: {protocols: {grpc: }}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}\n"
	in := func(value string) []File { return yamlFiles(strings.ReplaceAll(base, "%", value)) }
	f := func(s said, want string) {
		t.Helper()
		s.env = append(s.env, keyVariable+"="+identity)
		l, err := s.load()
		if err != nil {
			t.Error(err)
			return
		}
		got, _ := l.Origins.root.find("exporters.otlp.headers.authorization")
		if got.text != want || !got.sealed || !got.src.hidden[got.mark] {
			t.Errorf("%q (sealed %v), want %q", got.text, got.sealed, want)
		}
	}
	f(said{files: in(`"` + sealed + `"`)}, odd)
	f(said{files: in(`'` + sealed + `'`)}, odd)
	f(said{files: in("'${env:T}'"), env: []string{"T=" + sealed}}, odd)
	f(said{files: in("x"), env: []string{"APP__EXPORTERS__OTLP__HEADERS__AUTHORIZATION=" + sealed}}, odd)
	f(said{files: in("x"), set: []string{"exporters.otlp.headers.authorization=" + sealed}}, odd)
	f(said{files: in("x"), set: []string{"exporters.otlp.headers={authorization: '" + sealed + "'}"}}, odd)
	f(said{files: in("x"), env: []string{"APP__EXPORTERS__OTLP__HEADERS={authorization: '" + sealed + "'}"}}, odd)
	toml := []File{in("x")[0], {"b.toml", []byte("[exporters.otlp.headers]\nauthorization = '" + sealed + "'\n")}}
	f(said{files: toml}, odd)
	block := yamlFiles(strings.ReplaceAll(base, "%", "x"), "exporters:\n  otlp:\n    headers:\n      authorization: >-\n        "+sealed+"\n")
	f(said{files: block}, odd)

	// The short form's own path counts.
	port := sealAt(t, to, "5317", "server", "port")
	l, err := said{files: yamlFiles("server: {port: '" + port + "'}"), env: []string{keyVariable + "=" + identity}}.load()
	if err != nil || l.Config.Receivers["otlp"].Protocols.GRPC.Endpoint != "0.0.0.0:5317" {
		t.Error(err)
	}
	// Nothing encrypted, no identity needed: not even a good one.
	if _, err := (said{files: in("x"), env: []string{keyVariable + "=rubbish"}}).load(); err != nil {
		t.Error(err)
	}
}

func TestSealedFaults(t *testing.T) {
	_, to, identity := keyPair(t)
	_, _, stranger := keyPair(t)
	missing := filepath.Join(t.TempDir(), "missing")
	path := []any{"exporters", "otlp", "endpoint"}
	sealed := sealAt(t, to, sealedText, path...)
	file := func(value string) []File { return yamlFiles("exporters:\n  otlp:\n    endpoint: " + value + "\n") }
	f := func(s said, want string) {
		t.Helper()
		l, err := s.load()
		if err == nil {
			t.Errorf("no fault, want %s", want)
			return
		}
		got := output(t, l, err)
		encoded, _ := json.Marshal(err)
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		for _, text := range []string{sealedText, "1QQQ", identity[len(identity)-30 : len(identity)-1], sealed[20:60]} {
			if strings.Contains(got, text) || strings.Contains(string(encoded), text) {
				t.Errorf("%q is shown:\n%s\n%s", text, got, encoded)
			}
		}
	}
	good := keyVariable + "=" + identity
	f(said{files: file(sealed)}, "a.yaml:3:15: exporters.otlp.endpoint: is encrypted, and there is no identity to decrypt it with\n    3 |     endpoint: ***")
	f(said{files: file(sealed)}, "hint: set OTLPCTL_AGE_KEY_FILE to")
	f(said{files: file(sealed), env: []string{keyVariable + "=" + stranger}}, "exporters.otlp.endpoint: is encrypted for another identity, or damaged")
	f(said{files: file(sealed), env: []string{keyVariable + "=#\nAGE-SECRET-KEY-1QQQ"}}, "line 2 of OTLPCTL_AGE_KEY is no identity")
	f(said{files: file(sealed), env: []string{keyVariable + "=# nothing"}}, "OTLPCTL_AGE_KEY holds no identity")
	f(said{files: file(sealed), env: []string{keyFileVariable + "=" + missing}}, "cannot be read: no such file")
	f(said{files: file(sealed), env: []string{keyFileVariable + "=" + strings.TrimSpace(identity)}}, "the identity itself belongs into OTLPCTL_AGE_KEY")
	f(said{files: file(sealed[:len(sealed)-1]), env: []string{good}}, "is not a complete encrypted value")
	f(said{files: file("|\n      " + sealed), env: []string{good}}, "is not a complete encrypted value")
	f(said{files: file(sealed[:len(sealed)-9] + "AAAAAAA=]"), env: []string{good}}, "was changed after it was encrypted, or damaged")

	// Moved, by hand, by an alias, by a merge or by a variable.
	moved := "was encrypted for exporters.otlp.endpoint and holds only there"
	f(said{files: yamlFiles("exporters: {otlp: {headers: {a: '" + sealed + "'}}}"), env: []string{good}}, "exporters.otlp.headers.a: "+moved)
	f(said{files: yamlFiles("exporters: {otlp: {endpoint: &a '" + sealed + "', headers: {a: *a}}}"), env: []string{good}}, moved)
	f(said{files: yamlFiles("exporters: {otlp: &a {endpoint: '" + sealed + "'}, otlp/b: {<<: *a}}"), env: []string{good}}, "exporters.otlp/b.endpoint: "+moved)
	f(said{env: []string{good, "APP__SERVER__HOST=" + sealed}}, "APP__SERVER__HOST: server.host: "+moved)
	list := sealAt(t, to, sealedText, "exporters", "otlp", "headers", 0., "value")
	f(said{files: yamlFiles("exporters: {otlp: {headers: [{name: a, value: b}, {name: c, value: '" + list + "'}]}}"), env: []string{good}}, "headers[1].value: was encrypted for exporters.otlp.headers[0].value")
	// Keys with dots are not the keys that they look like.
	dotted := sealAt(t, to, sealedText, "exporters", "otlp.endpoint")
	f(said{files: file(dotted), env: []string{good}}, "was encrypted for exporters.otlp.endpoint and holds only there")

	// What is wrong with the text itself is said without it.
	f(said{files: file(sealed), env: []string{good}}, "exporters.otlp.endpoint: \"***\" is not host:port")
	pin := sealAt(t, to, "0123", "server", "port")
	f(said{files: yamlFiles("server: {port: '" + pin + "'}"), env: []string{good}}, "the value has a leading zero, which YAML readers take for octal or not\n    1 | server: {port: ***\n      |                ^^^\n")
	pipeline := sealAt(t, to, sealedText, "service", "pipelines", "traces", "exporters", 0.)
	f(said{files: yamlFiles(full, "service: {pipelines: {traces: {exporters: ['"+pipeline+"']}}}"), env: []string{good}}, "service.pipelines.traces.exporters[0]")

	// The identity is for nobody else.
	f(said{files: file("${env:OTLPCTL_AGE_KEY}"), env: []string{good}}, "has to do with the identity for encrypted values")
	f(said{files: file("${env:OTHER}"), env: []string{"OTHER=" + identity}}, "has to do with the identity for encrypted values")
	key := filepath.Join(t.TempDir(), "age.key")
	if err := os.WriteFile(key, []byte(identity), 0o600); err != nil {
		t.Fatal(err)
	}
	f(said{files: file("${file:" + key + "}"), env: []string{keyFileVariable + "=" + key}}, "it has the identity for encrypted values")
}

func TestSealedPayloadVersions(t *testing.T) {
	p := pathFrom([]any{"a", 1.})
	f := func(data, want string) {
		t.Helper()
		text, fault := openPayload(p, []byte(data))
		if fault == nil || !strings.Contains(fault.problem, want) || text != "" {
			t.Errorf("%s: %q %v, want %s", data, text, fault, want)
		}
	}
	f(`{"v":2,"path":["a",1],"value":"x"}`, "later version")
	f(`{"v":0,"path":["a",1],"value":"x"}`, "not encrypted by otlpctl")
	f(`x`, "not encrypted by otlpctl")
	f(`{"v":1,"value":"x"}`, "for another key")
	f(`{"v":1,"path":["a",{}],"value":"x"}`, "for another key")
	f(`{"v":1,"path":["a",-1],"value":"x"}`, "for another key")
	f(`{"v":1,"path":["a","1"],"value":"x"}`, "for a.1 and")
	f(`{"v":1,"path":["a",1e300],"value":"x"}`, "for another key")
}

func TestRecipients(t *testing.T) {
	_, _, identity := keyPair(t)
	_, _, other := keyPair(t)
	_, recipient, _ := strings.Cut(other, "public key: ")
	recipient, _, _ = strings.Cut(recipient, "\n")
	file := filepath.Join(t.TempDir(), "to")
	if err := os.WriteFile(file, []byte("# us\n"+recipient+"\r\n\n"+recipient+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(env, given []string, file string, own bool, want int, wrong string) {
		t.Helper()
		to, err := Sources{Environ: env}.Keys().Recipients(given, file, own)
		if len(to.list) != want || (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%d recipients, %v; want %d, %s", len(to.list), err, want, wrong)
		}
		if err != nil && (strings.Contains(err.Error(), identityMark) || strings.Contains(err.Error(), "age1rubbish")) {
			t.Errorf("a key is shown: %v", err)
		}
	}
	mine := []string{keyVariable + "=" + identity}
	f(nil, []string{recipient, recipient}, "", false, 2, "")
	f(nil, []string{recipient}, file, false, 3, "")
	f([]string{recipientsVariable + "=" + recipient + ", " + recipient}, nil, "", false, 2, "")
	f(mine, nil, "", true, 1, "")
	f(mine, nil, "", false, 0, "nobody to encrypt for")
	f(nil, nil, "", true, 0, "nobody to encrypt for")
	f([]string{keyVariable + "=x"}, nil, "", true, 0, "line 1 of OTLPCTL_AGE_KEY is no identity")
	f(nil, []string{recipient, "age1rubbish"}, "", false, 0, "--recipient: number 2 is no recipient")
	_, tail, _ := strings.Cut(identity, identityMark)
	f(nil, []string{identityMark + strings.TrimSpace(tail)}, "", false, 0, "is an identity, which is secret")
	f(nil, nil, file+"x", false, 0, "no such file")
}

// The identity file is one that age itself reads.
func TestNewIdentity(t *testing.T) {
	file, recipient, err := NewIdentity("2026-01-02T03:04:05Z")
	if err != nil {
		t.Fatal(err)
	}
	read, err := age.ParseIdentities(bytes.NewReader(file))
	if err != nil || len(read) != 1 || !strings.HasPrefix(string(file), "# created: 2026-01-02T03:04:05Z\n# public key: "+recipient+"\n") {
		t.Errorf("%s: %v", file, err)
	}
}
