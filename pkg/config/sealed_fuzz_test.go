package config

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// Nothing but what was encrypted for a key decrypts, and nothing panics.
func FuzzSealed(f *testing.F) {
	keys, to, _ := keyPair(f)
	at := pathFrom([]any{"a"})
	sealed := sealAt(f, to, "x", "a")
	for _, seed := range []string{"", "ENC[age,", "ENC[age,]", "ENC[age,AAAA]", "ENC[age,YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==]", sealed, sealed[:90] + "]", strings.ToLower(sealed)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, fault := keys.unseal(at, text); fault == nil && text != sealed {
			t.Errorf("%q decrypts to %q", text, got)
		}
		_, _ = openPayload(at, []byte(text))
		if plain, refers := withoutEscapes(withEscapes(text)); refers || plain != text {
			t.Errorf("%q is escaped and comes back as %q", text, plain)
		}
	})
}

// A replacement is one value and no other byte, and comes back.
func FuzzReplace(f *testing.F) {
	for _, seed := range []string{
		"a: x # c\n", "a: 'x'\nb: \"y\"\n", "a: |\n  x\n  y\n\nb: 1\n", "{a: [x, {b: y}]}", "- - x\n  - >+\n    y\n\n- z\n", "a: one\n  two\n\n  three\n",
		"a: !!str &x\n  # c\n  v\nb: *x\n", "a:\nb: ~\n? c\n: d\n", "\ufeffa: \u2028x\r\nb: y\r", "a: \"\\\n  x\"\n", "a: x\\\n b\n...\n# c\n", "%YAML 1.2\n---\na: >1-\n  x\n",
	} {
		f.Add(seed, "x.yaml", uint8(0), "two\nlines\n")
	}
	for _, seed := range []string{"a = 1\n", "a.b = \"\"\"\nx\"\"\"\"\n[[c]]\nd = ['x', {e = true}]\n", "a = '''x'''' # c\r\n[b]\nc = 1.5\n"} {
		f.Add(seed, "x.toml", uint8(0), "it's \"x\"")
	}
	keys, to, _ := keyPair(f)
	f.Fuzz(func(t *testing.T, data, name string, number uint8, value string) {
		if name != "x.toml" {
			name = "x.yaml"
		}
		before, err := ParseText(File{Name: name, Data: []byte(data)})
		if err != nil || len(before.values) == 0 {
			return
		}
		v := before.values[int(number)%len(before.values)]
		path := v.path.String()
		after, err := before.Set(path, value, to)
		if err != nil {
			if _, ok := errors.AsType[Errors](err); !ok {
				t.Fatalf("error of type %T: %v", err, err)
			}
			return
		}
		at, _ := before.spanOf(v)
		if !bytes.HasPrefix(after.Data, before.Data[:at.from]) || !bytes.HasSuffix(after.Data, before.Data[at.to:]) {
			t.Fatalf("more than the value has changed:\n%q\n%q", before.Data, after.Data)
		}
		sealed, _ := after.lookup(path)
		if !unchanged(before.tree, after.tree, v.node, sealed.node.Value) {
			t.Fatalf("the file says something else:\n%q\n%q", before.Data, after.Data)
		}
		if values, err := after.Values([]string{path}, keys); err != nil || values[0] != value {
			t.Fatalf("%q comes back as %q: %v", value, values, err)
		}
		edit, err := after.Open(keys)
		if err != nil {
			return // there was another value that looks encrypted, or no way to write this one
		}
		opened, _ := edit.plain.lookup(path)
		if text, _ := withoutEscapes(opened.node.Value); text != value {
			t.Fatalf("%q is opened as %q", value, text)
		}
		// A comment at the end has no part in it.
		const comment = "\n# end\n"
		closed, err := edit.Close(append(bytes.Clone(edit.Plain()), comment...), to)
		if err == nil && !bytes.Equal(closed.Data, append(bytes.Clone(after.Data), comment...)) {
			t.Fatalf("the value is not what it was:\n%q\n%q", after.Data, closed.Data)
		}
	})
}
