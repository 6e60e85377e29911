package load

import "time"

// The numbers of enums in OTLP.
const (
	kindInternal = 1
	kindServer   = 2
	kindClient   = 3

	statusOK = 1

	severityInfo = 9

	cumulative = 2

	// sampled is the flag of a trace that is recorded.
	sampled = 1
)

// length is how long the trace took.
const length = 120 * time.Millisecond

// traces is a server that asks a database and, with a link back to that, another service.
func (s *Sample) traces() object {
	root := s.span(0, "GET /otlpctl/send", kindServer, length, 0)
	root["attributes"] = []object{
		attribute("http.request.method", "GET"),
		attribute("http.route", "/otlpctl/send"),
		attributeInt("http.response.status_code", 200),
		attribute(attributeID, s.TraceID),
	}
	root["status"] = object{"code": statusOK}

	work := s.span(1, "compose the answer", kindInternal, 110*time.Millisecond, 10*time.Millisecond)
	work["events"] = []object{{
		"name": "cache miss", "timeUnixNano": s.before(100 * time.Millisecond),
		"attributes": []object{attribute("cache.key", "answer")},
	}}

	query := s.span(2, "SELECT answers", kindClient, 95*time.Millisecond, 60*time.Millisecond)
	query["parentSpanId"] = s.SpanIDs[1]
	query["attributes"] = []object{attribute("db.system.name", "postgresql"), attribute("db.operation.name", "SELECT")}

	call := s.span(3, "POST /notify", kindClient, 55*time.Millisecond, 15*time.Millisecond)
	call["parentSpanId"] = s.SpanIDs[1]
	call["links"] = []object{{
		"traceId": s.TraceID, "spanId": s.SpanIDs[2], "flags": sampled,
		"attributes": []object{attribute("reason", "the answer that this is about")},
	}}
	return object{"resourceSpans": []object{{
		"resource":   s.resource(),
		"scopeSpans": []object{{"scope": scope(), "spans": []object{root, work, query, call}}},
	}}}
}

// span returns a child of the root, or the root itself, which begins and ends so long before the end of the trace.
func (s *Sample) span(i int, name string, kind int, begin, end time.Duration) object {
	span := object{
		"traceId": s.TraceID, "spanId": s.SpanIDs[i], "flags": sampled,
		"name": name, "kind": kind, "startTimeUnixNano": s.before(begin), "endTimeUnixNano": s.before(end),
	}
	if i > 0 {
		span["parentSpanId"] = s.SpanIDs[0]
	}
	return span
}

// metrics are a sum, a gauge, and a histogram with an exemplar in the trace, of one data point each.
func (s *Sample) metrics() object {
	count := s.point()
	count["asInt"] = "1"
	load := s.point()
	load["asDouble"] = 0.25
	duration := s.point()
	duration["count"], duration["sum"], duration["min"], duration["max"] = "1", length.Seconds(), length.Seconds(), length.Seconds()
	duration["explicitBounds"], duration["bucketCounts"] = []float64{0.05, 0.1, 0.25, 0.5}, []string{"0", "0", "1", "0", "0"}
	duration["exemplars"] = []object{{
		"timeUnixNano": s.before(0), "asDouble": length.Seconds(), "traceId": s.TraceID, "spanId": s.SpanIDs[0],
	}}
	return object{"resourceMetrics": []object{{
		"resource": s.resource(),
		"scopeMetrics": []object{{"scope": scope(), "metrics": []object{
			{
				"name": MetricPrefix + "requests", "unit": "{request}", "description": "Requests that were served.",
				"sum": object{"aggregationTemporality": cumulative, "isMonotonic": true, "dataPoints": []object{count}},
			},
			{
				"name": MetricPrefix + "utilization", "unit": "1", "description": "How busy the service is.",
				"gauge": object{"dataPoints": []object{load}},
			},
			{
				"name": MetricPrefix + "duration", "unit": "s", "description": "How long requests took.",
				"histogram": object{"aggregationTemporality": cumulative, "dataPoints": []object{duration}},
			},
		}}},
	}}}
}

// point is a data point without a value.
func (s *Sample) point() object {
	return object{
		"startTimeUnixNano": s.before(length), "timeUnixNano": s.before(0),
		"attributes": []object{attribute(attributeID, s.TraceID)},
	}
}

// logs is what the root logs at its end.
func (s *Sample) logs() object {
	return object{"resourceLogs": []object{{
		"resource": s.resource(),
		"scopeLogs": []object{{"scope": scope(), "logRecords": []object{{
			"timeUnixNano": s.before(0), "observedTimeUnixNano": s.before(0),
			"severityNumber": severityInfo, "severityText": "INFO", "body": object{"stringValue": "served GET /otlpctl/send"},
			"attributes": []object{attributeInt("http.response.status_code", 200), attribute(attributeID, s.TraceID)},
			"traceId":    s.TraceID, "spanId": s.SpanIDs[0], "flags": sampled,
		}}}},
	}}}
}
