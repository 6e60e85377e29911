package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// The YAML that is shown, comments and all, is a configuration, and the same one unless it has secrets.
func TestConfigYAMLLoadsAgain(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/config/valid-*.[yt][ao]ml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	streams := term.Plain(strings.NewReader(""), nil, nil)
	for _, path := range paths {
		from := config.Sources{Files: []string{path}, Environ: []string{"POD_IP=10.0.0.7", "TOKEN=planted-secret"}}
		loaded, err := config.Load(from)
		if err != nil {
			t.Fatal(err)
		}
		for _, origin := range []bool{false, true} {
			text := configYAML(streams.Out, loaded.Show(), origin)
			if strings.Contains(text, "planted-secret") {
				t.Errorf("%s: a secret is shown:\n%s", path, text)
			}
			file := filepath.Join(t.TempDir(), "shown.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			again, err := config.Load(config.Sources{Files: []string{file}})
			if err != nil {
				t.Errorf("%s: %v\n%s", path, err, text)
				continue
			}
			hasSecret := slices.ContainsFunc(loaded.Show().Leaves(), func(v *config.Value) bool { return v.Secret })
			if diff := cmp.Diff(loaded.Config, again.Config); diff != "" && !hasSecret {
				t.Errorf("%s (-before +after):\n%s", path, diff)
			}
		}
	}
}

func TestConfigYAML(t *testing.T) {
	section := func(key string, items ...*config.Value) *config.Value {
		return &config.Value{Key: key, Kind: config.SectionValue, Items: items}
	}
	list := func(key string, items ...*config.Value) *config.Value {
		return &config.Value{Key: key, Kind: config.ListValue, Items: items}
	}
	scalar := func(key string, value any) *config.Value {
		return &config.Value{Key: key, Scalar: value, Origin: config.Origin{Layer: config.Builtin}}
	}
	v := section("",
		section("a", scalar("on", "on"), scalar("b", "0755"), scalar("c", int64(5)), scalar("d", 0.5), scalar("e", true)),
		list("f", section("", scalar("g", "x: y"), list("h", scalar("", ""), scalar("", "# z"))), section("", scalar("i", "j"))),
		section("k"), list("l"),
		scalar("lines", "one\ntwo"), scalar("long", strings.Repeat("x", 80)), scalar("m/n", "***"))
	streams := term.Plain(strings.NewReader(""), nil, nil)
	want := `a:
  "on": "on" # default
  b: "0755"  # default
  c: 5       # default
  d: 0.5     # default
  e: true    # default
`
	if got := configYAML(streams.Out, section("", v.Items[0]), true); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	want = `a:
  "on": "on"
  b: "0755"
  c: 5
  d: 0.5
  e: true
f:
  - g: 'x: y'
    h:
      - ""
      - '# z'
  - i: j
k: {}
l: []
lines: "one\ntwo"
long: ` + strings.Repeat("x", 80) + `
m/n: '***'
`
	if got := configYAML(streams.Out, v, false); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
