// Command otlpctl receives OpenTelemetry data, forwards it, and deploys itself.
package main

import (
	"os"

	"github.com/otlpctl/otlpctl/pkg/cli"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], term.System()))
}
