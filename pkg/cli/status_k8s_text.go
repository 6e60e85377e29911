package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// statusK8sRows makes one table of a deployment and all that belongs to it.
func statusK8sRows(r *output.Rows, s *watch.Status, out *term.Output) {
	r.Header("OBJECT", "STATE", "NODE", "ZONE", "RESTARTS", "AGE", "IMAGE", "CONFIG", "DETAIL")
	r.Add("deployment/"+s.Name, string(s.Phase), "", "", "", "", s.Image, s.ConfigHash, s.Why)
	for _, p := range s.Pods {
		r.Add("pod/"+p.Name, string(p.Phase), p.Node, p.Zone, strconv.Itoa(int(p.Restarts)), shortAge(out, p.Created, time.Now()),
			podImage(p, s.Image, out.IsTerminal()), p.ConfigHash, podDetail(p))
	}
	if a := s.Autoscaler; a != nil {
		r.Add("horizontalpodautoscaler/"+a.Name, string(a.Phase), "", "", "", "", "", "", scalingText(a))
	}
	if b := s.DisruptionBudget; b != nil {
		r.Add("poddisruptionbudget/"+b.Name, string(b.Phase), "", "", "", "", "", "", b.Why)
	}
	for _, svc := range s.Services {
		r.Add("service/"+svc.Name, string(svc.Phase), "", "", "", "", "", "", svc.Why)
	}
	for _, registry := range s.Registries {
		r.Add("registry/"+registry.Name, string(registry.Phase), "", "", "", "", "", "", registry.Why)
	}
	for _, c := range s.Claims {
		r.Add("persistentvolumeclaim/"+c.Name, string(c.Phase), "", "", "", "", "", "", c.Why)
	}
}

// podImage is the image that a pod runs: its digest, if the node knows it. For people a few digits do.
func podImage(p watch.PodStatus, deployed string, people bool) string {
	image := cmp.Or(p.ImageDigest, p.Image)
	if !people {
		return image
	}
	const digits = 12
	if algorithm, hex, isDigest := strings.Cut(p.ImageDigest, ":"); isDigest && len(hex) > digits {
		image = algorithm + ":" + hex[:digits]
	}
	if p.Image != deployed && p.ImageDigest != "" {
		image += " (" + p.Image + ")"
	}
	return image
}

func podDetail(p watch.PodStatus) string {
	if p.Old {
		return "old, " + p.Why
	}
	return p.Why
}

// scalingText says what an autoscaler wants, and what it sees.
func scalingText(a *watch.Autoscaler) string {
	parts := []string{fmt.Sprintf("%d of %d to %d pods", a.Current, a.Min, a.Max)}
	for _, m := range a.Metrics {
		now := "unknown"
		if m.Current != nil {
			now = strconv.Itoa(int(*m.Current)) + "%"
		}
		parts = append(parts, fmt.Sprintf("%s %s of %d%%", m.Name, now, m.Target))
	}
	return strings.Join(append(parts, a.Why), ", ")
}
