package inspect

import (
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/image/imagetest"
)

// warned returns the rules that object to an image.
func warned(r Report) []string {
	var rules []string
	for _, c := range r.Checks {
		if c.Status != OK {
			rules = append(rules, c.Rule)
		}
	}
	return rules
}

func TestLint(t *testing.T) {
	f := func(want string, change func(*v1.ConfigFile), more ...made) {
		t.Helper()
		r := inspected(t, imageOf(t, func(c *v1.ConfigFile) {
			goodConfig(c)
			if change != nil {
				change(c)
			}
		}, append(goodFiles(), more...)))
		if got := strings.Join(warned(r), " "); got != want {
			t.Errorf("rules %q object, want %q", got, want)
		}
		for _, c := range r.Checks {
			if c.Why == "" || (c.Hint != "") != (c.Status == Warn) {
				t.Errorf("%s: why %q, hint %q", c.Rule, c.Why, c.Hint)
			}
		}
	}
	user := func(name string) func(*v1.ConfigFile) {
		return func(c *v1.ConfigFile) { c.Config.User = name }
	}
	f("", nil)
	f("non-root", user(""))
	f("non-root", user("root:otlp"))
	f("non-root", user("0:1000"))
	f("non-root", user("otlp"))
	f("", user("65532"))
	f("health-check", func(c *v1.ConfigFile) { c.Config.Healthcheck = nil })
	f("health-check", func(c *v1.ConfigFile) { c.Config.Healthcheck.Test = []string{"NONE"} })
	f("exec-form static no-shell", func(c *v1.ConfigFile) { c.Config.Entrypoint = []string{"/bin/sh", "-c", "x"} }, made{name: "bin/sh", content: "#!"})
	f("exec-form static", func(c *v1.ConfigFile) { c.Config.Entrypoint, c.Config.Cmd = nil, nil })
	f("static", nil, made{name: "app/otlpctl", content: string(imagetest.Program{Interpreter: "/lib64/ld.so"}.Bytes())})
	f("static", nil, made{name: "app/otlpctl", content: "#!/usr/bin/env python"})
	f("static", nil, made{name: "app/.wh.otlpctl"}, made{name: "app/otlpctl/"})
	f("no-shell", nil, made{name: "usr/local/bin/bash", content: "x"})
	f("", nil, made{name: "usr/share/bash", content: "x"})
	f("no-package-manager", nil, made{name: "sbin/apk", content: "x"})
	f("no-setuid", nil, made{name: "usr/bin/su", content: "x", mode: 0o4755})
	f("no-setuid", nil, made{name: "usr/bin/wall", content: "x", mode: 0o2755})
	f("no-secrets", nil, made{name: "root/.ssh/id_rsa", content: "x"})
	f("no-secrets", nil, made{name: "app/.env", content: "x"})
	f("no-secrets", nil, made{name: "etc/tls.pem", content: "-----BEGIN EC PRIVATE KEY-----"})
	f("", nil, made{name: "etc/tls.pem", content: "-----BEGIN CERTIFICATE-----"})
	f("no-secrets", func(c *v1.ConfigFile) { c.Config.Env = append(c.Config.Env, "DB_PASSWORD=planted") })
	f("no-secrets", func(c *v1.ConfigFile) { c.History[0].CreatedBy = "RUN TOKEN=planted make" })
	f("ca-certificates", nil, made{name: "etc/ssl/certs/ca-certificates.crt"})
	f("configuration", nil, made{name: "app/config.yaml/"})
	f("ports", func(c *v1.ConfigFile) { delete(c.Config.ExposedPorts, "8888/tcp") })
	f("labels", func(c *v1.ConfigFile) { delete(c.Config.Labels, "org.opencontainers.image.source") })
	f("reproducible", func(c *v1.ConfigFile) { c.Created.Time = time.Unix(1700000000, 7) })
	f("reproducible", nil, made{name: "new", time: 1700000001})
	f("", nil, made{name: "as-new", time: 1700000000})
}

func TestLintLayers(t *testing.T) {
	layers := [][]made{goodFiles()}
	for range maxLayers {
		layers = append(layers, []made{{name: "a"}})
	}
	if got := warned(inspected(t, imageOf(t, goodConfig, layers...))); !slices.Equal(got, []string{"layers"}) {
		t.Errorf("rules %q object to %d layers", got, len(layers))
	}
	if got := warned(inspected(t, imageOf(t, goodConfig, layers[:maxLayers]...))); len(got) != 0 {
		t.Errorf("rules %q object to %d layers", got, maxLayers)
	}
}

// A secret that a later layer deletes is in the image.
func TestLintDeletedSecret(t *testing.T) {
	r := inspected(t, imageOf(t, goodConfig, append(goodFiles(), made{name: "id_rsa", content: "x"}), []made{{name: ".wh.id_rsa"}}))
	if got := warned(r); !slices.Equal(got, []string{"no-secrets"}) {
		t.Errorf("rules %q object", got)
	}
}

// The ports that count are those of the configuration in the image.
func TestLintPortsOfConfiguration(t *testing.T) {
	v := imageOf(t, goodConfig, goodFiles())
	var read string
	r, err := Image("test", built(v), func(config []byte) []string {
		read = string(config)
		return []string{"4317/tcp", "9999/tcp"}
	})
	check(t, err)
	if got := warned(r); !slices.Equal(got, []string{"ports"}) || read != "{}" {
		t.Errorf("rules %q object, having read %q", got, read)
	}
}

func TestHide(t *testing.T) {
	h := newHider()
	f := func(text, want string, wantNames ...string) {
		t.Helper()
		got, names := h.hide(text)
		if got != want || !slices.Equal(names, wantNames) {
			t.Errorf("%q: %q and %q, want %q and %q", text, got, names, want, wantNames)
		}
	}
	f("RUN make", "RUN make")
	f("RUN |1 NPM_TOKEN=planted /bin/sh -c x", "RUN |1 NPM_TOKEN=*** /bin/sh -c x", "NPM_TOKEN")
	f(`ENV PASSWORD="two words" A=b`, "ENV PASSWORD=*** A=b", "PASSWORD")
	f("--api-token=planted", "--api-token=***", "--api-token")
	f("TOKEN=$TOKEN", "TOKEN=$TOKEN")
	f("TOKEN_FILE=/run/token", "TOKEN_FILE=/run/token")
	f("GPG_KEY=0D96DF4D", "GPG_KEY=0D96DF4D")
	f("postgres://me:planted@db/x", "postgres://***@db/x", "a password in an address")
	f("https://example.com/a@b", "https://example.com/a@b")
}

// What is planted as a secret shows nowhere in a report.
func TestReportHidesSecrets(t *testing.T) {
	r := inspected(t, imageOf(t, func(c *v1.ConfigFile) {
		goodConfig(c)
		c.Config.Env = []string{"DB_PASSWORD=planted with spaces", "URL=https://me:planted@host/"}
		c.Config.Cmd = []string{"--token=planted"}
		c.Config.Labels["url"] = "https://me:planted@host"
		c.Config.Healthcheck.Test = []string{"CMD", "curl", "https://me:planted@host"}
		c.History[0].CreatedBy = "RUN SECRET=planted"
	}, goodFiles()))
	text := jsonOf(t, r)
	if strings.Contains(text, "planted") || strings.Count(text, hidden) < 6 {
		t.Errorf("secrets are shown: %s", text)
	}
}
