package inspect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/image"
)

func jsonOf(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	check(t, err)
	return string(text)
}

func compared(t testing.TB, a, b *image.Built) Comparison {
	t.Helper()
	c, err := Compare("a", a, "b", b)
	check(t, err)
	return c
}

func TestCompareFiles(t *testing.T) {
	f := func(a, b []made, want string) {
		t.Helper()
		c := compared(t, built(imageOf(t, nil, a)), built(imageOf(t, nil, b)))
		var got []string
		for _, change := range c.Platforms[0].Files {
			text := change.Kind + " " + change.Path
			for _, size := range []*int64{change.ASize, change.BSize} {
				if size != nil {
					text += fmt.Sprintf(" %d", *size)
				}
			}
			got = append(got, strings.TrimSpace(text+" "+strings.Join(change.What, " ")))
		}
		if n := c.Platforms[0].Times; n > 0 {
			got = append(got, fmt.Sprintf("%d times", n))
		}
		if text := strings.Join(got, "; "); text != want || c.Same != (want == "") {
			t.Errorf("%q, same = %v, want %q", text, c.Same, want)
		}
	}
	one := []made{{name: "a", content: "1", mode: 0o644}}
	f(one, one, "")
	f(one, []made{{name: "a", content: "2", mode: 0o644}}, "changed /a 1 1 content")
	f(one, []made{{name: "a", content: "22", mode: 0o755}}, "changed /a 1 2 content mode")
	f(one, []made{{name: "a", content: "1", mode: 0o644, time: 7}}, "1 times")
	f(one, append(one, made{name: "d/", mode: 0o755}, made{name: "d/b", content: "xyz"}), "added /d/; added /d/b 3")
	f(append(one, made{name: "b", content: "xyz"}), one, "removed /b 3")
	f(one, []made{{name: "a/"}}, "changed /a 1 type")
	f([]made{{name: "l", kind: '2', link: "x"}}, []made{{name: "l", kind: '2', link: "y"}}, "changed /l target")
}

func TestCompareConfigs(t *testing.T) {
	files := []made{{name: "a"}}
	a := imageOf(t, func(c *v1.ConfigFile) {
		c.Config = v1.Config{User: "0", Env: []string{"A=1", "TOKEN=planted", "EMPTY="}, Labels: map[string]string{"x": "1"}}
	}, files)
	b := imageOf(t, func(c *v1.ConfigFile) {
		c.Config = v1.Config{User: "1000", Env: []string{"A=1", "TOKEN=other-planted"}, Cmd: []string{"run", "it"}}
	}, files)
	c := compared(t, built(a), built(b))
	want := `[{"field":"cmd","a":null,"b":"[\"run\",\"it\"]"},` +
		`{"field":"env.EMPTY","a":"","b":null},` +
		`{"field":"env.TOKEN","a":"***","b":"***","secret":true},` +
		`{"field":"labels.x","a":"1","b":null},` +
		`{"field":"user","a":"0","b":"1000"}]`
	if got := jsonOf(t, c.Platforms[0].Config); got != want {
		t.Errorf("differences\n%s, want\n%s", got, want)
	}
	if c.Same || len(c.Platforms[0].Files) != 0 || c.Platforms[0].SharedLayers != 1 {
		t.Errorf("comparison %+v", c)
	}
}

func TestComparePlatforms(t *testing.T) {
	amd := imageOf(t, nil, []made{{name: "a"}})
	arm := imageOf(t, func(c *v1.ConfigFile) { c.Architecture = "arm64" }, []made{{name: "a"}})
	arm.Platform.Architecture = "arm64"
	other := amd
	other.Platform.Architecture = "s390x"

	c := compared(t, built(amd, arm), built(arm, other))
	if c.Same || len(c.Platforms) != 1 || c.Platforms[0].Platform != "linux/arm64" ||
		fmt.Sprint(c.OnlyA, c.OnlyB) != "[linux/amd64] [linux/s390x]" {
		t.Errorf("comparison %+v", c)
	}
	if c := compared(t, built(amd, arm), built(arm, amd)); !c.Same || len(c.Platforms) != 2 {
		t.Errorf("the order of the platforms matters: %+v", c)
	}
	c = compared(t, built(amd), built(arm))
	if c.Same || len(c.Platforms) != 1 || c.Platforms[0].Config[0].Name != "platform" {
		t.Errorf("two images for one platform each: %+v", c)
	}
}

// Layers that make the same files are not the same layers.
func TestCompareLayers(t *testing.T) {
	a := imageOf(t, nil, []made{{name: "a"}}, []made{{name: "b"}})
	b := imageOf(t, nil, []made{{name: "a"}, {name: "b"}})
	c := compared(t, built(a), built(b))
	if d := c.Platforms[0]; c.Same || len(d.Files)+len(d.Config) != 0 || d.SharedLayers != 0 || d.A.Layers != 2 || d.B.Layers != 1 {
		t.Errorf("comparison %+v", c)
	}
}
