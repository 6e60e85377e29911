package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(Schema())
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(Schema())
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("two schemas: %v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asEditorsRead returns YAML as what a schema is applied to.
func asEditorsRead(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return instance
}

// Whatever loads has the schema's blessing, and most of what does not has not.
func TestSchemaOfFixtures(t *testing.T) {
	schema := compiledSchema(t)
	f := func(name string, want bool) {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(fixtures, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(asEditorsRead(t, data)); (err == nil) != want {
			t.Errorf("%s: valid is not %v: %v", name, want, err)
		}
	}
	for _, name := range validFixtures(t) {
		if filepath.Ext(name) == ".yaml" {
			f(name, true)
		}
	}
	for _, name := range []string{
		"unknown-key", "unknown-section", "enum", "type", "range", "bool", "duration", "list", "short-range",
		"short-unknown", "components", "size", "component-name", "case",
	} {
		f("invalid-"+name+".yaml", false)
	}
}

func TestSchema(t *testing.T) {
	schema := compiledSchema(t)
	f := func(text string, want bool) {
		t.Helper()
		if err := schema.Validate(asEditorsRead(t, []byte(text))); (err == nil) != want {
			t.Errorf("%s: valid is not %v: %v", text, want, err)
		}
	}
	f("", true)
	f("server:\n", true)
	f("server: {port: 70000}", false)
	f("server: {port: '${env:PORT}'}", true)
	f("server: {port: 'ENC[age,x]'}", true)
	f("server: {port: '4317'}", false)
	f("server: {prt: 1}", false)
	f("database: {url: x}", true)
	f("logging: {level: WARN}", true)
	f("logging: {level: loud}", false)
	f("exporters: {otlp/two: {timeout: 5s}}", true)
	f("exporters: {otlp/two: {timeout: 5}}", false)
	f("exporters: {otlp/two: {timeout: 0}}", true)
	f("exporters: {otlp/two: {timeout: -5s}}", false)
	f("exporters: {otlp/: {timeout: 5s}}", false)
	f("exporters: {otlpx: {timeout: 5s}}", false)
	f("exporters: {otlp: {keepalive: {enabled: false}}}", true)
	f("exporters: {otlp: {tls: {min_version: 1.3}}}", true)
	f("exporters: {otlp: {tls: {min_version: 1.4}}}", false)
	f("exporters: {otlp: {tls: {enabled: false}}}", false)
	f("exporters: {otlp: {headers: {a: 1, b: x}}}", true)
	f("exporters: {otlp: {headers: [{name: a, value: b}]}}", true)
	f("exporters: {otlp: {headers: [{name: a}]}}", false)
	f("exporters: {logging: {loglevel: info}}", true)
	f("exporters: {debug: {verbosity: Detailed}}", true)
	f("receivers: {otlp: {protocols: {http: {max_request_body_size: 64 MiB, compression_algorithms: 'gzip,zstd'}}}}", true)
	f("receivers: {otlp: {protocols: {http: {max_request_body_size: 64 TB}}}}", false)
	f("receivers: {otlp: {protocols: {http: {max_request_body_size: -1}}}}", false)
}

func TestSchemaTellsWhatEditorsShow(t *testing.T) {
	text, err := json.Marshal(Schema())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"$schema":"https://json-schema.org/draft/2020-12/schema"`, `"default":"5s"`, `"deprecated":true`, `"default":"gzip"`,
		`"description":"How many batches are sent at the same time. Unit: batches. Range: 1 to 10000."`,
		`"^otlp(/.+)?$":{"$ref":"#/$defs/exporter_otlp"}`, `"^otlp_grpc(/.+)?$":{"$ref":"#/$defs/exporter_otlp"}`,
		`"maximum":65535`, `"additionalProperties":false`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the schema lacks %s", want)
		}
	}
}
