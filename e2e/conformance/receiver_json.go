package conformance

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func receiverJSON() []Line {
	return []Line{
		{ID: "J1", Level: must, check: checkJ1, Requirement: "traceId and spanId are hex in either case, never base64; all other bytes fields are base64."},
		{ID: "J2", Level: must, check: checkJ2, Requirement: "64-bit integers are read as strings and as numbers, and written as decimal strings."},
		{ID: "J3", Level: must, check: checkJ3, Requirement: "Enum values are integers, read and written; their names are not valid, and whether they are read is a declared choice."},
		{ID: "J4", Level: must, check: checkJ4, Requirement: "Unknown keys are ignored at every depth."},
		{ID: "J5", Level: must, check: checkJ5, Requirement: "Keys are lowerCamelCase; the names of proto files are not valid keys."},
		{ID: "J6", Level: must, check: checkJ6, Requirement: "Else the mapping is that of proto3: NaN and Infinity are strings, null is the default."},
		{ID: "J7", Level: ours, check: checkJ7, Requirement: "A body that is not empty and holds no items at all is answered with a warning."},
		{ID: "J8", Level: must, check: checkJ8, Requirement: "Identifiers of the wrong length or all zero are invalid: what becomes of their items is declared, and the client hears of it."},
	}
}

// json sends a document as JSON and returns the answer with what arrived.
func (s *subject) json(ctx context.Context, sig signal.Signal, document []byte) (httpReply, []proto.Message) {
	s.behind.Forget()
	reply := s.post(ctx, sig, jsonType, document)
	return reply, s.behind.Messages(sig)
}

// span sends a document and returns its only span as it arrived, or nil.
func (s *subject) span(ctx context.Context, document []byte) (httpReply, *trace.Span) {
	reply, arrived := s.json(ctx, signal.Traces, document)
	var only *trace.Span
	for _, span := range spans(arrived...) {
		only = span
	}
	return reply, only
}

func checkJ1(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	want, err := hex.DecodeString(traceID)
	p.must(err)
	for _, id := range []string{traceID, strings.ToUpper(traceID)} {
		_, span := s.span(ctx, jsonSpan(`"traceId":"`+id+`"`))
		p.want(bytes.Equal(span.GetTraceId(), want), id, "not read")
	}
	reply, span := s.span(ctx, jsonSpan(`"traceId":"`+base64.StdEncoding.EncodeToString(want)+`"`))
	p.want(reply.code == http.StatusBadRequest && span == nil, "base64 of a trace id", "answered with "+reply.String())

	blob := []byte{0xfb, 0xff, 0}
	_, arrived := s.json(ctx, signal.Logs, jsonLog(`{"bytesValue":"`+base64.StdEncoding.EncodeToString(blob)+`"}`))
	p.want(len(arrived) == 1 && bytes.Equal(bodies(arrived...)[0].GetBytesValue(), blob), "bytesValue", "not read as base64")
	p.say("hex in either case, base64 is %s; bytesValue is base64", reply)
}

func checkJ2(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, value := range []string{`"1544712660300000000"`, `1544712660300000000`} {
		_, span := s.span(ctx, jsonSpan(`"startTimeUnixNano":`+value))
		p.want(span.GetStartTimeUnixNano() == 1544712660300000000, "fixed64 `"+value+"`", "not read")
	}
	for _, value := range []string{`"-9223372036854775808"`, `-9223372036854775808`} {
		_, arrived := s.json(ctx, signal.Logs, jsonLog(`{"intValue":`+value+`}`))
		p.want(bodies(arrived...)[0].GetIntValue() == math.MinInt64, "int64 `"+value+"`", "not read")
	}
	written := p.written(ctx, jsonSpan(`"startTimeUnixNano":1544712660300000000`))
	p.want(strings.Contains(written, `"startTimeUnixNano":"1544712660300000000"`), "exporter:", "not written as a string")
	p.say("strings and numbers are read exactly; strings are written")
}

// written returns what a process whose exporter writes JSON makes of a document, without white space.
func (p *probe) written(ctx context.Context, document []byte) string {
	s := p.start(ctx, setup{overHTTP: true, with: settings{"exporter.encoding": "json"}})
	body := make(chan string, 1)
	s.behind.Answer(func(_ context.Context, r sink.Request) sink.Answer {
		var out bytes.Buffer
		if err := json.Compact(&out, r.Body); err != nil {
			out.WriteString(err.Error())
		}
		body <- out.String()
		return sink.Answer{}
	})
	reply := s.post(ctx, signal.Traces, jsonType, document)
	p.need(reply.code == 200, "the exporter does not write JSON: %s", reply)
	return <-body
}

func checkJ3(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	_, span := s.span(ctx, jsonSpan(`"kind":2,"status":{"code":2}`))
	p.want(span.GetKind() == 2 && span.GetStatus().GetCode() == 2, "integers", "not read")
	_, span = s.span(ctx, jsonSpan(`"kind":77`))
	p.want(span.GetKind() == 77, "an integer without a name", "not read")
	written := p.written(ctx, jsonSpan(`"kind":2`))
	p.want(strings.Contains(written, `"kind":2`), "exporter:", "not written as an integer")
	p.say("integers are read and written, unnamed ones too")

	reply, span := s.span(ctx, jsonSpan(`"kind":"SPAN_KIND_SERVER"`))
	switch {
	case reply.code != 200:
		p.note("a name is refused with %s", reply)
	case span.GetKind() == 2:
		p.note("a name is read")
	default:
		p.note("a name is lost in silence")
	}
}

func checkJ4(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	const news = `"news":{"a":[1,{"b":null}],"traceId":"!"},"more":"é",`
	document := `{` + news + `"resourceLogs":[{` + news + `"resource":{` + news + `"attributes":[{` + news + `"key":"k","value":{"stringValue":"v"}}]},` +
		`"scopeLogs":[{` + news + `"scope":{` + news + `"name":"s"},"logRecords":[{` + news + `"timeUnixNano":"1","body":{` + news + `"stringValue":"x"}}]}]}]}`
	reply, arrived := s.json(ctx, signal.Logs, []byte(document))
	p.want(reply.code == 200, "", "answered with "+reply.String())
	p.want(len(arrived) == 1 && bodies(arrived...)[0].GetStringValue() == "x", "", "the item beside them is lost")
	p.say("ignored everywhere, the item arrives")
}

func checkJ5(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	_, span := s.span(ctx, jsonSpan(`"startTimeUnixNano":"5"`))
	p.want(span.GetStartTimeUnixNano() == 5, "lowerCamelCase", "not read")
	_, span = s.span(ctx, jsonSpan(`"start_time_unix_nano":"5"`))
	p.want(span.GetStartTimeUnixNano() == 0, "snake_case", "read as if it were valid")
	_, span = s.span(ctx, jsonSpan(`"StartTimeUnixNano":"5"`))
	p.want(span.GetStartTimeUnixNano() == 0, "UpperCamelCase", "read as if it were valid")
	p.say("lowerCamelCase is read, all else is unknown")
}

func checkJ6(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	f := func(text string, want float64) {
		_, arrived := s.json(ctx, signal.Metrics, jsonPoint(`"timeUnixNano":"1","asDouble":`+text))
		got := points(arrived...)[0].GetAsDouble()
		p.want(got == want || math.IsNaN(got) && math.IsNaN(want), "`"+text+"`", "not read")
	}
	f(`"NaN"`, math.NaN())
	f(`"Infinity"`, math.Inf(1))
	f(`"-Infinity"`, math.Inf(-1))
	f(`"1.5e3"`, 1500)
	f(`-0.25`, -0.25)
	for _, key := range []string{"name", "kind", "startTimeUnixNano", "attributes", "status"} {
		reply, span := s.span(ctx, jsonSpan(`"`+key+`":null`))
		p.want(span != nil, "`\""+key+"\":null`", "answered with "+reply.String())
	}
	p.say("all read")
}

func checkJ7(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	f := func(what string, sig signal.Signal, document string, warned bool) {
		reply := s.post(ctx, sig, jsonType, []byte(document))
		p.need(reply.code == 200, "%s is answered with %s", what, reply)
		rejected, message := reply.partial(sig)
		if warned {
			p.want(rejected == 0 && message != "", what, "without a warning")
		} else {
			p.want(message == "", what, "with a warning")
		}
	}
	f("snake_case", signal.Traces, `{"resource_spans":[{"scope_spans":[{"spans":[{}]}]}]}`, true)
	f("traces sent as logs", signal.Logs, `{"resourceSpans":[]}`, true)
	f("`{}`", signal.Logs, `{}`, false)
	p.say("a warning; none for `{}`")
}

func checkJ8(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	f := func(what, trace, id string) string {
		s.behind.Forget()
		bad := fmt.Sprintf(`{"traceId":%q,"spanId":%q}`, trace, id)
		good := fmt.Sprintf(`{"traceId":%q,"spanId":%q}`, traceID, spanID)
		document := `{"resourceSpans":[{"scopeSpans":[{"spans":[` + good + `,` + bad + `,` + good + `]}]}]}`
		reply := s.post(ctx, signal.Traces, jsonType, []byte(document))
		rejected, _ := reply.partial(signal.Traces)
		arrived := s.behind.Items(signal.Traces)
		switch {
		case reply.code != 200:
			p.want(arrived == 0, what, "answered with "+reply.String()+", and sent on")
			return reply.String()
		case rejected > 0:
			p.want(rejected == 1 && arrived == 2, what, fmt.Sprintf("%d of 3 rejected, and %d arrive", rejected, arrived))
			return fmt.Sprintf("%d of 3 rejected", rejected)
		default:
			p.want(false, what, "taken as if valid")
			return "taken"
		}
	}
	short, nothing := f("of the wrong length", traceID[:30], spanID), f("all zero", strings.Repeat("0", 32), spanID)
	missing := f("without a span id", traceID, "")
	p.say("wrong length: %s; all zero: %s; none: %s; the neighbors arrive", short, nothing, missing)
}
