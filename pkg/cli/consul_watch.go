package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConsulWatch(s term.Streams) *cobra.Command {
	var access consul.Access
	var format output.Format
	cmd := &cobra.Command{
		Use:   "watch [NAME]",
		Short: "Show how services and their instances change",
		Long: `Show all services with the numbers of their instances, or all instances of one, and then each change
as it comes: + has come, - has gone, ~ is different. What changes within half a second comes together.
It goes on through outages of the agent until it is interrupted: exit 130. With -o json each change
is an object.`,
		Example: `  otlpctl consul watch
  otlpctl consul watch otlp-receiver -o json | jq -r '.change + " " + .instance.id + " " + .instance.status'`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := reach(cmd, access)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return watchServices(cmd.Context(), s, c, format)
			}
			return watchInstances(cmd.Context(), s, c, format, args[0])
		},
	}
	consulFlags(cmd, &access)
	datacenterFlag(cmd, &access)
	formatFlag(cmd, &format)
	return cmd
}

// consulChange is one document of consul watch. The names of its fields are API.
type consulChange struct {
	Change string    `json:"change"`
	At     time.Time `json:"at"`
	// Service, or Instance, is what it is now, or was at last.
	Service  *catalog.Service  `json:"service,omitempty"`
	Instance *catalog.Instance `json:"instance,omitempty"`
	// Was is the status before, if that has changed.
	Was string `json:"was,omitempty"`

	detail string
}

func watchServices(ctx context.Context, s term.Streams, c *catalog.Catalog, format output.Format) error {
	var before []catalog.Service
	w := consulWatch{
		streams: s, format: format, nothing: "there are no services",
		header: []string{"TIME", " ", "NAME", "INSTANCES", "PASSING", "WARNING", "CRITICAL", "MAINTENANCE", "TAGS"},
		cells:  func(c consulChange) []string { return serviceCells(*c.Service) },
	}
	return w.run(ctx, func(ctx context.Context, told func(n int, changes []consulChange, err error)) {
		c.FollowServices(ctx, func(all []catalog.Service, err error) {
			if err != nil {
				told(0, nil, err)
				return
			}
			var changes []consulChange
			for _, d := range catalog.ServiceDifferences(before, all) {
				changes = append(changes, consulChange{Change: changeOf(d), At: time.Now().UTC(), Service: latest(d)})
			}
			before = all
			told(len(all), changes, nil)
		})
	})
}

func watchInstances(ctx context.Context, s term.Streams, c *catalog.Catalog, format output.Format, name string) error {
	var before []catalog.Instance
	w := consulWatch{
		streams: s, format: format, nothing: name + " has no instances",
		header: []string{"TIME", " ", "ID", "STATUS", "ADDRESS", "NODE", "ZONE", "VERSION", "DETAIL"},
		cells: func(c consulChange) []string {
			i := c.Instance
			return []string{i.ID, i.Status, i.Addr, i.Node, i.Zone, i.Version, c.detail}
		},
	}
	return w.run(ctx, func(ctx context.Context, told func(n int, changes []consulChange, err error)) {
		c.FollowInstances(ctx, name, func(all []catalog.Instance, err error) {
			if err != nil {
				told(0, nil, err)
				return
			}
			var changes []consulChange
			for _, d := range catalog.InstanceDifferences(before, all) {
				changes = append(changes, instanceChangeOf(d))
			}
			before = all
			told(len(all), changes, nil)
		})
	})
}

// changeOf returns the kind of a change.
func changeOf[T any](d catalog.Difference[T]) string {
	switch {
	case d.Before == nil:
		return changeAdded
	case d.After == nil:
		return changeRemoved
	}
	return changeUpdated
}

func latest[T any](d catalog.Difference[T]) *T {
	if d.After == nil {
		return d.Before
	}
	return d.After
}

func instanceChangeOf(d catalog.Difference[catalog.Instance]) consulChange {
	c := consulChange{Change: changeOf(d), At: time.Now().UTC(), Instance: latest(d)}
	var details []string
	if c.Change == changeUpdated && d.Before.Status != d.After.Status {
		c.Was = d.Before.Status
		details = append(details, "was "+c.Was)
	}
	if c.Change != changeRemoved && c.Instance.Status != catalog.StatusPassing {
		details = append(details, checksText(c.Instance.Checks))
	}
	c.detail = strings.Join(details, "; ")
	return c
}

// consulWatch prints the changes from one answer to the next.
type consulWatch struct {
	streams term.Streams
	format  output.Format
	nothing string // what is said when there is nothing
	header  []string
	cells   func(consulChange) []string

	begun, failing bool
}

// run follows until ctx ends, or nobody reads any more.
func (w *consulWatch) run(ctx context.Context, follow func(ctx context.Context, told func(int, []consulChange, error))) error {
	following, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	follow(following, func(n int, changes []consulChange, err error) {
		if err := w.tell(n, changes, err); err != nil {
			cancel(err)
		}
	})
	if ctx.Err() != nil {
		return reported{coded{ctx.Err(), exitInterrupted}} // whoever ends it this way needs not be told
	}
	return context.Cause(following)
}

func (w *consulWatch) tell(n int, changes []consulChange, err error) error {
	if err != nil {
		return w.fail(err)
	}
	if w.failing {
		w.failing = false
		w.note(term.OK, "note:", "the agent answers again")
	}
	first := !w.begun
	w.begun = true
	if n == 0 && (first || len(changes) > 0) {
		defer w.note(term.Warn, "note:", w.nothing)
	}
	return w.print(changes, first)
}

// fail says once that the agent is away. One that has never answered is no outage.
func (w *consulWatch) fail(err error) error {
	if !w.begun {
		return err
	}
	if w.failing || errors.Is(err, context.Canceled) {
		return nil
	}
	w.failing = true
	w.note(term.Warn, "warning:", err.Error())
	for _, hint := range hints(err) {
		printHint(w.streams.Err, hint)
	}
	return nil
}

func (w *consulWatch) note(style term.Style, label, text string) {
	e := w.streams.Err
	_, _ = fmt.Fprintln(e, e.Paint(style, label), text)
}

func (w *consulWatch) print(changes []consulChange, first bool) error {
	out := w.streams.Out
	if w.format == output.Table {
		return w.format.Write(out, nil, func(r *output.Rows) {
			if first && len(changes) > 0 {
				r.Header(w.header...)
			}
			for _, c := range changes {
				cells := append([]string{changeTime(out, c.At), instanceChange{Change: c.Change}.sign()}, w.cells(c)...)
				for i, cell := range cells {
					cells[i] = cmp.Or(cell, "-") // later rows are not aligned with the first ones
				}
				r.Add(cells...)
			}
		})
	}
	for _, c := range changes {
		if w.format == output.YAML {
			if _, err := fmt.Fprintln(out, "---"); err != nil {
				return err
			}
		}
		if err := w.format.Write(out, c, nil); err != nil {
			return err
		}
	}
	return nil
}
