package config

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/export/otlp"
)

// update rewrites the expected output of the fixtures, and the reference.
var update = flag.Bool("update", false, "rewrite testdata/config/*.txt and the reference in docs") //nolint:gochecknoglobals // a flag of the test binary

const fixtures = "../../testdata/config"

// loadFixture loads a file of testdata/config under its bare name.
func loadFixture(t *testing.T, name string) (Loaded, error) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	opts := receiverOptions(func(name string) (string, bool) {
		value, ok := map[string]string{"POD_IP": "10.0.0.7", "TOKEN": "planted-secret"}[name]
		return value, ok
	})
	return load([]File{{Name: name, Data: data}}, Sources{}, opts)
}

// Each fixture has the expected output beside it: of invalid-*.yaml the faults
// and warnings, of valid-*.yaml the warnings, if there are any.
func TestFixtures(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(fixtures, "*valid-*.[yt][ao]ml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range names {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			loaded, err := loadFixture(t, name)
			got := output(t, loaded, err)
			if valid := strings.HasPrefix(name, "valid-"); valid != (err == nil) {
				t.Errorf("unexpected verdict:\n%s", got)
			}
			if strings.Contains(got, "planted-secret") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			golden := strings.TrimSuffix(path, filepath.Ext(path)) + ".txt"
			if *update {
				writeGolden(t, golden, got)
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

func output(t *testing.T, loaded Loaded, err error) string {
	t.Helper()
	var parts []string
	var errs Errors
	if err != nil {
		if !errors.As(err, &errs) {
			t.Fatalf("error of type %T: %v", err, err)
		}
		parts = append(parts, errs.Error()+"\n")
	}
	if len(loaded.Warnings) > 0 {
		parts = append(parts, "warnings:\n"+loaded.Warnings.String()+"\n")
	}
	return strings.Join(parts, "")
}

func writeGolden(t *testing.T, path, content string) {
	t.Helper()
	if content == "" {
		_ = os.Remove(path)
		return
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLoadWithoutFiles(t *testing.T) {
	loaded, err := Load(Sources{})
	if err != nil || len(loaded.Warnings) > 0 {
		t.Fatalf("%v %v", loaded.Warnings, err)
	}
	if want := receiver.DefaultConfig(); !reflect.DeepEqual(loaded.Config, want) {
		t.Errorf("not the defaults:\n%s", cmp.Diff(want, loaded.Config))
	}
}

func TestLoadSeveralFiles(t *testing.T) {
	base := filepath.Join(fixtures, "valid-settings.yaml")
	over := filepath.Join(t.TempDir(), "over.yaml")
	if err := os.WriteFile(over, []byte("service:\n  shutdown: {delay: 7s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(Sources{Files: []string{base, over}})
	if err != nil {
		t.Fatal(err)
	}
	got := loaded.Config.Service.Shutdown
	if want := (receiver.ShutdownConfig{Delay: 7 * time.Second, Timeout: time.Minute}); got != want {
		t.Errorf("service.shutdown is %+v, want %+v", got, want)
	}
	if pos, _ := loaded.Origins.Position("service.shutdown.delay"); pos.String() != over+":2:21" {
		t.Errorf("delay is set at %s", pos)
	}
	alone, err := Load(Sources{Files: []string{base}})
	if err != nil || alone.Hash == loaded.Hash || len(alone.Hash) != 12 {
		t.Errorf("hashes %q and %q, %v", alone.Hash, loaded.Hash, err)
	}
}

// Settings alone leave what runs without a file; naming one component replaces
// all of them.
func TestLoadKeepsDefaultComponents(t *testing.T) {
	f := func(name string, wantPipelines int) {
		t.Helper()
		loaded, err := loadFixture(t, name)
		if err != nil || len(loaded.Config.Service.Pipelines) != wantPipelines {
			t.Errorf("%s: pipelines %v, %v", name, loaded.Config.Service.Pipelines, err)
		}
	}
	f("valid-comments.yaml", 3)
	f("valid-settings.yaml", 3)
	f("valid-json.yaml", 1)
}

func TestLoadGateway(t *testing.T) {
	loaded, err := loadFixture(t, "valid-gateway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := loaded.Config
	grpc := c.Receivers["otlp"].Protocols.GRPC
	if grpc.Endpoint != "10.0.0.7:4317" || grpc.MaxRecvMsgSizeMiB != 16 || grpc.Keepalive.ServerParameters.MaxConnectionAge != 10*time.Minute {
		t.Errorf("receivers.otlp: %+v", grpc)
	}
	if c.Receivers["otlp/internal"].Protocols.GRPC != nil {
		t.Error("receivers.otlp/internal serves gRPC")
	}
	e := c.Exporters["otlp"].(*otlp.Config)
	if e.Endpoint != "backend.example.com:4317" || string(e.Headers["authorization"]) != "Bearer planted-secret" || e.RetryOnFailure.MaxElapsedTime != 0 {
		t.Errorf("exporters.otlp: %+v", e)
	}
	pos, set := loaded.Origins.Position("exporters.otlp.tls.ca_file")
	if pos.String() != "valid-gateway.yaml:46:16" || !set {
		t.Errorf("ca_file is set at %s, %v", pos, set)
	}
}

// A file from an editor on Windows says the same.
func TestLoadWindowsFile(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(fixtures, "valid-anchors.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	unix, err := load([]File{{"a.yaml", data}}, Sources{}, receiverOptions(nil))
	if err != nil {
		t.Fatal(err)
	}
	data = append([]byte("\ufeff"), bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))...)
	windows, err := load([]File{{"a.yaml", data}}, Sources{}, receiverOptions(nil))
	if err != nil || !reflect.DeepEqual(unix.Config, windows.Config) {
		t.Errorf("%v\n%+v\n%+v", err, unix.Config, windows.Config)
	}
}

// Every key that a user can write has tags that decoding understands, and a line
// of documentation.
func TestKeysAreDescribed(t *testing.T) {
	check := typeCheck{t: t, seen: map[reflect.Type]bool{}}
	check.typ(reflect.TypeFor[receiver.Config](), "")
	for path, c := range receiverOptions(nil).Components {
		for _, typ := range c.Types {
			check.typ(reflect.TypeOf(c.New(typ)), path+"."+typ)
		}
		for typ := range c.Deprecated {
			check.typ(reflect.TypeOf(c.New(typ)), path+"."+typ)
		}
	}
}

type typeCheck struct {
	t    *testing.T
	seen map[reflect.Type]bool
}

func (c typeCheck) typ(t reflect.Type, path string) {
	t = elementOf(t)
	if t.Kind() != reflect.Struct || c.seen[t] {
		return
	}
	c.seen[t] = true
	keys, err := fieldsOf(t)
	if err != nil {
		c.t.Error(err)
	}
	for _, f := range keys {
		at := joinPath(path, f.key)
		if f.doc == "" {
			c.t.Errorf("%s has no doc tag", at)
		}
		c.typ(f.typ, at)
	}
}
