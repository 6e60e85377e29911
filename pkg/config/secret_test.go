package config

import (
	"encoding/json"
	"strings"
	"testing"
)

// Whatever is wrong beside, before, after or with a secret, no message shows it.
func TestSecretsStayHidden(t *testing.T) {
	const planted = "hunter2"
	f := func(text string) {
		t.Helper()
		_, _, warnings, err := decodeText(t, text)
		if err == nil {
			t.Errorf("%s\nno fault", text)
			return
		}
		encoded, jsonErr := json.Marshal(err)
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		for _, out := range []string{err.Error(), warnings.String(), string(encoded)} {
			if strings.Contains(out, planted) {
				t.Errorf("%s\n%s", text, out)
			}
		}
	}
	f("everything: {pin: hunter2}\n")
	f("everything: {pin: 'hunter2', zzz: hunter2}\n")
	f("everything: {secret: hunter2, bool: x}\n")
	f("everything: {bool: x, secret: hunter2}\n")
	f("everything: {secret: [hunter2]}\n")
	f("everything: {secret: {a: hunter2}}\n")
	f("everything: {secret: 'hunter2\n  hunter2', bool: x}\n")
	f("everything: {secret: hunter2\n  hunter2, bool: x}\n")
	f("everything: {secret: &a hunter2, bool: *a}\n")
	f("everything: {secret: !x hunter2}\n")
	f("everything: {secret: 'hunter2${'}\n")
	f("everything: {secret: hunter2, secret: hunter2}\n")
	f("everything: {int: '${env:PASSWORD}'}\n")
	f("everything: {color: '${env:PASSWORD}'}\n")
	f("everything: {int: http://me:hunter2@host}\n")
	f("everything: {text: http://me:hunter2@host, int: x}\n")
	f("everything: {int: 'consul:///otlp?tag=a&token=hunter2&b=c'}\n")
	f("everything: {text: consul:///otlp?token=hunter2, int: x}\n")
	f("everything: {int: 'http://host?x-api-key=hunter2'}\n")
	f("everything: {secert: hunter2}\n")
	f("exporters: {send: {endpoint: x, tsl: {key_pem: hunter2}}}\n")
	f("unknown: {deep: [{password: hunter2}]}\n")
	f("unknown: hunter2 # hunter2\n")
	f("exporters: {kafka: {password: hunter2}, send: {zzz: 1}}\n")
	f("exporters: {send: {endpoint: x, headers: {a: hunter2, b: [hunter2]}}}\n")
	f("exporters: {send: {endpoint: x, headers: [{name: a, value: hunter2}, {name: b}]}}\n")
	f("exporters: {send: {endpoint: x, headers: [{name: a, valu: hunter2}]}}\n")
	f("exporters: {/a: {password: hunter2}}\n")
	// No tree, no knowledge: what sounds or looks secret is left out.
	f("admin:\n  password: hunter2: x\n")
	f("admin:\n  api_key: 'hunter2\n")
	f("admin:\n  - x-token: @hunter2\n")
	f("admin:\n  endpoint: a\n hunter2hunter2hunter2\n")
}

func TestExcerpt(t *testing.T) {
	f := func(text, wantLine, wantCaret string) {
		t.Helper()
		_, _, _, err := decodeText(t, text)
		errs, ok := err.(Errors) //nolint:errorlint // documented to be the type itself
		if !ok || errs[0].Source != wantLine || errs[0].Caret != wantCaret {
			t.Errorf("%q:\ngot\n%s\n%s|\nwant\n%s\n%s|", text, errs[0].Source, errs[0].Caret, wantLine, wantCaret)
		}
	}
	f("everything: {int: abc}\n",
		"everything: {int: abc}",
		"                  ^^^")
	f("everything: {secret: s3cret, int: abc} # no\n",
		"everything: {secret: *** int: abc} # no",
		"                              ^^^")
	f("everything: {text: 受信機, int: abc}\n",
		"everything: {text: 受信機, int: abc}",
		"                                ^^^")
	f("everything:\r\n  int:\tabc\r\n",
		"  int:\tabc",
		"      \t^^^")
	f("everything: {text: "+strings.Repeat("x", 200)+", int: abc, duration: "+strings.Repeat("y", 200)+"}\n",
		"…"+strings.Repeat("x", 53)+", int: abc, duration: "+strings.Repeat("y", 45)+"…",
		strings.Repeat(" ", 61)+"^^^")
	f("everything: {int: "+strings.Repeat("x", 200)+"}\n",
		"everything: {int: "+strings.Repeat("x", 102)+"…",
		strings.Repeat(" ", 18)+strings.Repeat("^", 102))
	f("\ufeffeverything: {int: abc}\n",
		"everything: {int: abc}",
		"                  ^^^")
}
