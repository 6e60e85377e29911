package config

import (
	"slices"
	"strings"
	"testing"
)

const edited = `# c
exporters:
  otlp:
    endpoint: localhost:1  # e
    headers: {a: "hunter-one", b: 'hunter-two'}
    tls:
      key_pem: |  # k
        -----BEGIN KEY-----
        hunter+line/of+sixteen
        -----END KEY-----
`

func editedPaths() []string {
	return []string{"exporters.otlp.headers.a", "exporters.otlp.headers.b", "exporters.otlp.tls.key_pem"}
}

// What becomes of an edit: replacements are pairs, as of strings.NewReplacer.
func TestEdit(t *testing.T) {
	keys, to, _ := keyPair(t)
	before, err := textOf(t, "x.yaml", edited).Encrypt(editedPaths(), to)
	if err != nil {
		t.Fatal(err)
	}
	edit, err := before.Open(keys)
	if err != nil || string(edit.Plain()) != edited || !edit.Secret() {
		t.Fatalf("%v\n%s", err, edit.Plain())
	}
	f := func(want string, encrypted, opened []string, replacements ...string) *Text {
		t.Helper()
		r := strings.NewReplacer(replacements...)
		after, err := edit.Close([]byte(r.Replace(edited)), to)
		if err != nil {
			t.Errorf("%q: %v", replacements, err)
			return before
		}
		if strings.Contains(string(after.Data), "hunter") {
			t.Errorf("%q: not encrypted:\n%s", replacements, after.Data)
		}
		if !slices.Equal(after.Encrypted, encrypted) || !slices.Equal(after.Opened, opened) {
			t.Errorf("%q: encrypted %q, opened %q", replacements, after.Encrypted, after.Opened)
		}
		if want != "" && string(after.Data) != strings.NewReplacer(replacements...).Replace(string(before.Data)) {
			t.Errorf("%q: the values did not keep their bytes:\n%s", replacements, after.Data)
		}
		return after.Text
	}
	const same = "same"
	f(same, nil, nil)
	f(same, nil, nil, "localhost:1", "remote:2", "# c", "# changed\n")
	f(same, nil, nil, "    tls:", "    timeout: 5s\n    tls:")

	a, b, pem := editedPaths()[0], editedPaths()[1], editedPaths()[2]
	after := f("", []string{a}, nil, "hunter-one", "hunter-new")
	if values, err := after.Values([]string{a, b}, keys); err != nil || values[0] != "hunter-new" || values[1] != "hunter-two" {
		t.Error(values, err)
	}
	for _, path := range []string{b, pem} {
		was, _ := before.lookup(path)
		if is, _ := after.lookup(path); is.node.Value != was.node.Value {
			t.Errorf("%s was encrypted anew", path)
		}
	}
	f("", []string{pem}, nil, "sixteen", "fifteen")
	f("", []string{"exporters.otlp.headers.c"}, nil, "a: \"hunter-one\"", "c: \"hunter-one\"")
	f("", []string{"exporters.otlp/x.headers.a", "exporters.otlp/x.headers.b", "exporters.otlp/x.tls.key_pem"}, nil, "  otlp:", "  otlp/x:")
	f("", nil, []string{a}, "hunter-one", "${env:A}")
	f("", nil, nil, "a: \"hunter-one\", ", "")
	f("", nil, nil, "\"hunter-one\"", "")
	f("", []string{a}, nil, "\"hunter-one\"", "hunter\n      two")

	g := func(want string, replacements ...string) {
		t.Helper()
		_, err := edit.Close([]byte(strings.NewReplacer(replacements...).Replace(edited)), to)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%q: %v\nwant %s", replacements, err, want)
		}
	}
	g("x.yaml:1:3: exporters.otlp.headers.b: the decrypted value stands here in plain text", "# c", "# hunter-two")
	g("x.yaml:4:23: exporters.otlp.headers.a: the decrypted value", "localhost:1", "https://hunter-one@localhost:1")
	g("x.yaml:1:3: exporters.otlp.tls.key_pem: the decrypted value", "# c", "# hunter+line/of+sixteen")
	g("the decrypted value stands here", "hunter-one", "hunter-one${env:X}")
	g("x.yaml:5:5: a list or mapping in brackets is not closed", "'}", "'")
	g("there are two such keys in the file", "b: '", "a: 'x', b: '")
	g("is used elsewhere too, by the name *y", "a: \"hunter-one\"", "a: &y \"hunter-one\", c: *y")
}

func TestEditWithoutSecrets(t *testing.T) {
	keys := Sources{}.Keys() // nobody needs an identity
	edit, err := textOf(t, "x.yaml", "a: 1\n").Open(keys)
	if err != nil || edit.Secret() {
		t.Fatal(err)
	}
	after, err := edit.Close([]byte("a: 2\n"), Recipients{})
	if err != nil || string(after.Data) != "a: 2\n" {
		t.Error(err)
	}
}
