package cli

import (
	"cmp"
	"runtime"
	"runtime/debug"

	// A module is listed in a program's build information only if a package of it is linked.
	// This is its smallest.
	_ "go.opentelemetry.io/proto/otlp/common/v1"
)

// otlpModule carries the protocol definition against which the wire tables are tested, so that its
// version is the version of the protocol.
const otlpModule = "go.opentelemetry.io/proto/otlp"

// What the toolchain cannot know when it builds outside a repository, as in a container build or
// from a source archive: set with -ldflags "-X github.com/otlpctl/otlpctl/pkg/cli.version=v1.2.3".
//
//nolint:gochecknoglobals // the linker sets variables only
var version, commit, date string

// build is what the version command reports. The names of its JSON fields are API.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Date     string `json:"date"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	OTLP     string `json:"otlp"`
}

// thisBuild describes the running binary. What is not known is empty.
func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{GoVersion: runtime.Version()}
	}
	b := describe(info)
	b.Version = cmp.Or(version, b.Version)
	b.Commit = cmp.Or(commit, b.Commit)
	b.Date = cmp.Or(date, b.Date)
	return b
}

// describe reads what the toolchain recorded: the version is that of the module, the commit and
// its date (RFC 3339) are those of the repository.
func describe(info *debug.BuildInfo) build {
	b := build{
		Version:  info.Main.Version,
		Go:       info.GoVersion,
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		if m.Path == otlpModule {
			if m.Replace != nil {
				m = m.Replace
			}
			b.OTLP = m.Version
		}
	}
	return b
}
