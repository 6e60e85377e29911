package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/templates"
)

// Both builders make the same image: the Dockerfile says what package image does.
func TestDockerfile(t *testing.T) {
	array := func(words []string) string {
		text, err := json.Marshal(words)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), `","`, `", "`)
	}
	health := image.Health()
	path, _, _ := strings.Cut(strings.TrimPrefix(image.Environment()[0], "PATH="), ":"+image.AppFolder)
	for _, target := range templates.Targets() {
		_, stage, _ := strings.Cut(templates.Dockerfile(), "AS "+target+"\n")
		stage, _, _ = strings.Cut(stage, "\nFROM ")
		for _, want := range []string{
			"COPY --from=build /out/config.yaml " + image.ConfigPath,
			"/out/bin/otlpctl " + image.BinaryPath,
			"ENV PATH=${PATH:-" + path + "}:" + image.AppFolder + " " + image.Environment()[1],
			"USER " + image.RunAs,
			"WORKDIR " + image.AppFolder,
			`ARG PORTS="` + strings.Join(image.Ports(), " ") + `"`,
			fmt.Sprintf("HEALTHCHECK --interval=%.0fs --timeout=%.0fs --start-period=%.0fs --retries=%d CMD %s",
				health.Interval.Seconds(), health.Timeout.Seconds(), health.StartPeriod.Seconds(), health.Retries, array(health.Test[1:])),
			"ENTRYPOINT " + array(image.Entrypoint()),
			"CMD " + array(image.Command()),
			titleLabel + `="` + image.Repository + `"`,
		} {
			if !slices.ContainsFunc(strings.Split(stage, "\n"), func(line string) bool { return strings.Contains(line, want) }) {
				t.Errorf("%s does not have %s", target, want)
			}
		}
	}
	for _, want := range []string{image.Description, image.Maintainer, image.License} {
		if !strings.Contains(templates.Dockerfile(), `"`+want+`"`) {
			t.Errorf("no label %q", want)
		}
	}
	for _, name := range []string{".otlpct[l]/deps.g[o]", configName} {
		if !strings.Contains(templates.Dockerfile(), name) {
			t.Errorf("it does not look for %s", name)
		}
	}
}

func TestBuildOptions(t *testing.T) {
	r := BuildRequest{Target: "dev", Platform: "linux/arm64", BuildArgs: map[string]string{"BASE": "b"}, Ports: []string{"1/tcp", "2/udp"}}
	f := func(classic bool, platform, cache string) {
		t.Helper()
		got := buildOptions(r, classic)
		args := map[string]string{}
		for name, value := range got.BuildArgs {
			args[name] = *value
		}
		if got.Platform != platform || args["BUILDKIT_INLINE_CACHE"] != cache || args["BASE"] != "b" || args["PORTS"] != "1/tcp 2/udp" || len(got.Tags) > 0 {
			t.Errorf("classic %v: %+v %v", classic, got, args)
		}
	}
	f(false, "linux/arm64", "1")
	f(true, "", "")
}
