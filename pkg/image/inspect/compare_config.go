package inspect

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// compareConfigs returns the fields that differ, in order.
func compareConfigs(a, b *flat) []Field {
	inA, inB := fields(a), fields(b)
	hide := newHider()
	found := []Field{}
	names := slices.Sorted(maps.Keys(inA))
	for name := range inB {
		if _, ok := inA[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		va, hasA := inA[name]
		vb, hasB := inB[name]
		if va == vb && hasA == hasB {
			continue
		}
		f := Field{Name: name}
		if hasA {
			f.A = f.shown(hide, va)
		}
		if hasB {
			f.B = f.shown(hide, vb)
		}
		found = append(found, f)
	}
	return found
}

// shown returns a value as it may be shown.
func (f *Field) shown(h hider, value string) *string {
	shown, names := h.hide(value)
	if variable, ok := strings.CutPrefix(f.Name, envField); ok && soundsSecret(variable) && value != "" {
		shown, names = hidden, []string{variable}
	}
	f.Secret = f.Secret || len(names) > 0
	return &shown
}

// envField is before the name of a variable in that of its field.
const envField = "env."

// fields returns what a container is started with, each value under its name. Lists are written as JSON.
func fields(f *flat) map[string]string {
	c := f.config.Config
	all := map[string]string{
		"platform":    f.platform.String(),
		"user":        c.User,
		"working_dir": c.WorkingDir,
		"stop_signal": c.StopSignal,
		"entrypoint":  list(c.Entrypoint),
		"cmd":         list(c.Cmd),
		"shell":       list(c.Shell),
		"ports":       list(slices.Sorted(maps.Keys(c.ExposedPorts))),
		"volumes":     list(slices.Sorted(maps.Keys(c.Volumes))),
	}
	if t := f.config.Created.Time; !t.IsZero() {
		all["created"] = t.UTC().Format(time.RFC3339Nano)
	}
	for _, pair := range c.Env {
		name, value, _ := strings.Cut(pair, "=")
		all[envField+name] = value
	}
	for name, value := range c.Labels {
		all["labels."+name] = value
	}
	if check := c.Healthcheck; check != nil {
		all["health_check.test"] = list(check.Test)
		all["health_check.interval"] = duration(check.Interval)
		all["health_check.timeout"] = duration(check.Timeout)
		all["health_check.start_period"] = duration(check.StartPeriod)
		all["health_check.retries"] = strconv.Itoa(check.Retries)
	}
	maps.DeleteFunc(all, func(name, value string) bool {
		return value == "" && !strings.HasPrefix(name, envField) && !strings.HasPrefix(name, "labels.")
	})
	return all
}

func list(values []string) string {
	if len(values) == 0 {
		return ""
	}
	text, err := json.Marshal(values)
	if err != nil {
		return strings.Join(values, " ") // which strings do not
	}
	return string(text)
}
