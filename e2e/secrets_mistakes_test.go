package e2e_test

import (
	"strings"
	"testing"
)

// slip is a mistake beside a secret.
type slip struct{ name, old, wrong string }

func (m slip) make(t *testing.T, config string) string {
	t.Helper()
	if !strings.Contains(config, m.old) {
		t.Fatalf("%s: there is no %q", m.name, m.old)
	}
	return strings.Replace(config, m.old, m.wrong, 1)
}

// secretMistakes are slips on the lines of secrets and around them: of the pen, of the keys' names, and of their types.
func secretMistakes(s *safe) []slip {
	header, password := s.secrets["header"], s.secrets["password of a url"]
	line := "      authorization: Bearer " + header
	return []slip{
		{"quote that does not end", line, `      authorization: "Bearer ` + header},
		{"colon in a value", line, "      authorization: Bearer: " + header},
		{"tab", line, "\tauthorization: Bearer " + header},
		{"indentation", line, "     authorization: Bearer " + header},
		{"no colon", line, "      authorization Bearer " + header},
		{"key twice", line, line + "\n" + line},
		{"bracket", line, "      authorization: [Bearer " + header},
		{"list in place of text", line, "      authorization: [Bearer, " + header + "]"},
		{"mapping in place of text", line, "      authorization: {bearer: " + header + "}"},
		{"tag", line, "      authorization: !secret " + header},
		{"control character", line, `      authorization: "Bearer ` + header + `\n"`},
		{"name that is none", line, "      \"not a name\": " + header},
		{"unknown key", "    headers:\n" + line, "    hedaers:\n" + line},
		{"key of the exporter", "    headers:\n" + line, "    token: " + header + "\n    headers:\n" + line},
		{"text in place of headers", "    headers:\n" + line, "    headers: " + header + "\n    further:\n" + line},
		{"header outside of headers", "    headers:\n" + line, "    authorization: Bearer " + header + "\n    headers:\n" + line},
		{"value that begins like an alias", line, "      authorization: *" + header},
		{"space in a url", "http://user:" + password, "http:// user:" + password},
		{"space in a password", "http://user:" + password, "http://user: " + password},
		{"slash in a password", "user:" + password + "@", "user:x/" + password + "@"},
		{"unsupported component", "exporters:\n", "exporters:\n  kafka:\n    auth: {password: " + header + "}\n"},
		{"extension", "service:\n", "extensions:\n  bearertokenauth: {token: " + header + "}\nservice:\n"},
		{"section", "service:\n", "secrets:\n  token: " + header + "\nservice:\n"},
		{"database", "service:\n", "database:\n  url: mysql://user:" + header + "@db:5432/otlp\nservice:\n"},
		{"variable that is not set", line, "      authorization: ${env:NOT_SET} " + header},
		{"reference that does not end", line, "      authorization: ${env:PLANTED " + header},
		{"reference of another kind", line, "      authorization: ${vault:" + header + "}"},
		{"port of a url", "user:" + password + "@", "user:" + password + "@host:port/"},
		{"scheme of a url", "http://user:" + password, "htp://user:" + password},
		{"bracket in a url", "http://user:" + password, "http://[user:" + password},
		{"percent in a url", "user:" + password + "@", "user:%zz" + password + "@"},
		{"scheme of a proxy", "proxy_url: http://", "proxy_url: gopher://"},
		{"key that is broken", "-----BEGIN PRIVATE KEY-----", "-----BEGIN KEY-----"},
		{"key without its certificate", "cert_pem: |", "ca_pem: |"},
		{"key in the place of a file", "key_pem: |\n" + indent(s.key), "key_file: ${env:KEY}"},
		{"key in the place of a version", "key_pem: |", "min_version: |"},
		{"key as a list", "key_pem: |\n", "key_pem:\n        - |\n"},
		{"encrypted value that was moved", "      - {name: x-listed, value: " + s.secrets["listed header"] + "}\n", ""},
		{"encrypted value that is no duration", "timeout: 10ms", "timeout: " + s.sealedTimeout},
	}
}
