package oci

import (
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// ociPrefix begins the names of the annotations that OCI defines.
const ociPrefix = "org.opencontainers.image."

// config returns the configuration of the image, without its layers. Of the base it keeps what its files
// may rely on.
func (b *builder) config() *v1.ConfigFile {
	health := image.Health()
	config := v1.Config{
		User:         image.RunAs,
		Env:          environment(b.base.config.Env),
		Entrypoint:   image.Entrypoint(),
		Cmd:          image.Command(),
		WorkingDir:   image.AppFolder,
		ExposedPorts: map[string]struct{}{},
		Healthcheck: &v1.HealthConfig{
			Test: health.Test, Interval: health.Interval, Timeout: health.Timeout,
			StartPeriod: health.StartPeriod, Retries: health.Retries,
		},
		Labels:  b.labels(),
		Volumes: b.base.config.Volumes,
		Shell:   b.base.config.Shell,
	}
	for _, port := range b.request.Ports {
		config.ExposedPorts[port] = struct{}{}
	}
	return &v1.ConfigFile{
		OS: b.program.Platform.OS, Architecture: b.program.Platform.Architecture,
		Created: v1.Time{Time: b.created},
		Config:  config,
		History: b.history,
		RootFS:  v1.RootFS{Type: "layers"},
	}
}

// environment returns the variables of the base with those of the image. The folder of the program comes
// at the end of the base's PATH.
func environment(base []string) []string {
	env := slices.Clone(base)
	for _, own := range image.Environment() {
		name, value, _ := strings.Cut(own, "=")
		at := slices.IndexFunc(env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		switch {
		case at < 0:
			env = append(env, own)
		case name != "PATH":
			env[at] = name + "=" + value
		case !slices.Contains(strings.Split(env[at][len("PATH="):], ":"), image.AppFolder):
			env[at] += ":" + image.AppFolder
		}
	}
	return env
}

// annotations are the labels of OCI, which belong on the manifest too.
func (b *builder) annotations() map[string]string {
	all := annotations(b.program)
	all[ociPrefix+"created"] = b.created.Format(time.RFC3339)
	if b.base.digest != "" {
		all[ociPrefix+"base.digest"] = b.base.digest
	}
	if b.base.name != "" {
		all[ociPrefix+"base.name"] = b.base.name
	}
	return all
}

func (b *builder) labels() map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, b.base.config.Labels)
	maps.DeleteFunc(labels, func(name, _ string) bool { return strings.HasPrefix(name, ociPrefix) }) // they describe the base
	maps.Copy(labels, b.annotations())
	maps.Copy(labels, map[string]string{
		"maintainer":  image.Maintainer,
		"version":     b.program.Version(),
		"description": image.Description,
	})
	return labels
}

// annotations are what OCI's annotations say of a program, on any platform.
func annotations(p Program) map[string]string {
	all := map[string]string{
		ociPrefix + "title":       image.Repository,
		ociPrefix + "description": image.Description,
		ociPrefix + "version":     p.Version(),
		ociPrefix + "licenses":    image.License,
		ociPrefix + "vendor":      "otlpctl",
	}
	if revision := p.Revision(); revision != "" {
		all[ociPrefix+"revision"] = revision
	}
	if strings.HasPrefix(p.Info.Main.Path, "github.com/") {
		all[ociPrefix+"source"] = "https://" + p.Info.Main.Path
	}
	return all
}
