package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// plannedK8s is the document of diff k8s and of a dry run. The names of its fields are API.
type plannedK8s struct {
	*kube.Plan
	Image string `json:"image"`
	// ImageDigest is what the image is, as far as it is known.
	ImageDigest string `json:"image_digest,omitempty"`
	DryRun      bool   `json:"dry_run"`
}

// showK8sPlan prints what would change. If asked, it is an outcome of its own that anything would.
func showK8sPlan(s term.Streams, format output.Format, plan *kube.Plan, fields, exitCode bool) error {
	set := plan.Set()
	err := format.Write(s.Out, plannedK8s{plan, set.Image(), set.DigestOfImage(), true}, func(r *output.Rows) {
		if fields {
			differenceRows(r, plan.Changes)
		} else {
			actionRows(r, plan.Changes)
		}
	})
	if err != nil {
		return err
	}
	if plan.IsNoop() {
		_, err := fmt.Fprintf(s.Err, "%s would be unchanged\n", plan.Target)
		return err
	}
	_, err = fmt.Fprintf(s.Err, "%s would change: %s\n", plan.Target, tally(plan.Changes))
	if exitCode {
		return errors.Join(err, errDifferences())
	}
	return err
}

// printK8sPlan prints what is about to change, for who watches.
func printK8sPlan(s term.Streams, plan *kube.Plan, fields bool) error {
	var b strings.Builder
	if !plan.IsNoop() {
		b.WriteString(plan.String() + ": " + tally(plan.Changes) + "\n")
	}
	for _, c := range plan.Changes {
		if c.Action == kube.Unchanged {
			continue
		}
		_, _ = fmt.Fprintf(&b, "  %-10s %s\n", actionText(c), c.Ref)
		differences := c.Rescales() // which nobody must miss
		if fields {
			differences = c.Differences
		}
		for _, d := range differences {
			_, _ = fmt.Fprintf(&b, "    %s\n", s.Err.Printable(d.Path+": "+cell(d.Now)+" → "+cell(d.Then)))
		}
	}
	_, err := io.WriteString(s.Err, b.String())
	return err
}

func actionRows(r *output.Rows, changes []kube.Change) {
	r.Header("OBJECT", "ACTION")
	for _, c := range changes {
		r.Add(c.String(), actionText(c))
	}
}

func differenceRows(r *output.Rows, changes []kube.Change) {
	r.Header("OBJECT", "ACTION", "FIELD", "NOW", "THEN")
	for _, c := range changes {
		if len(c.Differences) == 0 && c.Action != kube.Unchanged {
			r.Add(c.String(), actionText(c), "-", "-", "-")
		}
		for _, d := range c.Differences {
			r.Add(c.String(), actionText(c), d.Path, cell(d.Now), cell(d.Then))
		}
	}
}

func actionText(c kube.Change) string {
	if c.Recreated {
		return "recreated"
	}
	return string(c.Action)
}

// tally counts actions, such as "3 created, 1 unchanged".
func tally(changes []kube.Change) string {
	var parts []string
	for _, action := range []kube.Action{kube.Created, kube.Configured, kube.Deleted, kube.Unchanged} {
		n := 0
		for _, c := range changes {
			if c.Action == action {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, action))
		}
	}
	return strings.Join(parts, ", ")
}

func refNames(refs []kube.Ref) string {
	names := make([]string, len(refs))
	for i, r := range refs {
		names[i] = r.String()
	}
	return strings.Join(names, ", ")
}
