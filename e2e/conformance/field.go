package conformance

import (
	"context"
	"net/http"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

func field() []Line {
	return []Line{
		{ID: "F1", Level: "RFC 8259", check: checkF1, Tests: []string{"otlpjson.TestDocument", "otlpjson.TestTruncated", "otlpjson.TestWhiteSpace"}, Requirement: "JSON is one whole document: anything behind it but white space, or less, is 400."},
		{ID: "F2", Level: "RFC 8259", check: checkF2, Tests: []string{"otlpjson.TestStrings", "otlpjson.TestDuplicateKeys"}, Requirement: "Half a surrogate pair in a JSON string never becomes invalid UTF-8; a byte order mark, a NUL and a key that comes twice have an outcome."},
		{ID: "F3", Level: "protobuf", check: checkF3, Tests: []string{"wire.TestScanAccepts"}, Requirement: "Groups, a wire type of old, are skipped in unknown fields."},
		{ID: "F4", Level: "protobuf", check: checkF4, Tests: []string{"wire.TestScanRefuses"}, Requirement: "Bytes that conforming decoders refuse are 400: unknown wire types, field 0, lengths past the end, strings that are no UTF-8."},
		{ID: "F5", Level: ours, check: checkF5, Tests: []string{"ingest.TestPoisonBesideGoodData"}, Requirement: "What one client sends never costs another client its data, in a batch with it."},
		{ID: "F6", Level: ours, check: checkF6, Tests: []string{"ingest.TestHundredThousandLevelsAreRefused", "otlpjson.TestNestingLimit"}, Requirement: "100,000 levels of nesting are 400."},
		{ID: "F7", Level: ours, check: checkF7, Tests: []string{"ingest.TestBombsAreBounded"}, Requirement: "While bombs go off, an honest client is served."},
		{ID: "F8", Level: "RFC 1952", check: checkF8, Tests: []string{"ingest.TestR22_BrokenCompressionIs400"}, Requirement: "A gzip body may have several members, and all are read; anything else behind one is 400."},
		{ID: "F9", Level: "RFC 9110", check: checkF9, Tests: []string{"ingest.TestContentEncodingIsReadLeniently"}, Requirement: "Names in Content-Encoding have no case; x-gzip is gzip, and identity is nothing."},
		{ID: "F10", Level: "RFC 9110", check: checkF10, Tests: []string{"ingest.TestR16_EveryRefusalIsAStatus"}, Requirement: "A coding that is not known is 415, and Accept-Encoding says what is."},
		{ID: "F11", Level: "RFC 9112", check: checkF11, Tests: []string{"ingest.TestR18_TooLargeIs413"}, Requirement: "Bodies may come in chunks, without a length, up to the limit; a broken chunk is 400."},
		{ID: "F12", Level: "RFC 9110", check: checkF12, Tests: []string{"ingest.TestExpectContinue"}, Requirement: "Expect: 100-continue is answered with 100, or at once with a refusal."},
		{ID: "F13", Level: "RFC 9110", check: checkF13, Tests: []string{"ingest.TestR16_EveryRefusalIsAStatus"}, Requirement: "A method other than POST is 405, and Allow says so."},
		{ID: "F14", Level: ours, check: checkF14, Tests: []string{"ingest.TestR13_PathsAreConfigurable"}, Requirement: "A path that is almost right is 404, never a redirect, which not every exporter follows."},
		{ID: "F15", Level: ours, check: checkF15, Tests: []string{"ingest.TestR14_ContentTypeChoosesTheEncoding"}, Requirement: "Content-Type has no case, and parameters in any form are no reason to refuse."},
		{ID: "F16", Level: ours, check: checkF16, Requirement: "gRPC on the port for HTTP gets an answer that is not retried for ever."},
		{ID: "F17", Level: ours, check: checkF17, Requirement: "A client that hangs up in its body leaves nothing behind."},
		{ID: "F18", Level: ours, check: checkF18, Requirement: "A refusal does not cost the connection: the next request is served on it."},
	}
}

// refused asks whether a request is 400 and leaves nothing at the backend.
func (s *subject) refused(ctx context.Context, what string, r httpRequest) {
	s.behind.Forget()
	r.path = signal.Logs.Path()
	reply := s.send(ctx, r)
	s.probe.want(reply.code == http.StatusBadRequest, what, "answered with "+reply.String())
	s.probe.want(len(s.behind.Accepted()) == 0, what, "sent on")
}

// taken asks whether a request is 200 and its items arrive.
func (s *subject) taken(ctx context.Context, what string, count int, r httpRequest) {
	s.behind.Forget()
	if r.path == "" {
		r.path = signal.Logs.Path()
	}
	reply := s.send(ctx, r)
	s.probe.want(reply.code == 200, what, "answered with "+reply.String())
	if reply.code == 200 {
		s.probe.want(s.behind.Items(signal.Logs) == count, what, "answered with 200, and not all of it arrives")
	}
}

func checkF1(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	whole := jsonLog(`{"stringValue":"x"}`)
	f := func(what, body string) { s.refused(ctx, what, httpRequest{contentType: jsonType, body: []byte(body)}) }
	f("a word behind it", string(whole)+"x")
	f("a second document", string(whole)+string(whole))
	f("a comma behind it", string(whole)+",")
	f("half a document", string(whole[:len(whole)/2]))
	f("nothing", "")
	f("a list", "["+string(whole)+"]")
	s.taken(ctx, "white space around it", 1, httpRequest{contentType: jsonType, body: []byte(" \r\n\t" + string(whole) + " \r\n\t")})
	p.say("400; white space is no matter")
}

func checkF2(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	half, arrived := s.json(ctx, signal.Logs, jsonLog(`{"stringValue":"a\ud800b"}`))
	p.want(half.code == http.StatusBadRequest || half.code == 200 && len(arrived) == 1, "half a pair", "answered with "+half.String())
	if half.code == 200 {
		p.note("half a pair becomes %+q", bodies(arrived...)[0].GetStringValue())
	} else {
		p.note("half a pair is %s", half)
	}
	marked := s.post(ctx, signal.Logs, jsonType, append([]byte("\ufeff"), jsonLog(`{"stringValue":"x"}`)...))
	p.note("a byte order mark is %s", marked)
	zero, _ := s.json(ctx, signal.Logs, jsonLog(`{"stringValue":"a\u0000b"}`))
	p.note("a NUL is %s", zero)
	twice, arrived := s.json(ctx, signal.Logs, jsonLog(`{"stringValue":"first","stringValue":"second"}`))
	if twice.code == 200 {
		p.note("of a key that comes twice, the %s value counts", bodies(arrived...)[0].GetStringValue())
	} else {
		p.note("a key that comes twice is %s", twice)
	}
}

func checkF9(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	plain := items(signal.Logs, 1)
	packed := gzipped(plain)
	f := func(coding string, body []byte) {
		s.taken(ctx, "`"+coding+"`", 1, httpRequest{contentType: protobufType, coding: coding, body: body})
	}
	f("GZIP", packed)
	f("Gzip", packed)
	f("x-gzip", packed)
	f("identity", plain)
	f("Identity", plain)
	f("gzip, identity", packed)
	p.say("all read")
}

func checkF10(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, coding := range []string{"br", "compress", "gzip, gzip", "nonsense"} {
		reply := s.send(ctx, httpRequest{path: signal.Logs.Path(), contentType: protobufType, coding: coding, body: items(signal.Logs, 1)})
		p.want(reply.code == http.StatusUnsupportedMediaType, "`"+coding+"`", "answered with "+reply.String())
		p.want(reply.header.Get("Accept-Encoding") != "", "`"+coding+"`", "answered without Accept-Encoding")
	}
	p.say("415 with Accept-Encoding")
}

func checkF13(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "BREW"} {
		reply := s.send(ctx, httpRequest{method: method, path: signal.Logs.Path(), contentType: protobufType})
		p.want(reply.code == http.StatusMethodNotAllowed, method, "answered with "+reply.String())
		p.want(reply.header.Get("Allow") == http.MethodPost, method, "answered without Allow")
	}
	p.say("405 with Allow: POST")
}

func checkF14(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, path := range []string{"/v1/logs/", "//v1/logs", "/v1//logs", "/V1/Logs", "/v1/./logs", "/otlp/../v1/logs", "/v1/log", "/"} {
		reply := s.send(ctx, httpRequest{path: path, contentType: protobufType, body: items(signal.Logs, 1)})
		p.want(reply.code == http.StatusNotFound, "`"+path+"`", "answered with "+reply.String())
	}
	s.taken(ctx, "`/v1/logs?x=1`", 1, httpRequest{path: "/v1/logs?x=1", contentType: protobufType, body: items(signal.Logs, 1)})
	p.say("404; a query is no matter")
}

func checkF15(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	f := func(declared string, body []byte) {
		s.taken(ctx, "`"+declared+"`", 1, httpRequest{contentType: declared, body: body})
	}
	document, message := jsonLog(`{"stringValue":"x"}`), items(signal.Logs, 1)
	f("APPLICATION/JSON", document)
	f(`application/json; charset="UTF-8"`, document)
	f("application/json;", document)
	f("application/json; charset", document)
	f("application/json; odata=verbose; charset=utf-8", document)
	f("Application/X-Protobuf", message)
	f("application/x-protobuf; messageType=x; charset=utf-8", message)
	p.say("all taken")
}
