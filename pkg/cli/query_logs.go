package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// queryLimit is how many log records, data points or metrics are shown unless --limit says otherwise.
const queryLimit = 100

type queryLogsOptions struct {
	queryOptions

	severity severityFlag
	trace    string
	body     string
}

func newQueryLogs(s term.Streams) *cobra.Command {
	var o queryLogsOptions
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "Show the newest log records",
		Long: `Show the newest log records that a database keeps, in the order of their time, and with --follow
those that arrive after them.

` + databaseText + `

-o json is OTLP/JSON, one document, or with --follow one on each line: it can be sent again. In a pipe,
the table has these columns: time, severity, service, body, attributes, trace and span.`,
		Example: `  # What went wrong in the last ten minutes?
  otlpctl query logs --severity warn --since 10m

  # All that was said about a trace
  otlpctl query logs --trace 4bf92f35 --since 1d

  # What is said now
  otlpctl query logs --follow --service checkout --body 'order'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := o.filter(cmd)
			if err != nil {
				return usageError(cmd, err)
			}
			return runQueryLogs(cmd.Context(), s, &o, filter)
		},
	}
	queryFlags(cmd, &o.queryOptions, "log records", queryLimit)
	f := cmd.Flags()
	f.Var(&o.severity, "severity", "leave out what is less severe than trace, debug, info, warn, error or fatal")
	offer(cmd, "severity", "trace", "debug", "info", "warn", "error", "fatal")
	f.StringVar(&o.trace, "trace", "", "`ID` of the trace that they belong to, or what that begins with")
	f.StringVar(&o.body, "body", "", "`text` that must be in the body, in upper and lower case as it is")
	return cmd
}

func (o *queryLogsOptions) filter(cmd *cobra.Command) (store.LogFilter, error) {
	if err := o.check(cmd); err != nil {
		return store.LogFilter{}, err
	}
	attributes, err := o.wanted()
	if err != nil {
		return store.LogFilter{}, err
	}
	f := store.LogFilter{
		Range: o.within(time.Now()), Service: o.service, MinSeverity: int32(o.severity), Trace: o.trace, Body: o.body,
		Attributes: attributes, Limit: o.limit,
	}
	if err := f.Check(); err != nil {
		return f, fmt.Errorf("--trace %w", err)
	}
	return f, nil
}

func runQueryLogs(ctx context.Context, s term.Streams, o *queryLogsOptions, filter store.LogFilter) error {
	return withStore(ctx, &o.queryOptions, func(db *store.Store) error {
		l := &logLines{streams: s, options: &o.queryOptions, colors: newPalette(s.Out)}
		l.document = func(logs []*row.Log) ([]byte, error) { return db.LogJSON(ctx, logs) }
		if !o.follow {
			logs, err := db.Logs(ctx, filter)
			if err != nil {
				return err
			}
			defer noteLimit(s, &o.queryOptions, len(logs), "log records")
			return l.show(logs)
		}
		return ended(ctx, db.FollowLogs(ctx, filter, store.Followed[*row.Log]{New: l.show, Outage: follower{s}.outage}))
	})
}

// logLines shows log records as they come.
type logLines struct {
	streams  term.Streams
	options  *queryOptions
	colors   palette
	document func([]*row.Log) ([]byte, error)

	begun bool
}

func (l *logLines) show(logs []*row.Log) error {
	first := !l.begun
	l.begun = true
	if first && len(logs) == 0 {
		noteNothing(l.streams, l.options, "log records")
	}
	switch {
	case len(logs) == 0 && l.options.follow:
		return nil
	case l.options.format != output.Table:
		document, err := l.document(logs)
		if err != nil {
			return err
		}
		return documents{l.streams.Out, l.options.format, l.options.follow}.write(document)
	case !l.streams.Out.IsTerminal():
		return l.cells(logs)
	}
	return l.lines(logs)
}

// cells writes a table for programs.
func (l *logLines) cells(logs []*row.Log) error {
	table := output.Table
	return table.Write(l.streams.Out, nil, func(r *output.Rows) {
		for _, log := range logs {
			r.Add(momentFull(logTime(log)), severityText(log.Severity, log.SeverityText), string(log.Service), string(log.Body),
				attributesText(log.Attributes), fmt.Sprintf("%x", log.TraceID), fmt.Sprintf("%x", log.SpanID))
		}
	})
}

// logTime returns the time that a record gives itself, in nanoseconds: the column by which it is ordered has microseconds in
// PostgreSQL.
func logTime(log *row.Log) uint64 { return cmp.Or(log.TimeRaw, log.Observed, log.Time) }

// How wide the names of services are at most, and at least if more are to come.
const (
	mostOfService  = 24
	leastOfService = 8
)

// serviceWidth returns how wide the names of services are: as the widest, or a fifth of the terminal if more records are
// to come.
func (l *logLines) serviceWidth(logs []*row.Log) int {
	if l.options.follow {
		return min(max(l.streams.Out.Width()/5, leastOfService), mostOfService)
	}
	width := 0
	for _, log := range logs {
		width = max(width, term.Width(oneLine(l.streams.Out, string(log.Service))))
	}
	return min(width, mostOfService)
}

// lines writes records as people read a log: complete, in as many lines as they have.
func (l *logLines) lines(logs []*row.Log) error {
	var b strings.Builder
	now, width := time.Now(), l.serviceWidth(logs)
	for _, log := range logs {
		l.line(&b, log, width, now)
	}
	_, err := l.streams.Out.Write([]byte(b.String()))
	return err
}

// severityWidth is how wide the names of severities are.
const severityWidth = 6

func (l *logLines) line(b *strings.Builder, log *row.Log, serviceWidth int, now time.Time) {
	out := l.streams.Out
	service := string(log.Service)
	severity := term.Fit(oneLine(out, severityText(log.Severity, log.SeverityText)), severityWidth)
	b.WriteString(out.Paint(term.Dim, momentText(logTime(log), now)) + " " + severityPaint(out, log.Severity, severity) + " " +
		l.colors.paint(service, term.Fit(oneLine(out, service), serviceWidth)) + " ")
	body := string(log.Body)
	if log.EventName != nil {
		body = strings.TrimSpace(string(log.EventName) + " " + body)
	}
	lines := strings.Split(strings.TrimRight(out.Printable(body), "\n"), "\n")
	b.WriteString(lines[0])
	if attributes := attributesText(log.Attributes); attributes != "" {
		b.WriteString(" " + out.Paint(term.Dim, oneLine(out, attributes)))
	}
	b.WriteByte('\n')
	for _, line := range lines[1:] {
		b.WriteString("    " + line + "\n")
	}
}

// The numbers that severities begin with.
const (
	severityWarn  = 13
	severityError = 17
)

func severityPaint(out *term.Output, number int32, text string) string {
	switch {
	case number >= severityError:
		return out.Paint(term.Error, text)
	case number >= severityWarn:
		return out.Paint(term.Warn, text)
	}
	return text
}

// severityFlag is a SeverityNumber, by its name.
type severityFlag int32

func (f *severityFlag) String() string {
	name, _ := severityOf(int32(*f))
	return strings.ToLower(name)
}

// Type names the value in help texts.
func (*severityFlag) Type() string { return "severity" }

// Set reads a name such as warn or WARN2, or a number.
func (f *severityFlag) Set(text string) error {
	for n := int32(1); ; n++ {
		name, ok := severityOf(n)
		if !ok {
			return errors.New("want trace, debug, info, warn, error or fatal")
		}
		if strings.EqualFold(text, name) || text == strconv.Itoa(int(n)) {
			*f = severityFlag(n)
			return nil
		}
	}
}
