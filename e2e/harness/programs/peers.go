package programs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Collector returns the OpenTelemetry Collector, built by its own builder from the components that tests need:
// it is a client, a backend and the yardstick of the benchmark. A cold build takes a few minutes.
func Collector(ctx context.Context) (string, error) {
	recipe := collectorRecipe()
	return cached(ctx, "otelcol", recipe, func(ctx context.Context, dir string) error {
		const builder = "go.opentelemetry.io/collector/cmd/builder@" + CollectorVersion
		if err := run(ctx, dir, []string{"GOBIN=" + dir, "GOWORK=off"}, "go", "install", builder); err != nil {
			return err
		}
		config := filepath.Join(dir, "builder.yaml")
		if err := os.WriteFile(config, []byte(recipe), 0o600); err != nil {
			return err
		}
		err := run(ctx, dir, []string{"GOWORK=off"}, filepath.Join(dir, "builder"), "--config", config)
		if err != nil {
			return err
		}
		return os.Rename(filepath.Join(dir, "src", "otelcol"), filepath.Join(dir, "otelcol"))
	})
}

func collectorRecipe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "dist: {module: otlpctl.test/otelcol, name: otelcol, output_path: ./src, version: %q}\n",
		strings.TrimPrefix(CollectorVersion, "v"))
	for _, kind := range []struct {
		name, path, version string
		modules             []string
	}{
		{"receivers", "receiver", CollectorVersion, []string{"otlpreceiver"}},
		{"processors", "processor", CollectorVersion, []string{"batchprocessor", "memorylimiterprocessor"}},
		{"exporters", "exporter", CollectorVersion, []string{"otlpexporter", "otlphttpexporter", "debugexporter", "nopexporter"}},
		{"providers", "confmap/provider", collectorStableVersion, []string{"fileprovider", "envprovider", "yamlprovider"}},
	} {
		fmt.Fprintf(&b, "%s:\n", kind.name)
		for _, m := range kind.modules {
			fmt.Fprintf(&b, "  - gomod: go.opentelemetry.io/collector/%s/%s %s\n", kind.path, m, kind.version)
		}
	}
	return b.String()
}

// Telemetrygen returns OpenTelemetry's load generator, which drives real SDK exporters.
func Telemetrygen(ctx context.Context) (string, error) {
	const pkg = "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@" + TelemetrygenVersion
	return cached(ctx, "telemetrygen", pkg, func(ctx context.Context, dir string) error {
		return run(ctx, dir, []string{"GOBIN=" + dir, "GOWORK=off"}, "go", "install", pkg)
	})
}
