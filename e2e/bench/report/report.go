// Package report turns measurements into figures: medians over rounds, and the ratio of two systems within each round.
package report

import (
	"slices"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/measure"
)

// Report is a whole benchmark; its JSON form is its Go form.
type Report struct {
	Machine Machine
	Peer    string // name of the yardstick
	Subject string // name of what is compared with it
	Setup   string // the load's settings, for people
	Rounds  int
	Rows    []Row
}

// Row is the comparison for one kind of load.
type Row struct {
	Name          string
	Peer, Subject Figures
	Ratio         Spread // CPU per item, peer to subject: above 1 the subject is cheaper
	RSSRatio      Spread // peak RSS, peer to subject
	Runs          []measure.Run
}

// Figures are medians over the rounds.
type Figures struct {
	CPUPerItem     time.Duration
	ItemsPerCPU    float64 // items for each second of CPU time
	CPUPerRequest  time.Duration
	P50, P99       time.Duration
	PeakRSS        int64 // bytes
	IdleRSS        int64 // bytes
	Start          time.Duration
	ItemsPerSecond float64 // in wall time, all processes on one machine
}

// Spread is a median with its extremes.
type Spread struct{ Median, Min, Max float64 }

// Compare condenses the runs of one row: peer[i] and subject[i] ran in the same round.
func Compare(row string, peer, subject []measure.Run) Row {
	var cpu, rss []float64
	for i := range min(len(peer), len(subject)) {
		cpu = append(cpu, perItem(peer[i])/perItem(subject[i]))
		rss = append(rss, float64(peer[i].PeakRSS)/float64(subject[i].PeakRSS))
	}
	return Row{
		Name: row, Peer: figures(peer), Subject: figures(subject),
		Ratio: SpreadOf(cpu), RSSRatio: SpreadOf(rss), Runs: slices.Concat(peer, subject),
	}
}

// perItem is the CPU time of one item in nanoseconds.
func perItem(r measure.Run) float64 { return float64(r.CPU) / float64(r.Items) }

func figures(runs []measure.Run) Figures {
	of := func(value func(measure.Run) float64) float64 {
		values := make([]float64, len(runs))
		for i, r := range runs {
			values[i] = value(r)
		}
		return median(values)
	}
	cpu := of(perItem)
	return Figures{
		CPUPerItem:     time.Duration(cpu),
		ItemsPerCPU:    float64(time.Second) / cpu,
		CPUPerRequest:  time.Duration(of(func(r measure.Run) float64 { return float64(r.CPU) / float64(r.Requests) })),
		P50:            time.Duration(of(func(r measure.Run) float64 { return float64(r.P50) })),
		P99:            time.Duration(of(func(r measure.Run) float64 { return float64(r.P99) })),
		PeakRSS:        int64(of(func(r measure.Run) float64 { return float64(r.PeakRSS) })),
		IdleRSS:        int64(of(func(r measure.Run) float64 { return float64(r.IdleRSS) })),
		Start:          time.Duration(of(func(r measure.Run) float64 { return float64(r.Start) })),
		ItemsPerSecond: of(func(r measure.Run) float64 { return float64(r.Items) / r.Wall.Seconds() }),
	}
}

// SpreadOf returns the spread of values; that of none is zero.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	return Spread{Median: median(values), Min: slices.Min(values), Max: slices.Max(values)}
}

// median of an even number of values is the mean of the middle two.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
