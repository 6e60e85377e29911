package image_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/templates"
)

// The builders make the same image: what this package says of it, the Dockerfile says too.
func TestDockerfileAgrees(t *testing.T) {
	_, runtime, found := strings.Cut(templates.Dockerfile(), " AS runtime\n")
	if !found {
		t.Fatal("no stage runtime")
	}
	list := func(words []string) string { return `["` + strings.Join(words, `", "`) + `"]` }
	health := image.Health()
	for _, want := range []string{
		"USER " + image.RunAs + "\n",
		"WORKDIR " + image.AppFolder + "\n",
		"ENTRYPOINT " + list(image.Entrypoint()) + "\n",
		"CMD " + list(image.Command()) + "\n",
		fmt.Sprintf("HEALTHCHECK --interval=%s --timeout=%s --start-period=%s --retries=%d CMD %s\n",
			health.Interval, health.Timeout, health.StartPeriod, health.Retries, list(health.Test[1:])),
		`PORTS="` + strings.Join(image.Ports(), " ") + `"`,
		`maintainer="` + image.Maintainer + `"`,
		`description="` + image.Description + `"`,
		`licenses="` + image.License + `"`,
		`title="` + image.Repository + `"`,
		" " + image.BinaryPath + "\n",
		" " + image.ConfigPath + "\n",
		image.Environment()[1],
	} {
		if !strings.Contains(runtime, want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
}
