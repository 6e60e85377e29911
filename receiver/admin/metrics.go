package admin

import (
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/measure"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// collector turns snapshots into metrics. Figures live in the parts that they are
// about, and each scrape makes metrics of one snapshot, so that the balance holds
// within it.
type collector struct {
	deps    Deps
	process func() process
	known   map[string]family
}

func newCollector(d Deps, p func() process) *collector {
	c := &collector{deps: d, process: p, known: map[string]family{}}
	for _, f := range families() {
		c.known[f.name] = f
	}
	return c
}

// gather takes a snapshot. Families are in the order of their names.
func (c *collector) gather() []*dto.MetricFamily {
	e := &emitter{known: c.known, families: map[string]*dto.MetricFamily{}}
	s := c.deps.Source.Snapshot()
	ready, _ := c.deps.Source.Ready()
	p := c.process()
	e.gauge(nameBuildInfo, 1, c.deps.Build.Version, c.deps.Build.Commit, p.Go)
	e.gauge(nameReady, truth(ready))
	e.gauge(nameGeneration, float64(s.Config.Generation))
	e.gauge(nameLoaded, float64(s.Config.Loaded.UnixMilli())/1000)
	e.counter(nameReloads, float64(s.Config.Reloads-s.Config.Failed), "success")
	e.counter(nameReloads, float64(s.Config.Failed), "failure")
	e.gauge(nameReloadOK, truth(s.Config.Problem == ""))
	e.gauge(nameInFlight, float64(s.InFlight.Bytes))
	e.gauge(nameInFlightMax, float64(s.InFlight.Limit))
	for i := range s.Receivers {
		e.receiver(&s.Receivers[i])
	}
	for i := range s.Exporters {
		e.exporter(&s.Exporters[i])
	}
	for _, r := range s.Registrations {
		e.gauge(nameRegistered, truth(r.Registered), r.Registry)
		e.counter(nameRegistryFailures, float64(r.Failures), r.Registry)
	}
	e.process(p)
	e.gauge(nameStart, float64(c.deps.Started.UnixMilli())/1000)
	return e.sorted()
}

// emitter collects the metrics of one snapshot.
type emitter struct {
	known    map[string]family
	families map[string]*dto.MetricFamily
}

// add adds a series to the family, which it begins if it is the first. Labels are in
// the order in which the family lists them.
func (e *emitter) add(name string, typ dto.MetricType, labels []string) *dto.Metric {
	about := e.known[name]
	f := e.families[name]
	if f == nil {
		f = &dto.MetricFamily{Name: &about.name, Help: &about.help, Type: &typ}
		e.families[name] = f
	}
	m := &dto.Metric{Label: make([]*dto.LabelPair, len(about.labels))}
	for i := range about.labels {
		m.Label[i] = &dto.LabelPair{Name: &about.labels[i], Value: &labels[i]}
	}
	slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	f.Metric = append(f.Metric, m)
	return m
}

// sorted returns what was collected, series by the values of their labels.
func (e *emitter) sorted() []*dto.MetricFamily {
	all := make([]*dto.MetricFamily, 0, len(e.families))
	for _, name := range slices.Sorted(maps.Keys(e.families)) {
		f := e.families[name]
		slices.SortStableFunc(f.Metric, func(a, b *dto.Metric) int {
			return slices.CompareFunc(a.Label, b.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetValue(), b.GetValue()) })
		})
		all = append(all, f)
	}
	return all
}

func (e *emitter) gauge(name string, v float64, labels ...string) {
	e.add(name, dto.MetricType_GAUGE, labels).Gauge = &dto.Gauge{Value: &v}
}

func (e *emitter) counter(name string, v float64, labels ...string) {
	e.add(name, dto.MetricType_COUNTER, labels).Counter = &dto.Counter{Value: &v}
}

func (e *emitter) histogram(name string, d measure.Distribution, labels ...string) {
	h := &dto.Histogram{SampleCount: &d.Count, SampleSum: &d.Sum}
	for _, bound := range slices.Sorted(maps.Keys(d.Cumulative)) {
		h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: new(bound), CumulativeCount: new(d.Cumulative[bound])})
	}
	e.add(name, dto.MetricType_HISTOGRAM, labels).Histogram = h
}

func (e *emitter) receiver(s *ingest.State) {
	name, transport := s.Receiver, string(s.Transport)
	e.gauge(nameConnections, float64(s.Connections), name, transport)
	for reason, n := range s.Unmatched {
		e.counter(nameUnmatched, float64(n), name, transport, reason)
	}
	for sig, t := range s.Signals {
		if unused(sig, t) {
			continue
		}
		labels := []string{name, transport, sig.String()}
		e.counter(nameRequests, float64(requests(t)), labels...)
		for reason, n := range t.Refused {
			e.counter(nameRefused, float64(n), append(labels[:3:3], reason)...)
		}
		e.counter(nameAccepted, float64(t.Items), labels...)
		e.counter(nameRejected, float64(t.Rejected), labels...)
		e.counter(nameReceivedBytes, float64(t.WireBytes), labels...)
		e.counter(nameAcceptedBytes, float64(t.Bytes), labels...)
		e.histogram(nameRequestTime, t.Latency, labels...)
	}
}

func (e *emitter) exporter(s *pipeline.State) {
	e.gauge(nameFailing, truth(s.Failing != ""), s.Name)
	e.counter(nameAttempts, float64(s.Attempts), s.Name)
	e.counter(nameRetries, float64(s.Retries), s.Name)
	e.counter(nameFailedAttempts, float64(s.Failed), s.Name)
	e.histogram(nameAttemptTime, s.Latency, s.Name)
	e.gauge(nameQueueBatches, float64(s.Requests), s.Name)
	e.gauge(nameQueueItems, float64(s.Items), s.Name)
	e.gauge(nameQueueBytes, float64(s.Bytes), s.Name)
	e.gauge(nameQueueHeld, float64(s.Held), s.Name)
	e.gauge(nameQueueUsed, float64(s.Used), s.Name, string(s.Sizer))
	e.gauge(nameQueueCapacity, float64(s.Capacity), s.Name, string(s.Sizer))
	e.gauge(nameQueueOldest, s.Oldest.Seconds(), s.Name)
	e.discovered(s)
	if s.Duplicates != nil {
		e.counter(nameDuplicates, float64(*s.Duplicates), s.Name)
	}
	for sig, books := range s.Books {
		labels := []string{s.Name, sig.String()}
		e.counter(nameExporterAccepted, float64(books.Accepted), labels...)
		e.counter(nameExporterExported, float64(books.Exported), labels...)
		for _, reason := range pipeline.AllRefusals() { // zeros too, so that the first one shows as an increase
			e.counter(nameExporterRejected, float64(books.RejectedReasons[reason.String()]), append(labels[:2:2], reason.String())...)
		}
		for _, reason := range pipeline.Reasons() {
			e.counter(nameExporterDropped, float64(books.Dropped[reason.String()]), append(labels[:2:2], reason.String())...)
		}
		e.gauge(nameExporterQueued, float64(books.Queued), labels...)
		e.gauge(nameExporterSpooled, float64(books.Spooled), labels...)
		e.gauge(nameUnexplained, float64(books.Unexplained()), labels...)
	}
}

// discovered is about backends that are found by name. There are no metrics for each
// of them: they come and go, and can be many.
func (e *emitter) discovered(s *pipeline.State) {
	d := s.Discovered
	if d == nil {
		return
	}
	for condition, n := range d.Conditions {
		e.gauge(nameInstances, float64(n), s.Name, string(condition))
	}
	e.counter(nameEjections, float64(d.Ejections), s.Name)
	e.counter(nameFailovers, float64(d.Failovers), s.Name)
	e.gauge(nameRegistryOK, truth(d.Problem == ""), s.Name)
	if !d.At.IsZero() {
		e.gauge(nameRegistryAt, float64(d.At.UnixMilli())/1000, s.Name)
	}
	e.counter(nameAnswers, float64(d.Answers), s.Name, "success")
	e.counter(nameAnswers, float64(d.Failures), s.Name, "failure")
}

// process leaves out what the system does not tell.
func (e *emitter) process(p process) {
	e.gauge(nameGoInfo, 1, p.Go)
	e.gauge(nameGoroutines, float64(p.Goroutines))
	e.gauge(nameMaxProcs, float64(p.MaxProcs))
	e.gauge(nameHeap, float64(p.Heap))
	e.gauge(nameRuntime, float64(p.Runtime))
	if p.Limit > 0 {
		e.gauge(nameMemoryLimit, float64(p.Limit))
	}
	if p.Resident > 0 {
		e.counter(nameCPU, p.CPU)
		e.gauge(nameResident, float64(p.Resident))
		e.gauge(nameFiles, float64(p.Files))
		e.gauge(nameMaxFiles, float64(p.MaxFiles))
	}
}

func truth(v bool) float64 {
	if v {
		return 1
	}
	return 0
}
