package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// How much is shown unless --limit says otherwise.
const (
	tracesLimit    = 20
	waterfallLimit = 200
)

type tracesOptions struct {
	queryOptions

	name              string
	shortest, longest time.Duration
	status            statusFlag
}

func newTraces(s term.Streams) *cobra.Command {
	o := tracesOptions{status: "any"}
	cmd := &cobra.Command{
		Use:   "traces [ID]",
		Short: "Show the newest traces, or one of them as a waterfall",
		Long: `Show the newest traces that a database keeps, or all spans of one: who called whom, when, and what
the end has waited for. ID is that of a trace, or as much of it as no other begins with.

` + databaseText + `

A trace is shown if one of its spans has the service, the name and the attributes that are asked for,
and began within the time. --min-duration, --max-duration and --status are about the whole trace.
With --follow, a trace comes when nothing more of it has arrived for two seconds.

In a waterfall, █ is the critical path. It goes back from the end of the root: at each moment it is in
that child which was the last to end before then, and in its children by the same rule, or in the span
itself while none was. ░ is what nobody waited for. ✗ is a span that failed, … one whose parent has not
come.

-o json is OTLP/JSON with all spans, one document, or with --follow one on each line: it can be sent
again.`,
		Example: `  # What was slow in the last ten minutes?
  otlpctl traces --min-duration 500ms --since 10m

  # One trace as a waterfall
  otlpctl traces 4bf92f35

  # What fails, as it happens
  otlpctl traces --follow --status error --service checkout

  # Send yesterday's failures to another receiver
  otlpctl traces --since 1d --status error --limit 1000 -o json | otlpctl send gateway:4317 --file -`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd, args); err != nil {
				return usageError(cmd, err)
			}
			if len(args) == 1 {
				return runTrace(cmd, s, &o, args[0])
			}
			return runTraces(cmd.Context(), s, &o)
		},
	}
	queryFlags(cmd, &o.queryOptions, "traces", 0)
	f := cmd.Flags()
	f.Lookup("limit").Usage = fmt.Sprintf("`number` of traces at most, the newest, or of spans in a waterfall (default %d, or %d)", tracesLimit, waterfallLimit)
	f.StringVar(&o.name, "name", "", "`name` of a span; * stands for any characters, ? for one")
	f.DurationVar(&o.shortest, "min-duration", 0, "leave out traces that were shorter")
	f.DurationVar(&o.longest, "max-duration", 0, "leave out traces that were longer")
	f.Var(&o.status, "status", "error: with a span that failed; ok: without any")
	offer(cmd, "status", "ok", "error", "any")
	return cmd
}

func (o *tracesOptions) check(cmd *cobra.Command, args []string) error {
	for _, d := range []struct {
		flag string
		time.Duration
	}{{"min-duration", o.shortest}, {"max-duration", o.longest}} {
		if cmd.Flags().Changed(d.flag) && d.Duration <= 0 {
			return fmt.Errorf("--%s %s: want more than 0", d.flag, d.Duration)
		}
	}
	if o.longest > 0 && o.shortest > o.longest {
		return errors.New("--min-duration is more than --max-duration: no trace is both")
	}
	if !cmd.Flags().Changed("limit") {
		o.limit = tracesLimit
		if len(args) == 1 {
			o.limit = waterfallLimit
		}
	}
	if len(args) == 1 {
		if err := onlyOfOne(cmd); err != nil {
			return err
		}
	}
	return o.queryOptions.check(cmd)
}

// onlyOfOne returns an error if a flag is given that chooses among traces.
func onlyOfOne(cmd *cobra.Command) error {
	for _, flag := range append(choosingFlags(), "since", "until", "follow") {
		if cmd.Flags().Changed(flag) {
			return fmt.Errorf("--%s chooses among traces: it does not go with an ID", flag)
		}
	}
	return nil
}

func (o *tracesOptions) filter() store.TraceFilter {
	attributes, _ := o.wanted() // as check has seen
	return store.TraceFilter{
		Range: o.within(time.Now()), Service: o.service, Name: o.name, Attributes: attributes,
		MinDuration: o.shortest, MaxDuration: o.longest, Status: o.status.status(), Limit: o.limit,
	}
}

func runTraces(ctx context.Context, s term.Streams, o *tracesOptions) error {
	return withStore(ctx, &o.queryOptions, func(db *store.Store) error {
		list := &traceList{streams: s, options: o, document: func(traces []store.Trace) ([]byte, error) {
			return traceDocument(ctx, db, traces)
		}}
		if !o.follow {
			traces, err := db.Traces(ctx, o.filter())
			if err != nil {
				return err
			}
			defer noteLimit(s, &o.queryOptions, len(traces), "traces")
			return list.show(traces)
		}
		err := db.FollowTraces(ctx, o.filter(), store.Followed[store.Trace]{New: list.show, Outage: follower{s}.outage})
		return ended(ctx, err)
	})
}

// traceDocument returns the OTLP/JSON of traces with all their spans.
func traceDocument(ctx context.Context, db *store.Store, traces []store.Trace) ([]byte, error) {
	var all []*row.Span
	for _, t := range traces {
		spans, err := db.Spans(ctx, []store.TraceID{t.ID})
		if err != nil {
			return nil, err
		}
		all = append(all, spans...)
	}
	return db.SpanJSON(ctx, all)
}

// statusFlag is how a trace went.
type statusFlag string

func (f *statusFlag) String() string { return string(*f) }

// Type names the value in help texts.
func (*statusFlag) Type() string { return "status" }

// Set accepts ok, error and any.
func (f *statusFlag) Set(text string) error {
	switch text = strings.ToLower(text); text {
	case "ok", "error", "any":
		*f = statusFlag(text)
		return nil
	}
	return errors.New("want ok, error or any")
}

func (f *statusFlag) status() store.Status {
	switch *f {
	case "ok":
		return store.StatusOK
	case "error":
		return store.StatusError
	}
	return store.StatusAny
}

// runTrace shows all spans of one trace.
func runTrace(cmd *cobra.Command, s term.Streams, o *tracesOptions, prefix string) error {
	ctx := cmd.Context()
	return withStore(ctx, &o.queryOptions, func(db *store.Store) error {
		id, err := db.Find(ctx, prefix)
		if _, bad := errors.AsType[*store.IDError](err); bad {
			return usageError(cmd, err)
		}
		if err != nil {
			return err
		}
		spans, err := db.Spans(ctx, []store.TraceID{id})
		if err != nil {
			return err
		}
		if len(spans) == store.MaxSpans {
			note(s.Err, "%s the trace is very large: these are its first %d spans", s.Err.Paint(term.Warn, "note:"), store.MaxSpans)
		}
		if o.format != output.Table {
			document, err := db.SpanJSON(ctx, spans)
			if err != nil {
				return err
			}
			return documents{out: s.Out, format: o.format}.write(document)
		}
		return showWaterfall(s.Out, spans, o.limit, time.Now())
	})
}
