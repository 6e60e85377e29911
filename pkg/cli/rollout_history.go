package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type rolloutHistoryOptions struct {
	targetOptions
	revision int
	format   output.Format
}

func newRolloutHistory(s term.Streams) *cobra.Command {
	var o rolloutHistoryOptions
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show what was deployed, when and by whom",
		Long: `Show the revisions that are kept, ten at most, the latest last: the image, the hash of the
configuration, who deployed it and when, and which objects it has changed. With --revision it
shows one, and field by field what differs from the revision that is deployed now.

Objects are compared as they were deployed. What others have changed in the cluster since is
shown by "otlpctl rollout undo --dry-run --diff"; ReplicaSets with an image or a configuration that
no revision has are listed as "outside otlpctl". Of Secrets the names alone are kept.`,
		Example: `  otlpctl rollout history -n telemetry
  otlpctl rollout history -n telemetry --revision 3
  otlpctl rollout history -o json | jq -r '.revisions[] | select(.current).image'`,
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkRevision("revision", o.revision); err != nil {
				return usageError(cmd, err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runRolloutHistory(cmd.Context(), s, o) },
	}
	targetFlags(cmd, &o.targetOptions)
	revisionFlag(cmd, &o.targetOptions, &o.revision, "revision", "`number` of the one revision to show")
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainHistory(&o) })
}

func runRolloutHistory(ctx context.Context, s term.Streams, o rolloutHistoryOptions) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	h, err := c.History(ctx, target)
	if err != nil {
		return err
	}
	if h.Unfinished {
		_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "warning:"), "a deployment after revision", h.Current, "was cut off, or goes on")
	}
	if o.revision != 0 {
		return showRevision(s, o, h)
	}
	return o.format.Write(s.Out, h, func(r *output.Rows) { historyRows(r, h, s.Out) })
}

func historyRows(r *output.Rows, h *kube.History, out *term.Output) {
	r.Header("REVISION", "CURRENT", "DEPLOYED", "BY", "IMAGE", "CONFIG", "CHANGED")
	others := h.Outside
	for _, e := range h.Entries {
		for len(others) > 0 && others[0].Time.Before(e.Time) {
			outsideRow(r, others[0], out)
			others = others[1:]
		}
		current := ""
		if e.IsCurrent {
			current = "*"
		}
		r.Add(strconv.Itoa(e.Number), current, ageText(out, e.Time, time.Now()), e.User, e.Image, e.ConfigHash, changedText(e))
	}
	for _, o := range others {
		outsideRow(r, o, out)
	}
}

func outsideRow(r *output.Rows, o kube.Outside, out *term.Output) {
	r.Add("-", "", ageText(out, o.Time, time.Now()), "outside otlpctl", o.Image, o.ConfigHash, "replicaset/"+o.ReplicaSet)
}

// changedText says what a revision has changed.
func changedText(e kube.HistoryEntry) string {
	var parts []string
	for _, action := range []kube.Action{kube.Created, kube.Configured, kube.Deleted} {
		for _, c := range e.Changes {
			if c.Action != action {
				continue
			}
			name := c.String()
			if c.Replaces == "" && action != kube.Configured {
				name += " " + string(action)
			}
			parts = append(parts, name)
		}
	}
	text := strings.Join(parts, ", ")
	switch {
	case e.GaveUp != 0:
		return fmt.Sprintf("revision %d restored, as %d failed: %s", e.Restores, e.GaveUp, text)
	case e.Restores != 0:
		return fmt.Sprintf("revision %d restored: %s", e.Restores, text)
	case e.Changes == nil:
		return "-"
	}
	return text
}

// shownRevision is the document of one revision. The names of its fields are API.
type shownRevision struct {
	kube.Target
	kube.Revision

	IsCurrent bool `json:"current"`
	// Against is the revision that is deployed, and Changes are what this one would change of it.
	Against int           `json:"against"`
	Changes []kube.Change `json:"changes"`
}

func showRevision(s term.Streams, o rolloutHistoryOptions, h *kube.History) error {
	r, err := h.Find(o.revision)
	if err != nil {
		return err
	}
	changes, err := h.Against(r)
	if err != nil {
		return err
	}
	document := shownRevision{h.Target, r, r.Number == h.Current, h.Current, changes}
	_, _ = fmt.Fprintln(s.Err, s.Err.Printable(revisionText(document)))
	return o.format.Write(s.Out, document, func(rows *output.Rows) { differenceRows(rows, changes) })
}

// revisionText says in a line what a revision is.
func revisionText(r shownRevision) string {
	relation := fmt.Sprintf("below is what differs from revision %d, which is deployed", r.Against)
	switch {
	case r.IsCurrent:
		relation = "it is deployed"
	case len(r.Changes) == 0:
		relation = fmt.Sprintf("it is the same as revision %d, which is deployed", r.Against)
	}
	return fmt.Sprintf("revision %d of %s: %s, configuration %s, deployed by %s at %s; %s",
		r.Number, r.Target, imageText(r.Revision), r.ConfigHash, r.User, r.Time.Format(time.RFC3339), relation)
}

// imageText returns the image of a revision, with the digest that it had.
func imageText(r kube.Revision) string {
	if r.ImageDigest == "" || strings.HasSuffix(r.Image, r.ImageDigest) {
		return r.Image
	}
	return r.Image + " (" + r.ImageDigest + ")"
}
