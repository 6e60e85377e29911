package conformance

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func checkE13(ctx context.Context, p *probe) {
	for _, overHTTP := range []bool{false, true} {
		s := p.start(ctx, setup{overHTTP: overHTTP, with: settings{"exporter.compression": "gzip"}})
		for n := range uint64(3) {
			p.need(s.numberedSpan(ctx, n+1) == codes.OK, "%s: gzip does not arrive", s.proto())
		}
		for _, r := range s.behind.Accepted() {
			p.want(r.Coding == "gzip", s.proto()+":", "gzip is configured, and not declared")
			p.want(r.Peer == s.behind.Accepted()[0].Peer, s.proto()+":", "a connection for each request")
		}
	}
	p.fallsBack(ctx)
	p.say("gzip is declared, one connection serves all; a backend without HTTP/2 gets HTTP/1.1")
}

// fallsBack asks whether a backend with TLS that has no HTTP/2 gets HTTP/1.1.
func (p *probe) fallsBack(ctx context.Context) {
	var got atomic.Int32 // the version of HTTP
	backend := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // what is in it does not matter
		got.Store(int32(r.ProtoMajor))
		w.Header().Set("Content-Type", protobufType)
	}))
	p.later = append(p.later, backend.Close)
	s := p.start(ctx, setup{overHTTP: true, endpoint: backend.URL, with: settings{"exporter.tls": settings{"insecure_skip_verify": true}}})
	p.want(s.numberedSpan(ctx, 1) == codes.OK && got.Load() == 1, "a backend without HTTP/2", "gets nothing")
}

func checkE14(ctx context.Context, p *probe) {
	for _, overHTTP := range []bool{false, true} {
		s := p.start(ctx, setup{overHTTP: overHTTP})
		for _, sig := range signal.All() {
			s.export(ctx, sig, nil)
			s.export(ctx, sig, []byte{1<<3 | 2, 0})              // an empty resource
			s.export(ctx, sig, []byte{1<<3 | 2, 2, 2<<3 | 2, 0}) // with an empty scope
			p.want(len(s.behind.Accepted()) == 0, s.proto()+":", "an empty request is sent on")
			s.behind.Forget()
		}
	}
	p.say("nothing is sent")
}

// rare returns a request in which fields are set that few clients use.
func rare() *trace.ResourceSpans {
	return &trace.ResourceSpans{
		Resource: &resource.Resource{
			Attributes: []*common.KeyValue{{Key: "host.id", Value: text("h")}}, DroppedAttributesCount: 1,
			EntityRefs: []*common.EntityRef{{SchemaUrl: "https://e", Type: "host", IdKeys: []string{"host.id"}, DescriptionKeys: []string{"d"}}},
		},
		SchemaUrl: "https://r",
		ScopeSpans: []*trace.ScopeSpans{{
			Scope:     &common.InstrumentationScope{Name: "s", Version: "1", Attributes: []*common.KeyValue{{Key: "k", Value: text("v")}}, DroppedAttributesCount: 2},
			SchemaUrl: "https://s",
			Spans: []*trace.Span{{
				TraceId: bytes.Repeat([]byte{1}, 16), SpanId: bytes.Repeat([]byte{2}, 8), ParentSpanId: bytes.Repeat([]byte{3}, 8),
				TraceState: "a=b", Flags: 0xffffff01, Name: "n", Kind: 99,
				DroppedAttributesCount: 3, DroppedEventsCount: 4, DroppedLinksCount: 5,
				Events: []*trace.Span_Event{{TimeUnixNano: 1, Name: "e", DroppedAttributesCount: 6}},
				Links: []*trace.Span_Link{{
					TraceId: bytes.Repeat([]byte{4}, 16), SpanId: bytes.Repeat([]byte{5}, 8), TraceState: "c=d", Flags: 0x80000300, DroppedAttributesCount: 7,
				}},
				Status: &trace.Status{Code: 42, Message: "m"},
			}},
		}},
	}
}

func checkE15(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	sent := spanOf()
	sent.ResourceSpans = []*trace.ResourceSpans{rare()}
	p.need(s.export(ctx, signal.Traces, encode(sent)).code() == codes.OK, "rare fields are refused")
	p.want(proto.Equal(s.behind.Messages(signal.Traces)[0], sent), "spans", "changed on the way")

	record := logOf(text("b"))
	record.ResourceLogs[0].Resource, record.ResourceLogs[0].SchemaUrl = rare().Resource, "https://r"
	record.ResourceLogs[0].ScopeLogs[0].Scope, record.ResourceLogs[0].ScopeLogs[0].SchemaUrl = rare().ScopeSpans[0].Scope, "https://s"
	record.ResourceLogs[0].ScopeLogs[0].LogRecords[0] = &logs.LogRecord{
		ObservedTimeUnixNano: 1, SeverityNumber: 99, Flags: 0xffffff01, DroppedAttributesCount: 8, EventName: "e", Body: text("b"),
	}
	p.need(s.export(ctx, signal.Logs, encode(record)).code() == codes.OK, "rare fields are refused")
	p.want(proto.Equal(s.behind.Messages(signal.Logs)[0], record), "log records", "changed on the way")
	p.say("high bits of flags, schema URLs, dropped counts, entity references and unnamed enum values arrive")

	s.behind.Forget()
	withUnknown(sent, sent.ResourceSpans[0], sent.ResourceSpans[0].ScopeSpans[0].Spans[0])
	p.need(s.export(ctx, signal.Traces, encode(sent)).code() == codes.OK, "unknown fields are refused")
	if proto.Equal(s.behind.Messages(signal.Traces)[0], sent) {
		p.note("unknown fields pass")
	} else {
		p.note("unknown fields are dropped")
	}
}

func checkE16(ctx context.Context, p *probe) {
	behind := p.sink(ctx)
	proxy := p.proxy(ctx, behind.GRPC())
	s := p.start(ctx, setup{behind: behind, endpoint: proxy.Addr(), with: retrying()})
	s.keep(func(_ context.Context, _ uint64, attempt int) sink.Answer {
		if attempt == 1 {
			proxy.Cut() // the backend has the request, and nobody hears of it
		}
		return sink.Answer{}
	})
	p.want(s.numberedSpan(ctx, 1) == codes.OK, "", "not sent again")
	p.want(behind.Items(signal.Traces) == 2, "", "does not arrive a second time")
	p.say("sent again, so that the backend has it twice")
}
