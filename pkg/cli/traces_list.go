package cli

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// traceList shows traces as they come.
type traceList struct {
	streams  term.Streams
	options  *tracesOptions
	document func([]store.Trace) ([]byte, error)
	table    *telemetryTable // nil at first
	colors   palette
}

func (l *traceList) show(traces []store.Trace) error {
	if l.table == nil {
		l.begin()
		if len(traces) == 0 {
			noteNothing(l.streams, &l.options.queryOptions, "traces")
		}
	}
	if l.options.format != output.Table {
		return l.write(traces)
	}
	if l.options.follow { // the newest is where the next one comes
		slices.Reverse(traces)
	}
	now := time.Now()
	rows := make([][]telemetryCell, len(traces))
	for i := range traces {
		rows[i] = l.cells(&traces[i], now)
	}
	return l.table.write(rows)
}

func (l *traceList) begin() {
	l.colors = newPalette(l.streams.Out)
	l.table = &telemetryTable{out: l.streams.Out, follow: l.options.follow, columns: []telemetryColumn{
		{name: "TRACE", usual: shortTraceID},
		{name: "STARTED", spare: 4, usual: len(time.TimeOnly)},
		{name: "DURATION", right: true},
		{name: "SPANS", right: true, spare: 2},
		{name: "ERRORS", right: true, spare: 3},
		{name: "SERVICE", bends: true, usual: 16},
		{name: "NAME", bends: true, usual: 28},
		{name: "SERVICES", bends: true, spare: 1, usual: 24},
	}}
}

// shortTraceID is how many digits of an ID are shown to people.
const shortTraceID = 8

func (l *traceList) cells(t *store.Trace, now time.Time) []telemetryCell {
	out := l.streams.Out
	id := t.ID.String()
	name := telemetryCell{text: t.Root.Name}
	if t.Root.Missing {
		name = telemetryCell{text: "… " + t.Root.Name, full: t.Root.Name} // what is above has not come
	}
	if t.Root.Failed {
		name.style = painted(out, term.Error)
	}
	errors := telemetryCell{text: strconv.Itoa(t.Errors)}
	if t.Errors > 0 {
		errors.style = painted(out, term.Error)
	}
	var services []string
	for _, s := range t.Services {
		services = append(services, s.Service)
	}
	return []telemetryCell{
		{text: id[:shortTraceID], full: id},
		{text: secondText(t.Start, now), full: momentFull(t.Start), style: painted(out, term.Dim)},
		{text: spanTime(t.Duration), full: t.Duration.String()},
		{text: strconv.Itoa(t.Spans)},
		errors,
		{text: t.Root.Service, style: func(text string) string { return l.colors.paint(t.Root.Service, text) }},
		name,
		{text: strings.Join(services, " "), full: strings.Join(services, ",")},
	}
}

// write writes the traces with all their spans.
func (l *traceList) write(traces []store.Trace) error {
	if len(traces) == 0 && l.options.follow {
		return nil
	}
	document, err := l.document(traces)
	if err != nil {
		return err
	}
	return documents{l.streams.Out, l.options.format, l.options.follow}.write(document)
}
