package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// setting is a key of the configuration, what it is, and what it has to be for the number of pods to stay. The
// names of its fields are API.
type setting struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
	Keep  any    `json:"keep"`
}

// nextScale is how many pods the next deployment sets.
type nextScale struct {
	kube.Bounds
	// by is who says so; empty is that nobody knows.
	by string
}

// next returns what the configuration says, if one was given, and otherwise the revision that is deployed.
func (o *scaleOptions) next(ctx context.Context, c *kube.Client, t kube.Target) (nextScale, error) {
	if o.config.given() {
		loaded, err := config.LoadPortable(config.ProcessSources(o.config.files, o.config.set))
		if err != nil {
			return nextScale{}, coded{err, exitUsage}
		}
		return nextScale{configured(loaded.Deploy), "the configuration"}, nil
	}
	b, revision, err := c.RecordedBounds(ctx, t)
	if err != nil || revision == 0 {
		return nextScale{}, err
	}
	return nextScale{b, fmt.Sprintf("revision %d", revision)}, nil
}

// judge reports whether the next deployment leaves the numbers, and if not what it sets; kept is nil if nobody
// knows.
func (n nextScale) judge(now kube.Bounds) (kept *bool, back []setting) {
	if n.by == "" {
		return nil, nil
	}
	back = putBack(now, n.Bounds)
	return new(len(back) == 0), back
}

// say tells what the next deployment sets.
func (n nextScale) say(s term.Streams, back []setting) {
	if len(back) == 0 {
		return
	}
	values, wanted := make([]string, len(back)), make([]string, len(back))
	for i, b := range back {
		values[i], wanted[i] = fmt.Sprintf("%s: %v", b.Key, b.Value), fmt.Sprintf("%s: %v", b.Key, b.Keep)
	}
	printNote(s, fmt.Sprintf("the next deployment sets %s again, as %s says; to keep it as it is now, set %s",
		strings.Join(values, ", "), n.by, strings.Join(wanted, ", ")))
}

func configured(d config.Deploy) kube.Bounds {
	if d.Autoscaling.Enabled {
		return kube.Bounds{Min: new(int64(d.Autoscaling.MinReplicas)), Max: new(int64(d.Autoscaling.MaxReplicas))}
	}
	return kube.Bounds{Replicas: new(int64(d.Replicas))}
}

// putBack returns the keys by which a deployment would change how many pods there may be.
func putBack(now, next kube.Bounds) []setting {
	if (now.Replicas == nil) != (next.Replicas == nil) {
		return []setting{{"deploy.autoscaling.enabled", next.Replicas == nil, now.Replicas == nil}}
	}
	var all []setting
	for _, f := range []struct {
		key       string
		now, next *int64
	}{
		{"deploy.replicas", now.Replicas, next.Replicas},
		{"deploy.autoscaling.min_replicas", now.Min, next.Min},
		{"deploy.autoscaling.max_replicas", now.Max, next.Max},
	} {
		if f.now != nil && *f.now != *f.next {
			all = append(all, setting{f.key, *f.next, *f.now})
		}
	}
	return all
}
