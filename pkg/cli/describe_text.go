package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// descriptionPage is a page about a deployment, as it is written.
type descriptionPage struct {
	sheet

	now time.Time
}

// printDescription writes the page in one piece.
func printDescription(w *term.Output, d description, events int) error {
	p := &descriptionPage{sheet{out: w}, time.Now()}
	p.WriteString(w.Paint(term.Bold, printable(d.Name+" in "+d.Namespace)) + ": " +
		w.Paint(phaseStyle(d.Phase), string(d.Phase)) + ", " + printable(d.Why) + "\n")
	p.table(p.deployedRows(d))
	for _, part := range []struct {
		title string
		rows  [][]string
	}{
		{"Conditions", p.conditionRows(d.Conditions)},
		{"ReplicaSets", p.replicaSetRows(d.ReplicaSets)},
		{"Pods", p.podRows(d.Pods)},
		{"Containers", p.containerRows(d.Pods)},
		{"What the receivers say", reportRows(d.Pods)},
		{"Probes", probeRows(d.Probes)},
		{"Scaling and disruption", scalingRowsOf(d.Status)},
		{"Services and volumes", serviceRows(d.Status)},
		{"Objects", p.objectRows(d.Deployed.Objects)},
		{eventsTitle(d.Events, events), p.eventRows(d.Events, events)},
	} {
		if len(part.rows) > 0 {
			p.title(part.title)
			p.table(part.rows)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func phaseStyle(phase ready.Phase) term.Style {
	switch phase {
	case ready.Ready:
		return term.OK
	case ready.Progressing:
		return term.Warn
	}
	return term.Error
}

func (p *descriptionPage) age(t time.Time) string { return shortAge(p.out, t, p.now) }

// shortAge returns how long ago a time is, in as few letters as kubectl takes for it, and the time for programs.
func shortAge(out *term.Output, t, now time.Time) string {
	if !out.IsTerminal() {
		return t.Format(time.RFC3339)
	}
	const day = 24 * time.Hour
	switch age := max(0, now.Sub(t)); {
	case age < 2*time.Minute:
		return fmt.Sprintf("%ds", int(age.Seconds()))
	case age < 2*time.Hour:
		return fmt.Sprintf("%dm", int(age.Minutes()))
	case age < 2*day:
		return fmt.Sprintf("%dh", int(age.Hours()))
	default:
		return fmt.Sprintf("%dd", int(age/day))
	}
}

func (p *descriptionPage) deployedRows(d description) [][]string {
	rows := [][]string{{"revision", "none: otlpctl has not deployed it"}}
	if r := d.Deployed.Revision; r != nil {
		text := fmt.Sprintf("%d, deployed by %s, %s", r.Number, r.User, ageText(p.out, r.Time, p.now))
		if r.Restores != 0 {
			text += fmt.Sprintf(", as revision %d was", r.Restores)
		}
		rows[0][1] = text
	}
	if d.Deployed.Unfinished {
		rows = append(rows, []string{"", "a deployment after that was cut off, or goes on"})
	}
	config := d.ConfigHash
	if d.Deployed.Mode != "" {
		config += ", " + d.Deployed.Mode
	}
	n := d.Replicas
	return append(rows,
		[]string{"image", d.Image},
		[]string{"configuration", config},
		[]string{"pods", fmt.Sprintf("%d wanted, %d there, %d new, %d ready, %d available", n.Desired, n.Current, n.Updated, n.Ready, n.Available)},
	)
}

func (p *descriptionPage) conditionRows(all []watch.Condition) [][]string {
	var rows [][]string
	for _, c := range all {
		rows = append(rows, []string{c.Type, c.Status, p.age(c.Since), c.Reason, c.Message})
	}
	return headed(rows, "TYPE", "STATUS", "SINCE", "REASON", "MESSAGE")
}

// replicaSetRows leaves out those that have no pods, and are not to have any.
func (p *descriptionPage) replicaSetRows(all []watch.ReplicaSet) [][]string {
	var rows [][]string
	idle := 0
	for _, r := range all {
		if !r.IsCurrent && r.Desired+r.Pods == 0 {
			idle++
			continue
		}
		name := r.Name
		if !r.IsCurrent {
			name += " (old)"
		}
		rows = append(rows, []string{name, fmt.Sprintf("%d of %d ready", r.Ready, r.Desired), p.age(r.Created), r.Image, r.ConfigHash})
	}
	if idle > 0 {
		rows = append(rows, []string{fmt.Sprintf("and %d without pods", idle)})
	}
	return headed(rows, "NAME", "PODS", "AGE", "IMAGE", "CONFIG")
}

func probeRows(all []watch.Probe) [][]string {
	var rows [][]string
	for _, probe := range all {
		rows = append(rows, []string{
			probe.Name, probe.Asks, fmt.Sprintf("after %ds, every %ds for %ds, %d in a row fail", probe.Delay, probe.Period, probe.Timeout, probe.Failures),
		})
	}
	return rows
}

func scalingRowsOf(s *watch.Status) [][]string {
	var rows [][]string
	if a := s.Autoscaler; a != nil {
		rows = append(rows, []string{"horizontalpodautoscaler/" + a.Name, string(a.Phase), scalingText(a)})
	}
	if b := s.DisruptionBudget; b != nil {
		rows = append(rows, []string{
			"poddisruptionbudget/" + b.Name, string(b.Phase),
			fmt.Sprintf("%d of %d pods healthy, %d needed, %d may be evicted", b.Healthy, b.Total, b.Needed, b.Allowed),
		})
	}
	return rows
}

func serviceRows(s *watch.Status) [][]string {
	var rows [][]string
	for _, svc := range s.Services {
		rows = append(rows, []string{
			"service/" + svc.Name, string(svc.Phase), svc.Type, cmp.Or(svc.ClusterIP, "-"),
			fmt.Sprintf("%s ready, %d not", counted(svc.Endpoints, "endpoint"), svc.NotReady),
		})
	}
	for _, r := range s.Registries {
		rows = append(rows, []string{"registry/" + r.Name, string(r.Phase), "", "", r.Why})
	}
	for _, c := range s.Claims {
		rows = append(rows, []string{"persistentvolumeclaim/" + c.Name, string(c.Phase), "", "", c.Why})
	}
	return rows
}

func (p *descriptionPage) objectRows(all []kube.RecordedObject) [][]string {
	var rows [][]string
	for _, o := range all {
		age, by := "", make([]string, len(o.ChangedBy))
		if o.Created != nil {
			age = p.age(*o.Created)
		}
		for i, c := range o.ChangedBy {
			by[i] = c.Manager
			if c.Time != nil {
				by[i] += ", " + p.age(*c.Time)
			}
		}
		rows = append(rows, []string{o.String(), string(o.State), age, strings.Join(by, "; ")})
	}
	return headed(rows, "OBJECT", "STATE", "AGE", "CHANGED BY OTHERS")
}

func eventsTitle(all []watch.ObjectEvent, most int) string {
	if len(all) > most {
		return fmt.Sprintf("Events, the last %d of %d", most, len(all))
	}
	return "Events"
}

func (p *descriptionPage) eventRows(all []watch.ObjectEvent, most int) [][]string {
	var rows [][]string
	for _, e := range all[max(0, len(all)-most):] {
		times := ""
		if e.Count > 1 {
			times = fmt.Sprintf("%d times", e.Count)
		}
		rows = append(rows, []string{p.age(e.Time), times, e.Type, e.Object, e.Reason, strings.Join(strings.Fields(e.Message), " ")})
	}
	return headed(rows, "LAST", "HOW OFTEN", "TYPE", "OBJECT", "REASON", "MESSAGE")
}

// headed puts a header before rows, if there are any.
func headed(rows [][]string, header ...string) [][]string {
	if len(rows) == 0 {
		return nil
	}
	return append([][]string{header}, rows...)
}
