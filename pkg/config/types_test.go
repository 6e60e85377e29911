package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// testConfig has one of everything that a configuration is made of.
type testConfig struct {
	Receivers  map[string]any `yaml:"receivers" doc:"sources"`
	Exporters  map[testID]any `yaml:"exporters" doc:"destinations"`
	Service    testService    `yaml:"service" doc:"what runs"`
	Admin      testAdmin      `yaml:"admin" doc:"our own"`
	Everything testEverything `yaml:"everything" doc:"all types"`
}

type testID struct{ typ, name string }

func (id *testID) UnmarshalText(text []byte) error {
	id.typ, id.name, _ = strings.Cut(string(text), "/")
	if id.typ == "" {
		return errors.New("a component needs a type")
	}
	return nil
}

func (id testID) String() string {
	if id.name == "" {
		return id.typ
	}
	return id.typ + "/" + id.name
}

type testService struct {
	Pipelines map[string]testPipeline `yaml:"pipelines" doc:"from where to where"`
}

type testPipeline struct {
	Receivers []string `yaml:"receivers" doc:"sources"`
	Exporters []testID `yaml:"exporters" doc:"destinations"`
}

type testAdmin struct {
	Endpoint string `yaml:"endpoint" doc:"address"`
}

type testCommon struct {
	CAFile string `yaml:"ca_file" doc:"authorities"`
	KeyPEM string `yaml:"key_pem" doc:"key" secret:"true"`
}

type testTLS struct {
	testCommon `yaml:",inline"`

	Insecure bool `yaml:"insecure" doc:"no TLS"`
}

func (t testTLS) Validate() error {
	if t.Insecure && t.CAFile != "" {
		return testPathError{"ca_file", "ca_file needs TLS"}
	}
	return nil
}

// testOTLP is a receiver with sections that are on once they are named.
type testOTLP struct {
	GRPC *testServer `yaml:"grpc" doc:"gRPC"`
	HTTP *testServer `yaml:"http" doc:"HTTP"`
}

func (o *testOTLP) Validate() error {
	if o.GRPC == nil && o.HTTP == nil {
		return errors.New("set grpc, http or both")
	}
	return nil
}

type testServer struct {
	Endpoint string   `yaml:"endpoint" doc:"address"`
	TLS      *testTLS `yaml:"tls" doc:"TLS"`
}

func (s *testServer) SetDefaults() { s.Endpoint = "localhost:1" }

// testExporter is what the type "send" and its old name "ship" decode into.
type testExporter struct {
	Endpoint string            `yaml:"endpoint" doc:"address"`
	Timeout  time.Duration     `yaml:"timeout" doc:"for one attempt" min:"1ms" max:"1h"`
	Headers  map[string]string `yaml:"headers" doc:"sent along" secret:"true"`
	TLS      testTLS           `yaml:"tls" doc:"TLS"`
	Queue    int               `yaml:"queue" doc:"size" unit:"requests" min:"1" max:"10000"`
	Level    string            `yaml:"level" doc:"detail" enum:"basic|normal|detailed"`
	Loud     string            `yaml:"loud" doc:"shouting" enum:"on|off" fold:"true"`
	OldLevel string            `yaml:"loglevel" doc:"detail" deprecated:"use level"`
}

func (e *testExporter) Validate() error {
	if e.Endpoint == "" {
		return testPathError{"endpoint", "an address is required"}
	}
	return nil
}

type testEverything struct {
	Bool     bool                   `yaml:"bool" doc:"-"`
	Int      int                    `yaml:"int" doc:"-"`
	Int8     int8                   `yaml:"int8" doc:"-"`
	Uint16   uint16                 `yaml:"uint16" doc:"-"`
	Float    float64                `yaml:"float" doc:"-" min:"0" max:"1"`
	Duration time.Duration          `yaml:"duration" doc:"-"`
	Signed   time.Duration          `yaml:"signed" doc:"-" min:"-1h"`
	Text     string                 `yaml:"text" doc:"-"`
	Secret   string                 `yaml:"secret" doc:"-" secret:"true"`
	PIN      int                    `yaml:"pin" doc:"-" secret:"true"`
	OptText  *string                `yaml:"opt_text" doc:"-"`
	OptBool  *bool                  `yaml:"opt_bool" doc:"-"`
	Strings  []string               `yaml:"strings" doc:"-"`
	Ints     []int                  `yaml:"ints" doc:"-" min:"1"`
	Structs  []testAdmin            `yaml:"structs" doc:"-"`
	Map      map[string]int         `yaml:"map" doc:"-"`
	ByID     map[testID]*testServer `yaml:"by_id" doc:"-"`
	Color    testColor              `yaml:"color" doc:"-" enum:"red|green"`
	Any      any                    `yaml:"any" doc:"-"`
	Ignored  string
	Hidden   string `yaml:"-"`
}

type testColor int

func (c *testColor) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "red":
		*c = 1
	case "green":
		*c = 2
	default:
		return fmt.Errorf("%q is no color", text)
	}
	return nil
}

type testPathError struct{ path, text string }

func (e testPathError) Error() string      { return e.text }
func (e testPathError) ConfigPath() string { return e.path }

// testHint is an error with advice; testDoubt is no reason to stop.
type (
	testHint  struct{ testPathError }
	testDoubt struct{ testPathError }
)

func (testHint) ConfigHint() string   { return "define it" }
func (e testHint) Error() string      { return e.path + ": " + e.text }
func (e testHint) Problem() string    { return e.text }
func (testDoubt) ConfigWarning() bool { return true }

// Validate checks references, like the real configuration.
func (c *testConfig) Validate() error {
	var errs []error
	for signal, p := range c.Service.Pipelines {
		for i, id := range p.Exporters {
			if _, ok := c.Exporters[id]; !ok {
				errs = append(errs, testHint{testPathError{
					fmt.Sprintf("service.pipelines.%s.exporters[%d]", signal, i), "no exporter " + id.String(),
				}})
			}
		}
	}
	for id := range c.Exporters {
		if id.name == "unused" {
			errs = append(errs, testDoubt{testPathError{"exporters." + id.String(), "in no pipeline"}})
		}
	}
	return errors.Join(errs...)
}

func testOptions() Options {
	extensions := Components{Kind: "extension", Instead: map[string]string{"health_check": "admin.endpoint answers /health"}}
	return Options{
		Components: map[string]Components{
			"receivers": {Kind: "receiver", Types: []string{"otlp"}, New: func(string) any { return new(testOTLP) }},
			"exporters": {
				Kind:       "exporter",
				Types:      []string{"send", "nop"},
				Deprecated: map[string]string{"ship": "send"},
				New: func(string) any {
					return &testExporter{Timeout: 5 * time.Second, Queue: 100, Level: "basic"}
				},
			},
			"extensions":         extensions,
			"service.extensions": extensions,
		},
		LookupEnv: func(name string) (string, bool) {
			value, ok := map[string]string{
				"HOST": "example.test", "PORT": "4317", "EMPTY": "", "YES": "true", "DOLLAR": "$${HOST}",
				"LIST": "a, b", "PIN": "0042", "PASSWORD": "hunter2",
			}[name]
			return value, ok
		},
	}
}

// decodeText decodes files given as text, named a.yaml, b.yaml and so on.
func decodeText(t *testing.T, texts ...string) (testConfig, Origins, Warnings, error) {
	t.Helper()
	var files []File
	for i, text := range texts {
		files = append(files, File{Name: string(rune('a'+i)) + ".yaml", Data: []byte(text)})
	}
	var conf testConfig
	origins, warnings, err := Decode(&conf, files, testOptions())
	return conf, origins, warnings, err
}
