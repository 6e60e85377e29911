// Package agent says how exporters introduce themselves to backends.
package agent

import (
	"runtime"
	"runtime/debug"
)

// Default returns the User-Agent of this build: "otlpctl/1.2.3 (linux/amd64)".
func Default() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		version = info.Main.Version
	}
	return "otlpctl/" + version + " (" + runtime.GOOS + "/" + runtime.GOARCH + ")"
}
