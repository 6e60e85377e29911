package inspect

import (
	"maps"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// describeConfig returns the configuration with its secrets hidden.
func describeConfig(c v1.Config, h hider) Config {
	d := Config{
		User:       c.User,
		Ports:      slices.Sorted(maps.Keys(c.ExposedPorts)),
		Env:        make([]string, len(c.Env)),
		Entrypoint: h.all(c.Entrypoint),
		Cmd:        h.all(c.Cmd),
		WorkingDir: c.WorkingDir,
		StopSignal: c.StopSignal,
		Volumes:    slices.Sorted(maps.Keys(c.Volumes)),
		Labels:     map[string]string{},
	}
	for i, pair := range c.Env {
		d.Env[i], _ = h.variable(pair)
	}
	for name, value := range c.Labels {
		d.Labels[name], _ = h.hide(value)
	}
	d.Ports, d.Volumes = notNil(d.Ports), notNil(d.Volumes)
	if check := c.Healthcheck; hasHealthCheck(c) {
		d.HealthCheck = &HealthCheck{
			Test:     h.all(check.Test),
			Interval: duration(check.Interval), Timeout: duration(check.Timeout), StartPeriod: duration(check.StartPeriod),
			Retries: check.Retries,
		}
	}
	return d
}

// hasHealthCheck says whether there is a health check that does something.
func hasHealthCheck(c v1.Config) bool {
	return c.Healthcheck != nil && len(c.Healthcheck.Test) > 1
}

// notNil makes an empty list in JSON of what would be null.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
