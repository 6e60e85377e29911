package config

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A value is replaced in whatever way it is written, and nothing else is.
func TestEncryptKeepsTheRest(t *testing.T) {
	keys, to, _ := keyPair(t)
	// In each file the value at a is between the angle brackets, and what is between the pipes
	// of want is what stands there instead.
	f := func(name, file, plain, want string) {
		t.Helper()
		before := textOf(t, name, file)
		after, err := before.Encrypt([]string{"a"}, to)
		if err != nil {
			t.Errorf("%q: %v", file, err)
			return
		}
		v, fault := after.lookup("a")
		if fault != nil {
			t.Fatal(fault)
		}
		if got := strings.ReplaceAll(string(after.Data), v.node.Value, "ENC"); got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", file, got, want)
		}
		values, err := after.Values([]string{"a"}, keys)
		if err != nil || values[0] != plain {
			t.Errorf("%q: %q %v, want %q", file, values, err, plain)
		}
		opened, err := after.Decrypt(keys)
		if err != nil {
			t.Errorf("%q: %v", file, err)
			return
		}
		again, _ := opened.lookup("a")
		if text, _ := withoutEscapes(again.node.Value); text != plain {
			t.Errorf("%q: decrypted %q, want %q", opened.Data, text, plain)
		}
	}
	y := "x.yaml"
	f(y, "# c\nb: 1\na: some text  # c\nc: 2\n", "some text", "# c\nb: 1\na: ENC  # c\nc: 2\n")
	f(y, "a: x", "x", "a: ENC")
	f(y, "a:   x   ", "x", "a:   ENC   ")
	f(y, "a: 'it''s'\nb: x", "it's", "a: 'ENC'\nb: x")
	f(y, "a: \"q\\\"\\u00e9\" # c\n", "q\"é", "a: \"ENC\" # c\n")
	f(y, "a: one\n  two\n\n  three # c\nb: 1\n", "one two\nthree", "a: ENC # c\nb: 1\n")
	f(y, "a: 'one\n\n  two'\nb: 1\n", "one\ntwo", "a: 'ENC'\nb: 1\n")
	f(y, "a: |\n  one\n  two\n\n\n# c\nb: 1\n", "one\ntwo\n", "a: ENC\n\n\n# c\nb: 1\n")
	f(y, "a: |-  # c\n  one\n   two\n\n  three\nb: 1\n", "one\n two\n\nthree", "a: ENC  # c\nb: 1\n")
	f(y, "a: >2\n    one\n  two\n", "  one\ntwo\n", "a: ENC\n")
	f(y, "a: |\n\n\n  one\nb: 1", "\n\none\n", "a: ENC\nb: 1")
	f(y, "a: |-\n  one", "one", "a: ENC")
	f(y, "a: |\nb: 1\n", "", "a: ENC\nb: 1\n")
	f(y, "a: \"\"\n", "", "a: \"ENC\"\n")
	f(y, "{b: [1], a: x y, c: {}} # c\n", "x y", "{b: [1], a: \"ENC\", c: {}} # c\n")
	f(y, "{\"a\":\"x\",\"b\":1}", "x", "{\"a\":\"ENC\",\"b\":1}")
	f(y, "{\n  a: x\n   y,\n  b: 1}\n", "x y", "{\n  a: \"ENC\",\n  b: 1}\n")
	f(y, "a: !!str 5\nb: 1\n", "5", "a: !!str ENC\nb: 1\n")
	f(y, "a: &x\n  # c\n  'v'\nb: 1\n", "v", "a: &x\n  # c\n  'ENC'\nb: 1\n")
	f(y, "? a\n: x\n", "x", "? a\n: ENC\n")
	f(y, "b: 受信機\r\na: 受 é 😀 # c\r\nc: 2\r\n", "受 é 😀", "b: 受信機\r\na: ENC # c\r\nc: 2\r\n")
	f(y, "a: |\r\n  one\r\n  two\r\nb: 1\r\n", "one\ntwo\n", "a: ENC\r\nb: 1\r\n")
	f(y, "\ufeffa: x\nb: 1\n", "x", "\ufeffa: ENC\nb: 1\n")
	f(y, "é: \u2028\na: x\n", "x", "é: \u2028\na: ENC\n")
	f(y, "a: a$$b$c\n", "a$b$c", "a: ENC\n")
	f(y, "a: \"$${x}\"\n", "${x}", "a: \"ENC\"\n")
	f(y, "a: http://x/#y:z\n", "http://x/#y:z", "a: ENC\n")

	p := "x.toml"
	f(p, "b = 1\na = \"x\\n\\u00e9\" # c\n", "x\né", "b = 1\na = \"ENC\" # c\n")
	f(p, "a = 'x\"y'\r\nb = 1\r\n", "x\"y", "a = 'ENC'\r\nb = 1\r\n")
	f(p, "a = \"\"\"\none\ntwo \"\"\"\"\nb = 1\n", "one\ntwo \"", "a = \"ENC\"\nb = 1\n")
	f(p, "a = '''\none\n'two'\n'''\n", "one\n'two'\n", "a = \"ENC\"\n")
	f(p, "a = 42 # c\n[b]\nc = 1\n", "42", "a = \"ENC\" # c\n[b]\nc = 1\n")
	f(p, "a = true\n", "true", "a = \"ENC\"\n")
	f(p, "\"a\" = ''\n", "", "\"a\" = 'ENC'\n")
	f(p, "b = {c = 'x'}\na = 1979-05-27T07:32:00Z\n", "1979-05-27T07:32:00Z", "b = {c = 'x'}\na = \"ENC\"\n")
}

func TestEncryptPlaces(t *testing.T) {
	keys, to, _ := keyPair(t)
	f := func(name, file, path, want string) {
		t.Helper()
		after, err := textOf(t, name, file).Encrypt([]string{path}, to)
		if err != nil {
			t.Errorf("%s in %q: %v", path, file, err)
			return
		}
		if values, err := after.Values([]string{path}, keys); err != nil || values[0] != want {
			t.Errorf("%s in %q: %q %v", path, file, values, err)
		}
	}
	f("x.yaml", "- a\n- [b, {c: d}]\n", "[1][1].c", "d")
	f("x.yaml", "a:\n- name: x\n  value: y\n- name: z\n  value: |\n    two\n    lines\n", "a[1].value", "two\nlines\n")
	f("x.yaml", "a/b.c: {d.e: x}\n", "a/b.c.d.e", "x")
	f("x.toml", "[[a.b]]\nc = 1\n[[a.b]]\nc = [{d = 'x'}, {d = 'y'}]\n", "a.b[1].c[1].d", "y")
	f("x.toml", "a.\"b.c\".d = \"\"\"\\\n  x\"\"\"\n", "a.b.c.d", "x")
}

func TestTextFaults(t *testing.T) {
	_, to, _ := keyPair(t)
	f := func(file, path, want string) {
		t.Helper()
		_, err := textOf(t, "x.yaml", file).Encrypt([]string{path}, to)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s in %q:\n%v\nwant %s", path, file, err, want)
			return
		}
		if strings.Contains(err.Error(), "hunter") {
			t.Errorf("a value is shown: %v", err)
		}
	}
	f("ab: {cd: hunter}\n", "ab.cc", "x.yaml: ab.cc: there is no such key in the file\n  hint: did you mean ab.cd?")
	f("a: {b: hunter, c: [hunter]}\n", "a", "name the values in it: a.b and a.c[0]")
	f("a: {b: 1}\na.b: 2\n", "a.b", "there are two such keys in the file")
	f("a: &x hunter\nb: *x\n", "a", "x.yaml:1:4: a: is used elsewhere too, by the name *x")
	f("a: &x hunter\nb: *x\n", "b", "b: is not written here: *x stands for it")
	f("a: &x {k: hunter}\nb: *x\n", "a.k", "a.k: is used elsewhere too, by the name *x")
	f("a: &x {k: hunter}\nb: *x\n", "b.k", "b.k: is not written here: *x stands for it")
	f("a: &x {k: hunter}\nb: {<<: *x}\n", "b.k", "it may come from the mapping that << names")
	f("a:\nb: hunter\n", "a", "x.yaml:1:3: a: has no value")
	f("a: x ${env:B}\n", "a", "has a reference in it")
	f("a: ENC[age,x]\n", "a", "is encrypted already")
	f("a: hunter${\n", "a", "has a reference in it")
	f("", "a", "there is no such key")

	// Where a path belongs there may stand a value.
	f("a: {b: 1}\n", "hunter", "x.yaml: ***: there is no such key in the file\n  hint: paths are written as")

	// Several faults come together, and nothing is done.
	_, err := textOf(t, "x.yaml", "a: 1\nb: 2\n").Encrypt([]string{"a", "a.c", "b.d"}, to)
	if err == nil || strings.Count(err.Error(), "no such key") != 2 {
		t.Error(err)
	}
}

func TestSetAtAnEmptyKey(t *testing.T) {
	keys, to, _ := keyPair(t)
	f := func(name, file, path string) {
		t.Helper()
		after, err := textOf(t, name, file).Set(path, "new\n\"value\" é", to)
		if err != nil {
			t.Errorf("%q: %v", file, err)
			return
		}
		if values, err := after.Values([]string{path}, keys); err != nil || values[0] != "new\n\"value\" é" {
			t.Errorf("%q: %q %v", after.Data, values, err)
		}
	}
	f("x.yaml", "a:\nb: 1\n", "a")
	f("x.yaml", "a: # c\nb: 1\n", "a")
	f("x.yaml", "a: ~\n", "a")
	f("x.yaml", "{a: , b: 1}\n", "a")
	f("x.yaml", "{a: }\n", "a")
	f("x.yaml", "a:\n  -\n  - x\n", "a[0]")
	f("x.yaml", "a: ENC[age,old]\n", "a")
	f("x.toml", "a = ''\n", "a")
	if _, err := textOf(t, "x.yaml", "a: 1\n").Set("a", "ENC[age,x]", to); err == nil {
		t.Error("an encrypted value is encrypted again")
	}
	if _, err := textOf(t, "x.yaml", "a: 1\n").Set("a", "\xff", to); err == nil {
		t.Error("no UTF-8 is encrypted")
	}
}

// A key in several lines is one again when it is decrypted.
func TestDecryptToABlock(t *testing.T) {
	keys, to, _ := keyPair(t)
	for _, file := range []string{
		"a:\n  b:\n    - c: |  # the key\n        -----BEGIN-----\n\n          x\n        -----END-----\n\n    # d\n      d: 1\n",
		"a: |-\n  one\n  two\nb: 1\n", "a:\r\n  - |\r\n    one\r\n    two\r\n  - x\r\n",
		"a: 'x'\nb: \"y\\n\"\nc: plain text\n", "a = '''\none\ntwo\n'''\n",
	} {
		name := "x.yaml"
		if strings.Contains(file, "=") {
			name = "x.toml"
		}
		before, err := ParseText(File{Name: name, Data: []byte(strings.Replace(file, "    # d\n      d: 1\n", "      d: 1\n", 1))})
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, v := range before.values {
			paths = append(paths, v.path.String())
		}
		sealed, err := before.Encrypt(paths, to)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := sealed.Decrypt(keys); err != nil || !bytes.Equal(got.Data, before.Data) {
			t.Errorf("%v\ngot\n%s\nwant\n%s", err, got.Data, before.Data)
		}
	}
}

func TestSecrets(t *testing.T) {
	plain, referring := textOf(t, "x.yaml", `
exporters:
  otlp: {endpoint: "x:1", headers: {a: one, b: "${env:B}", c: }, tls: {key_pem: k, cert_pem: c}}
  otlphttp/two: {headers: [{name: n, value: v}]}
  kafka: {password: x}
receivers: {otlp: {protocols: {http: {response_headers: {r: s}, tls: {key_pem: "ENC[age,x]"}}}}}
database: {url: "postgres://u:p@h/d"}
service: {pipelines: {traces: {receivers: [otlp]}}}
`).Secrets()
	want := []string{
		"exporters.otlp.headers.a", "exporters.otlp.tls.key_pem", "exporters.otlphttp/two.headers[0].value",
		"receivers.otlp.protocols.http.response_headers.r", "database.url",
	}
	if !slices.Equal(plain, want) || !slices.Equal(referring, []string{"exporters.otlp.headers.b"}) {
		t.Errorf("%q\n%q", plain, referring)
	}
}

func TestRotate(t *testing.T) {
	keys, to, _ := keyPair(t)
	otherKeys, others, _ := keyPair(t)
	before, err := textOf(t, "x.yaml", "a: one # c\nb: {c: 'two'}\n").Encrypt([]string{"a", "b.c"}, to)
	if err != nil {
		t.Fatal(err)
	}
	after, err := before.Rotate(keys, others)
	if err != nil {
		t.Fatal(err)
	}
	if values, err := after.Values([]string{"a", "b.c"}, otherKeys); err != nil || !slices.Equal(values, []string{"one", "two"}) {
		t.Error(values, err)
	}
	if _, err := after.Values([]string{"a"}, keys); err == nil {
		t.Error("the old identity still decrypts")
	}
	if _, err := before.Rotate(otherKeys, to); err == nil || strings.Count(err.Error(), "another identity") != 2 {
		t.Errorf("want both values named: %v", err)
	}
}

func TestSaveFile(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "x.yaml"), filepath.Join(dir, "link.yaml")
	if err := os.WriteFile(target, []byte("a"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("x.yaml", link); err != nil {
		t.Skip(err)
	}
	if err := SaveFile(File{link, []byte("b")}, []byte("a")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", info, err)
	}
	if info, err = os.Stat(target); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v %v", info, err)
	}
	if err := SaveFile(File{link, []byte("c")}, []byte("a")); err == nil || !strings.Contains(err.Error(), "changed the file meanwhile") {
		t.Error(err)
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "b" {
		t.Error(string(data), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("something is left behind: %v", left)
	}
	if err := NewFile(File{target, nil}); err == nil {
		t.Error("a file is overwritten")
	}
}
