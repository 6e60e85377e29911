package config

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otlpctl/otlpctl/receiver"
)

// The starter says what holds without it, and what is commented out is right too.
func TestStarter(t *testing.T) {
	schema := compiledSchema(t)
	f := func(text string) receiver.Config {
		t.Helper()
		l, err := load([]File{{"default.yaml", []byte(text)}}, Sources{}, receiverOptions(nil))
		if err != nil || len(l.Warnings) > 0 {
			t.Errorf("%v %s", err, l.Warnings)
		}
		if err := schema.Validate(asEditorsRead(t, []byte(text))); err != nil {
			t.Error(err)
		}
		return l.Config
	}
	want := receiver.DefaultConfig()
	batchByDefault(&want)
	if diff := cmp.Diff(want, f(Starter())); diff != "" {
		t.Errorf("not the defaults:\n%s", diff)
	}
	gateway := f(regexp.MustCompile(`(?m)^#($|[^ ]|  )`).ReplaceAllString(Starter(), "$1"))
	if len(gateway.Service.Pipelines) != 3 || gateway.Exporters["otlp"] == nil {
		t.Errorf("no gateway: %+v", gateway)
	}
}
