// Package measure runs servers under load and reads what they cost.
package measure

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/generator"
	"github.com/otlpctl/otlpctl/e2e/bench/payload"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// Row is one line of the result: a kind of load.
type Row struct {
	Name      string // signal/transport/items/compression, what -run matches
	Shape     payload.Shape
	Transport generator.Transport
	Requests  int           // of one run in short mode
	Rate      int           // requests a second; 0 is closed loop
	Length    time.Duration // of a run at a fixed rate
	HTTPOut   bool          // otlphttp exporter instead of otlp
	Extra     string        // settings of otlpctl's exporter that the peer does not have
	Short     bool          // part of the default selection
}

// Items returns how many items a run of n requests sends.
func (r Row) Items(n int) int64 { return int64(n) * int64(r.Shape.Items) }

// Matrix returns every row: signals × transports × sizes × compression, two variants, and the runs at a fixed rate.
func Matrix() []Row {
	var rows []Row
	for _, sig := range signal.All() {
		for _, transport := range []string{"grpc", "http", "json"} {
			for _, items := range []int{100, 3} {
				for _, gzip := range []bool{false, true} {
					rows = append(rows, closedLoop(sig, transport, items, gzip))
				}
			}
		}
	}
	return slices.Concat(rows, variants(), fixedRates())
}

// variants are rows with other exporters: gzip members joined, and HTTP out.
func variants() []Row {
	joined := closedLoop(signal.Traces, "grpc", 100, true)
	joined.Name += "+members"
	joined.Extra = "gzip_multi_member: true"
	rows := []Row{joined}
	for _, row := range []Row{
		closedLoop(signal.Traces, "http", 100, false),
		closedLoop(signal.Traces, "http", 100, true),
		closedLoop(signal.Traces, "http", 3, false),
		closedLoop(signal.Traces, "json", 100, false),
	} {
		row.Name += "+otlphttp"
		row.HTTPOut = true
		rows = append(rows, row)
	}
	return rows
}

// fixedRates are rows whose figure is memory.
func fixedRates() []Row {
	var rows []Row
	for _, sig := range signal.All() {
		rows = append(rows, Row{
			Name: fmt.Sprintf("%s/grpc/100/rate-200", sig), Shape: payload.Shape{Signal: sig, Items: 100},
			Transport: generator.GRPC, Rate: 200, Length: 5 * time.Second, Short: sig == signal.Traces,
		})
	}
	return rows
}

func closedLoop(sig signal.Signal, transport string, items int, gzip bool) Row {
	row := Row{
		Shape:     payload.Shape{Signal: sig, Items: items, JSON: transport == "json", Gzip: gzip},
		Transport: generator.HTTP,
		// The default selection covers every path once for traces, and the other signals over gRPC.
		Short: sig == signal.Traces && (items == 100 || !gzip) || transport == "grpc" && items == 100 && !gzip,
	}
	compression := "plain"
	if gzip {
		compression = "gzip"
	}
	if transport == "grpc" {
		row.Transport = generator.GRPC
	}
	// Enough for the peer to work for about a second on a current core.
	row.Requests = 2000
	if items < 10 {
		row.Requests = 15_000
	}
	if transport != "grpc" {
		row.Requests = row.Requests * 2 / 3
	}
	row.Name = strings.Join([]string{sig.String(), transport, fmt.Sprint(items), compression}, "/")
	return row
}

// Select returns the rows that match a pattern; without one the rows of the short or of the full selection.
func Select(rows []Row, pattern string, full bool) ([]Row, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	var out []Row
	for _, r := range rows {
		if re.MatchString(r.Name) && (full || r.Short || pattern != "") {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("-run %q: no such row; rows look like traces/grpc/100/plain", pattern)
	}
	return out, nil
}
