package cli

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// What comes later stands where it stood before, however wide it is, and no line is wider than the terminal.
func TestFollowedColumnsStay(t *testing.T) {
	streams := term.Plain(strings.NewReader(""), io.Discard, io.Discard)
	noon := time.Date(2026, time.November, 25, 12, 0, 0, 0, time.Local)
	at := func(d time.Duration) uint64 { return uint64(noon.Add(d).UnixNano()) }

	traces := &traceList{streams: streams, options: &tracesOptions{queryOptions: queryOptions{follow: true}}}
	traces.begin()
	trace := func(d time.Duration, spans int, services ...string) []telemetryCell {
		one := store.Trace{ID: store.TraceID{0x4b, 0xf9, 0x2f, 0x35}, Start: at(-d), Duration: d, Spans: spans, Errors: spans / 3}
		one.Root = store.Root{Service: services[0], Name: "GET /" + strings.Repeat(services[0]+"/", len(services))}
		for _, s := range services {
			one.Services = append(one.Services, store.ServiceShare{Service: s})
		}
		return traces.cells(&one, noon)
	}
	tracesLater := [][][]telemetryCell{
		{trace(time.Millisecond, 2, "a"), trace(1234*time.Microsecond, 12, "cart")},
		{trace(36*time.Hour+5*time.Second, 100_000, "a-service-with-a-long-name", "payment", "checkout", "catalog", "shipping")},
		{trace(70*time.Second, 1, "cart", "catalog")},
	}

	points := &pointList{streams: streams, options: &queryOptions{follow: true}, colors: newPalette(streams.Out), table: &telemetryTable{out: streams.Out, follow: true, columns: pointColumns()}}
	point := func(name, attributes, unit string, value float64) []telemetryCell {
		p := store.Point{Point: &row.Point{Value: &value}, Of: &row.Metric{Name: []byte(name), Unit: []byte(unit)}}
		p.Time, p.Service, p.Attributes = at(-time.Second), []byte("cart"), []byte(attributes)
		return points.rows([]store.Point{p}, noon)[0]
	}
	pointsLater := [][][]telemetryCell{
		{point("up", "", "1", 1)},
		{point("http.server.request.body.size", `{"http.route":"/cart/{id}","http.request.method":"GET"}`, "{request}/second", 123456789.0123)},
		{point("process.cpu.utilization", `{"cpu":0}`, "1", 0.25)},
	}

	for _, width := range []int{80, 120, 200} {
		var got strings.Builder
		for _, shown := range []struct {
			table *telemetryTable
			later [][][]telemetryCell
		}{{traces.table, tracesLater}, {points.table, pointsLater}} {
			for _, rows := range shown.later {
				got.WriteString(shown.table.text(rows, width))
			}
		}
		golden(t, fmt.Sprintf("follow_%d.txt", width), got.String())
		for line := range strings.Lines(got.String()) {
			if n := term.Width(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns in %d: %s", n, width, line)
			}
		}
	}
}
