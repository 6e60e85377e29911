package config

import (
	"slices"
	"strings"
	"testing"
)

func TestVariablesIn(t *testing.T) {
	f := func(text string, required, optional string) {
		t.Helper()
		var gotRequired, gotOptional []string
		for _, v := range []string{"A", "B", "C"} {
			switch must, found := variablesIn(text)[v]; {
			case found && must:
				gotRequired = append(gotRequired, v)
			case found:
				gotOptional = append(gotOptional, v)
			}
		}
		if strings.Join(gotRequired, "") != required || strings.Join(gotOptional, "") != optional {
			t.Errorf("%q: got %q and %q", text, gotRequired, gotOptional)
		}
	}
	f("", "", "")
	f("$A", "", "")
	f("$${A}", "", "")
	f("$$${A}", "A", "")
	f("${A}", "A", "")
	f("x ${env:A} ${B}", "AB", "")
	f("${env:A:-}", "", "A")
	f("${env:A:-${env:B}}", "", "AB")
	f("${env:A:-x} ${A}", "A", "")
	f("${file:/A}", "", "")
	f("${A", "", "")
	f("$x${A}", "A", "")
}

// A variable that is found is one that resolving the text asks for, and the other way round.
func FuzzVariablesIn(f *testing.F) {
	for _, seed := range []string{"${A}", "${env:A:-${env:B}}", "$${A}$", "${", "$x${file:/y}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := variablesIn(text)
		refs := references{lookupEnv: func(name string) (string, bool) {
			if _, known := found[name]; !known {
				t.Errorf("%q asks for %q, which is not among %v", text, name, found)
			}
			return "", true
		}}
		if strings.Contains(text, "${file:") {
			return // would read files
		}
		_, _ = refs.expand(text)
	})
}

// What is refused is refused without a panic, and what is not is one file that loads.
func FuzzPortable(f *testing.F) {
	f.Add(gateway, "deploy.replicas=5")
	f.Add("deploy: {autoscaling: {min_replicas: 4}}", "otlp.grpc_endpoint=${env:POD_IP}:4317")
	f.Add("exporters: {debug: {}}", "server.host=a")
	f.Fuzz(func(t *testing.T, text, set string) {
		p, err := loadPortable([]File{{"x.yaml", []byte(text)}}, Sources{Set: []string{set}})
		if err != nil {
			return
		}
		if all, err := p.AllListeners(); err == nil && slices.ContainsFunc(all, func(l Listener) bool { return l.Port <= 0 || l.Port > 65535 }) {
			t.Errorf("%q with %q listens on %v", text, set, all)
		}
		if _, err := LoadWritten([]File{{"config.yaml", p.File}}, nil); err != nil {
			t.Errorf("%q with %q became a file that does not load: %v\n%s", text, set, err, p.File)
		}
	})
}
