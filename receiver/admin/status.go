package admin

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/measure"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/presence"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The document at /status. The names of its members are API: they may be added
// to, but not changed. Times are in RFC 3339, durations in seconds, sizes in bytes.

type statusReport struct {
	Build
	Started   time.Time        `json:"started"`
	Uptime    float64          `json:"uptime_seconds"`
	Healthy   bool             `json:"healthy"`
	Ready     bool             `json:"ready"`
	Reason    string           `json:"reason,omitempty"`
	Config    Configuration    `json:"config"`
	Pipelines []Pipeline       `json:"pipelines"`
	Receivers []receiverReport `json:"receivers"`
	Exporters []exporterReport `json:"exporters"`
	InFlight  InFlight         `json:"in_flight"`
	Process   process          `json:"process"`

	Registrations []presence.Registration `json:"registrations,omitempty"`
}

type receiverReport struct {
	Name        string                   `json:"name"`
	Transport   ingest.Transport         `json:"transport"`
	Endpoint    string                   `json:"endpoint"`
	Connections int64                    `json:"connections"`
	Unmatched   map[string]int64         `json:"unmatched_requests"`
	Signals     map[string]trafficReport `json:"signals"`
}

type trafficReport struct {
	Requests      int64            `json:"requests"`
	AcceptedItems int64            `json:"accepted_items"`
	RejectedItems int64            `json:"rejected_items"`
	Refused       map[string]int64 `json:"refused_requests"`
	ReceivedBytes int64            `json:"received_bytes"`
	AcceptedBytes int64            `json:"accepted_bytes"`
	Latency       *latencyReport   `json:"latency,omitempty"`
}

type exporterReport struct {
	Name     string                 `json:"name"`
	Healthy  bool                   `json:"healthy"`
	Error    string                 `json:"error,omitempty"`
	Since    *time.Time             `json:"failing_since,omitempty"`
	Queue    queueReport            `json:"queue"`
	Attempts int64                  `json:"attempts"`
	Retries  int64                  `json:"retries"`
	Failed   int64                  `json:"failed_attempts"`
	Latency  *latencyReport         `json:"latency,omitempty"`
	Books    map[string]booksReport `json:"books"`
	// Duplicates are among the exported items: those that a database had already.
	Duplicates *int64 `json:"duplicate_items,omitempty"`
	// Discovery is there if the endpoint names a service.
	Discovery *discoveryReport `json:"discovery,omitempty"`
}

type queueReport struct {
	Batches  int64          `json:"batches"`
	Items    int64          `json:"items"`
	Bytes    int64          `json:"bytes"`
	Held     int64          `json:"held_bytes"`
	Used     int64          `json:"used"`
	Capacity int64          `json:"capacity"`
	Sizer    pipeline.Sizer `json:"sizer"`
	Oldest   float64        `json:"oldest_age_seconds"`
}

type booksReport struct {
	pipeline.Books

	Unexplained int64 `json:"unexplained"`
}

// latencyReport describes a distribution. The quantiles are estimates.
type latencyReport struct {
	Count uint64  `json:"count"`
	Mean  float64 `json:"mean_seconds"`
	P50   float64 `json:"p50_seconds"`
	P90   float64 `json:"p90_seconds"`
	P99   float64 `json:"p99_seconds"`
}

// report makes the document from one snapshot.
func report(d Deps, now time.Time, p process) statusReport {
	snapshot := d.Source.Snapshot()
	r := statusReport{
		Build: d.Build, Started: d.Started.UTC(), Uptime: now.Sub(d.Started).Seconds(),
		Config: snapshot.Config, Pipelines: orEmpty(snapshot.Pipelines), InFlight: snapshot.InFlight, Process: p,
		Receivers: []receiverReport{}, Exporters: []exporterReport{}, Registrations: snapshot.Registrations,
	}
	healthy, unhealthy := d.Source.Health()
	ready, unready := d.Source.Ready()
	r.Healthy, r.Ready, r.Reason = healthy, ready, unready
	if !healthy {
		r.Reason = unhealthy
	}
	for _, s := range snapshot.Receivers {
		r.Receivers = append(r.Receivers, receiverOf(s))
	}
	for i := range snapshot.Exporters {
		r.Exporters = append(r.Exporters, exporterOf(&snapshot.Exporters[i]))
	}
	slices.SortFunc(r.Pipelines, func(a, b Pipeline) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(r.Receivers, func(a, b receiverReport) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(r.Exporters, func(a, b exporterReport) int { return cmp.Compare(a.Name, b.Name) })
	return r
}

func receiverOf(s ingest.State) receiverReport {
	r := receiverReport{
		Name: s.Receiver, Transport: s.Transport, Endpoint: s.Endpoint, Connections: s.Connections,
		Unmatched: orNone(s.Unmatched), Signals: map[string]trafficReport{},
	}
	for sig, t := range s.Signals {
		if unused(sig, t) {
			continue
		}
		r.Signals[sig.String()] = trafficReport{
			Requests: requests(t), AcceptedItems: t.Items, RejectedItems: t.Rejected, Refused: orNone(t.Refused),
			ReceivedBytes: t.WireBytes, AcceptedBytes: t.Bytes, Latency: latencyOf(t.Latency),
		}
	}
	return r
}

// unused reports whether a signal that is off by default was never sent.
func unused(sig wire.Signal, t ingest.SignalState) bool {
	return sig == wire.Profiles && requests(t) == 0
}

// requests returns how many requests of a signal were answered.
func requests(t ingest.SignalState) int64 {
	n := t.Requests
	for _, refused := range t.Refused {
		n += refused
	}
	return n
}

func exporterOf(s *pipeline.State) exporterReport {
	r := exporterReport{
		Name: s.Name, Healthy: s.Failing == "", Error: s.Failing, Attempts: s.Attempts, Retries: s.Retries, Failed: s.Failed,
		Duplicates: s.Duplicates,
		Latency:    latencyOf(s.Latency), Books: map[string]booksReport{},
		Queue: queueReport{
			Batches: s.Requests, Items: s.Items, Bytes: s.Bytes, Held: s.Held,
			Used: s.Used, Capacity: s.Capacity, Sizer: s.Sizer, Oldest: s.Oldest.Seconds(),
		},
	}
	if s.Failing != "" {
		since := s.Since.UTC()
		r.Since = &since
	}
	for sig, books := range s.Books {
		r.Books[sig.String()] = booksReport{Books: books, Unexplained: books.Unexplained()}
	}
	if s.Discovered != nil {
		r.Discovery = discoveryOf(s.Discovered)
	}
	return r
}

func latencyOf(d measure.Distribution) *latencyReport {
	if d.Count == 0 {
		return nil
	}
	return &latencyReport{
		Count: d.Count, Mean: d.Sum / float64(d.Count),
		P50: quantile(d, 0.5), P90: quantile(d, 0.9), P99: quantile(d, 0.99),
	}
}

// quantile estimates which duration the given share does not exceed, as
// Prometheus does: within a bucket durations count as spread evenly, and beyond
// the last bound as equal to it.
func quantile(d measure.Distribution, share float64) float64 {
	rank := share * float64(d.Count)
	lower, below := 0.0, uint64(0)
	for _, bound := range slices.Sorted(maps.Keys(d.Cumulative)) {
		if n := d.Cumulative[bound]; float64(n) >= rank && n > below {
			return lower + (bound-lower)*(rank-float64(below))/float64(n-below)
		}
		lower, below = bound, d.Cumulative[bound]
	}
	return lower
}

// orNone and orEmpty return what JSON writes as {} and [] instead of null.
func orNone(counts map[string]int64) map[string]int64 {
	if counts == nil {
		return map[string]int64{}
	}
	return counts
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
