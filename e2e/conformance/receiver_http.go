package conformance

import (
	"context"
	"fmt"
	"net/http"

	"google.golang.org/grpc/codes"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func receiverHTTP() []Line {
	return []Line{
		{ID: "R13", Level: must, check: checkR13, Requirement: "POST to /v1/traces, /v1/metrics and /v1/logs succeeds on port 4318, over HTTP/1.1 or HTTP/2; profiles, in development, are off by default; paths are configurable."},
		{ID: "R14", Level: should, check: checkR14, Requirement: "Protobuf and JSON share a port: Content-Type chooses, and may have parameters."},
		{ID: "R15", Level: must, check: checkR15, Requirement: "A response has the request's Content-Type, refusals too; success is 200, never 204."},
		{ID: "R16", Level: must, check: checkR16, Requirement: "The body of every 4xx and 5xx is a google.rpc.Status in the request's encoding."},
		{ID: "R17", Level: must, check: checkR17, Requirement: "What cannot be decoded is 400, and should have BadRequest details."},
		{ID: "R18", Level: must, check: checkR18, Requirement: "A size limit, 64 MiB unless configured, holds before and after decompression; more is 413."},
		{ID: "R19", Level: should, check: checkR19, Requirement: "Overload is 429 or 503; Retry-After is rounded up, never 0 (ours)."},
		{ID: "R20", Level: ours, check: checkR20, Requirement: "What is permanent is never 429, 502, 503 or 504, also if it is the backend's verdict."},
		{ID: "R21", Level: should, check: checkR21, Requirement: "A response is compressed only if the client offers to take it so, and has at most 4 MiB."},
		{ID: "R22", Level: must, check: checkR22, Requirement: "Cut off or invalid gzip is 400; a bomb costs bounded memory."},
	}
}

// encoding is an encoding over HTTP and a request with one item in it.
type encoding struct {
	contentType string
	good, bad   []byte // bad cannot be decoded
}

// encodings returns both encodings, for logs.
func encodings() []encoding {
	return []encoding{
		{protobufType, items(signal.Logs, 1), []byte("\x0a\x05\x12\x03\x12\x01\xff")},
		{jsonType, jsonLog(`{"stringValue":"x"}`), []byte(`{"resourceLogs":[{"resource":7}]}`)},
	}
}

const profilesPath = "/v1development/profiles"

func checkR13(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: settings{"http.logs_url_path": "/otlp/logs"}})
	for _, sig := range []signal.Signal{signal.Traces, signal.Metrics} {
		reply := s.post(ctx, sig, protobufType, items(sig, 3))
		p.want(reply.code == 200 && s.behind.Items(sig) == 3, sig.String(), "not taken")
	}
	moved := s.send(ctx, httpRequest{path: "/otlp/logs", contentType: protobufType, body: items(signal.Logs, 3)})
	p.want(moved.code == 200 && s.behind.Items(signal.Logs) == 3, "logs", "not taken on a path of their own")
	profiles := s.send(ctx, httpRequest{path: profilesPath, contentType: protobufType})
	p.want(profiles.code == http.StatusNotFound, "profiles", "answered with "+profiles.String())
	p.wantDefaultPort(ctx, "http", "4318")
	second := s.send(ctx, httpRequest{path: signal.Traces.Path(), contentType: protobufType, http2: true})
	p.say("200; profiles 404; listens on 4318 unasked")
	p.note("HTTP/2 without TLS: %s", second)
}

func checkR14(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, e := range encodings() {
		for _, declared := range []string{e.contentType, e.contentType + "; charset=utf-8", e.contentType + ";charset=UTF-8"} {
			s.behind.Forget()
			reply := s.post(ctx, signal.Logs, declared, e.good)
			p.want(reply.code == 200 && s.behind.Items(signal.Logs) == 1, "`"+declared+"`", "answered with "+reply.String())
		}
	}
	other := s.post(ctx, signal.Logs, "text/plain", []byte("{}"))
	p.want(other.code == http.StatusUnsupportedMediaType, "text/plain", "answered with "+other.String())
	p.say("all taken, with `charset` too; text/plain 415")
}

func checkR15(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, e := range encodings() {
		for _, declared := range []string{e.contentType, e.contentType + "; charset=utf-8"} {
			good, bad := s.post(ctx, signal.Logs, declared, e.good), s.post(ctx, signal.Logs, declared, e.bad)
			p.want(good.code == 200, declared, "success is "+good.String())
			p.want(good.mediaType() == e.contentType, declared, "success has "+good.mediaType())
			p.want(bad.mediaType() == e.contentType, declared, "a refusal has "+bad.mediaType())
		}
	}
	nothing := s.post(ctx, signal.Logs, protobufType, nil)
	p.want(nothing.code == 200 && nothing.mediaType() == protobufType, "an empty request", "answered with "+nothing.String())
	p.say("200 and the request's type, for refusals too")
}

func checkR16(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: settings{"http.max_request_body_size": mib}})
	for _, e := range encodings() {
		f := func(what string, r httpRequest) {
			if r.path == "" {
				r.path = signal.Logs.Path()
			}
			r.contentType = e.contentType
			reply := s.send(ctx, r)
			p.need(reply.code >= 400, "%s is answered with %s", what, reply)
			_, ok := reply.status()
			p.want(ok && reply.mediaType() == e.contentType, what, "without a Status in the request's encoding")
		}
		f("404", httpRequest{path: "/v1/nothing"})
		f("405", httpRequest{method: http.MethodGet})
		f("an unknown Content-Encoding", httpRequest{coding: "br", body: e.good})
		f("invalid gzip", httpRequest{coding: "gzip", body: e.good})
		f("over the limit", httpRequest{body: make([]byte, mib+1)})
		f("undecodable", httpRequest{body: e.bad})
		s.behind.Answer(sink.Fixed(sink.Answer{Code: codes.Internal, Message: "no"}))
		f("a permanent failure", httpRequest{body: e.good})
		s.behind.Answer(sink.Fixed(sink.Answer{Code: codes.Unavailable, Message: "busy"}))
		f("a passing failure", httpRequest{body: e.good})
		s.behind.Answer(nil)
	}
	stray := s.post(ctx, signal.Logs, "text/plain", nil)
	_, ok := stray.status()
	p.want(ok, "415", "without a Status in the request's encoding")
	p.say("a Status in the request's encoding, 404, 405 and 415 too")
}

func checkR17(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, e := range encodings() {
		reply := s.post(ctx, signal.Logs, e.contentType, e.bad)
		p.want(reply.code == http.StatusBadRequest, e.contentType+":", "answered with "+reply.String())
		st, ok := reply.status()
		p.want(ok && blamed(st), e.contentType+":", "400 without BadRequest")
	}
	p.say("400 with BadRequest, both encodings")
}

func checkR18(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: settings{"http.max_request_body_size": mib}})
	send := func(s *subject, coding string, body []byte) httpReply {
		return s.send(ctx, httpRequest{path: signal.Logs.Path(), contentType: protobufType, coding: coding, body: body})
	}
	small, large := logOfSize(mib), logOfSize(mib+256)
	f := func(s *subject, what, coding string, body []byte) {
		reply := send(s, coding, body)
		p.want(reply.code == http.StatusRequestEntityTooLarge, what, "over the limit answered with "+reply.String())
		p.want(s.behind.Items(signal.Logs) == 0, what, "over the limit sent on")
	}
	f(s, "plain", "", large)
	f(s, "gzip", "gzip", gzipped(large))
	p.want(send(s, "", small).code == 200, "plain", "at the limit refused")
	p.want(send(s, "gzip", gzipped(small)).code == 200, "gzip", "at the limit refused")

	s = p.start(ctx, setup{})
	f(s, "64 MiB and a little", "", logOfSize(64*mib+256))
	most := send(s, "", logOfSize(64*mib))
	p.want(most.code == 200, "64 MiB", "refused by default with "+most.String())
	p.say("413; 64 MiB taken by default")
}

func checkR20(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, c := range allCodes() {
		if retryable(c) {
			continue
		}
		s.behind.Answer(sink.Fixed(sink.Answer{Code: c, Message: "no"}))
		reply := s.post(ctx, signal.Logs, protobufType, items(signal.Logs, 1))
		p.want(reply.code >= 400 && !retriesHTTP(reply.code), name(c)+" of the backend", fmt.Sprintf("became %s", reply))
	}
	p.say("no permanent code of the backend becomes a status that is retried")
}
