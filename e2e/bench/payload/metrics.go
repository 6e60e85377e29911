package payload

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// pointsPerMetric is how many attribute sets an instrument reports.
const pointsPerMetric = 5

func (s source) metrics(points int) pmetric.Metrics {
	md := pmetric.NewMetrics()
	resource := md.ResourceMetrics().AppendEmpty()
	s.resource(resource.Resource())
	scope := resource.ScopeMetrics().AppendEmpty()
	scope.Scope().SetName("github.com/shop/meter")
	for kind := 0; points > 0; kind++ {
		n := min(points, pointsPerMetric)
		s.metric(scope.Metrics().AppendEmpty(), kind, n)
		points -= n
	}
	return md
}

// metric fills one instrument: of five, two are gauges, two are counters and one is a histogram.
func (s source) metric(m pmetric.Metric, kind, points int) {
	m.SetName(fmt.Sprintf("%s.%d", s.pick("http.server.request", "db.client.connection", "process.runtime", "queue.depth"), kind))
	m.SetDescription("Measured by the service itself.")
	m.SetUnit(s.pick("s", "By", "{request}", "1"))
	switch kind % 5 {
	case 0, 1:
		gauge := m.SetEmptyGauge()
		for range points {
			p := gauge.DataPoints().AppendEmpty()
			s.numberPoint(p)
			p.SetDoubleValue(s.Float64() * 1000)
		}
	case 2, 3:
		sum := m.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		for range points {
			p := sum.DataPoints().AppendEmpty()
			s.numberPoint(p)
			p.SetIntValue(int64(s.IntN(1_000_000)))
		}
	default:
		histogram := m.SetEmptyHistogram()
		histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		for range points {
			s.histogramPoint(histogram.DataPoints().AppendEmpty())
		}
	}
}

func (s source) numberPoint(p pmetric.NumberDataPoint) {
	at := s.when()
	p.SetStartTimestamp(at)
	p.SetTimestamp(at + 60_000_000_000)
	s.pointAttributes(p.Attributes())
}

func (s source) histogramPoint(p pmetric.HistogramDataPoint) {
	at := s.when()
	p.SetStartTimestamp(at)
	p.SetTimestamp(at + 60_000_000_000)
	s.pointAttributes(p.Attributes())
	bounds := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	p.ExplicitBounds().FromRaw(bounds)
	var count uint64
	for range len(bounds) + 1 {
		n := s.Uint64N(500)
		p.BucketCounts().Append(n)
		count += n
	}
	p.SetCount(count)
	p.SetSum(s.Float64() * float64(count))
	p.SetMin(s.Float64() / 100)
	p.SetMax(1 + s.Float64()*10)
}

func (s source) pointAttributes(a pcommon.Map) {
	a.PutStr("http.request.method", s.pick("GET", "POST", "PUT", "DELETE"))
	a.PutStr("http.route", s.route())
	a.PutInt("http.response.status_code", int64(200+s.IntN(300)))
	a.PutStr("server.address", s.pick("shop.example.com", "api.example.com"))
	a.PutStr("url.scheme", "https")
	a.PutStr("network.protocol.version", s.pick("1.1", "2"))
}
