package payload

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spansPerScope splits a large request over a few instrumentation libraries.
const spansPerScope = 50

func (s source) traces(n int) ptrace.Traces {
	td := ptrace.NewTraces()
	resource := td.ResourceSpans().AppendEmpty()
	s.resource(resource.Resource())
	var spans ptrace.SpanSlice
	var trace []ptrace.Span
	for i := range n {
		if i%spansPerScope == 0 {
			scope := resource.ScopeSpans().AppendEmpty()
			scope.Scope().SetName(s.pick("github.com/shop/http", "github.com/shop/sql", "github.com/shop/queue"))
			scope.Scope().SetVersion("0.61.0")
			spans = scope.Spans()
		}
		span := spans.AppendEmpty()
		s.span(span)
		if s.shape.Trace > 0 {
			if i%s.shape.Trace == 0 {
				trace = nil
			}
			trace = append(trace, span)
			s.join(trace)
		}
	}
	return td
}

// join makes the last span one of the trace of those before it, and gives it one of them as its parent.
func (s source) join(trace []ptrace.Span) {
	last, before := trace[len(trace)-1], trace[:len(trace)-1]
	if len(before) == 0 {
		last.SetParentSpanID(pcommon.NewSpanIDEmpty())
		return
	}
	parent := before[s.IntN(len(before))]
	last.SetTraceID(parent.TraceID())
	last.SetParentSpanID(parent.SpanID())
	start := parent.StartTimestamp()
	length := parent.EndTimestamp() - start
	start += pcommon.Timestamp(s.Uint64N(uint64(length)/2 + 1))
	last.SetStartTimestamp(start)
	last.SetEndTimestamp(start + pcommon.Timestamp(s.Uint64N(uint64(parent.EndTimestamp()-start)+1)))
	for _, event := range last.Events().All() {
		event.SetTimestamp(start)
	}
}

func (s source) span(span ptrace.Span) {
	method, route := s.pick("GET", "GET", "POST", "PUT", "DELETE"), s.route()
	span.SetTraceID(s.traceID())
	span.SetSpanID(s.spanID())
	span.SetParentSpanID(s.spanID())
	span.SetName(method + " " + route)
	span.SetKind(ptrace.SpanKind(1 + s.IntN(5)))
	start := s.when()
	span.SetStartTimestamp(start)
	span.SetEndTimestamp(start + pcommon.Timestamp(s.Uint64N(2_000_000_000)))
	a := span.Attributes()
	a.PutStr("http.request.method", method)
	a.PutStr("http.route", route)
	a.PutStr("url.path", "/api/v1/orders/"+s.hex(12))
	a.PutStr("url.scheme", "https")
	a.PutInt("http.response.status_code", int64([]int{200, 200, 200, 201, 304, 404, 500}[s.IntN(7)]))
	a.PutStr("server.address", s.pick("shop.example.com", "api.example.com", "internal.example.net"))
	a.PutStr("client.address", s.address())
	a.PutStr("user_agent.original", s.pick(
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)",
		"okhttp/4.12.0", "Go-http-client/2.0"))
	a.PutInt("http.response.body.size", int64(s.IntN(100_000)))
	a.PutBool("cache.hit", s.IntN(2) == 0)
	if s.IntN(10) == 0 {
		span.Status().SetCode(ptrace.StatusCodeError)
		span.Status().SetMessage("upstream deadline exceeded")
		event := span.Events().AppendEmpty()
		event.SetTimestamp(start)
		event.SetName("exception")
		event.Attributes().PutStr("exception.type", "TimeoutError")
		event.Attributes().PutStr("exception.message", fmt.Sprintf("no answer from %s within %d ms", s.address(), s.IntN(5000)))
	}
}
