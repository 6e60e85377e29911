package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/e2e/bench/rawgrpc"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// unknownNumber is a field that no message of OTLP has, or has had.
const unknownNumber = 5000

func checkF3(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	group := func(content []byte) []byte {
		b := append(protowire.AppendTag(nil, unknownNumber, protowire.StartGroupType), content...)
		return protowire.AppendTag(b, unknownNumber, protowire.EndGroupType)
	}
	number := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7)
	f := func(what string, unknown []byte) {
		message := logOf(text("x"))
		message.ProtoReflect().SetUnknown(unknown)
		message.ResourceLogs[0].ScopeLogs[0].LogRecords[0].ProtoReflect().SetUnknown(unknown)
		s.taken(ctx, what, 1, httpRequest{contentType: protobufType, body: encode(message)})
	}
	f("an empty group", group(nil))
	f("a field in a group", group(number))
	f("two fields in a group", group(append(slices.Clip(number), number...)))
	f("a group in a group", group(append(group(number), number...)))
	p.say("skipped, nested ones too")
}

func checkF4(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	f := func(what, bad string) {
		// The last field of a log record: a message in a message in a message.
		body := []byte(bad)
		for _, field := range []protowire.Number{2, 2, 1} {
			body = protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), body)
		}
		s.refused(ctx, what, httpRequest{contentType: protobufType, body: body})
	}
	f("wire type 6", "\x0e")
	f("wire type 7", "\x0f")
	f("field 0", "\x00\x01")
	f("a length past the end", "\x1a\x05x")
	f("a varint without an end", "\x10\xff\xff")
	f("a varint of 11 bytes", "\x10"+strings.Repeat("\xff", 10)+"\x01")
	f("the end of a group that is none", "\xc4\xb8\x02")
	f("a string that is no UTF-8", "\x1a\x02\xff\xfe")
	f("a wrong wire type for a field that is known", "\x18\x01")
	p.say("400")
}

func checkF5(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: join(queued(100, 1), settings{"processors.batch": settings{"send_batch_size": 2, "timeout": "30s"}})})
	record := func(number uint64) []byte { return encode(numbered.Request(signal.Logs, number, 1)) }
	// A record whose severity_text is no UTF-8: decoders of a language that cares refuse the batch that it is in.
	poison := bytes.Replace(record(2), []byte("INFO"), []byte("IN\xff\xfe"), 1)
	s.post(ctx, signal.Logs, protobufType, record(1))
	reply := s.post(ctx, signal.Logs, protobufType, poison)
	s.post(ctx, signal.Logs, protobufType, record(3))
	p.need(eventually(ctx, answerLimit, func() bool { return s.behind.Items(signal.Logs) > 0 || s.lost(ctx) > 0 }), "the batch vanishes")
	p.want(s.behind.Items(signal.Logs) > 0, "", "the backend cannot decode the batch, and all of it is lost")
	p.say("refused with %s at the door; the neighbor arrives", reply)
}

func checkF6(ctx context.Context, p *probe) {
	const levels = 100_000
	s := p.start(ctx, setup{})
	f := func(what, contentType string, body []byte) {
		s.refused(ctx, what, httpRequest{contentType: contentType, body: body})
		p.need(s.proc.Running(), "%s in %s ends the process", what, contentType)
	}
	f("values in protobuf", protobufType, nested(levels))
	f("groups in protobuf", protobufType, bytes.Repeat(protowire.AppendTag(nil, unknownNumber, protowire.StartGroupType), levels))
	f("values in JSON", jsonType, jsonLog(strings.Repeat(`{"arrayValue":{"values":[`, levels)+strings.Repeat(`]}}`, levels)))
	f("an unknown key in JSON", jsonType, []byte(`{"x":`+strings.Repeat("[", levels)+strings.Repeat("]", levels)+`}`))
	s.taken(ctx, "an honest client", 1, httpRequest{contentType: protobufType, body: items(signal.Logs, 1)})
	p.say("400")
}

// nested returns a log record whose body is a list in a list, and so on.
func nested(levels int) []byte {
	var back []byte // each level's head has the length of what it holds, so it is built from the end
	wrap := func(field protowire.Number) {
		start := protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(len(back)))
		slices.Reverse(start)
		back = append(back, start...)
	}
	for range levels {
		wrap(1) // ArrayValue.values
		wrap(5) // AnyValue.array_value
	}
	for _, field := range []protowire.Number{5, 2, 2, 1} { // the record's body, and what it is in
		wrap(field)
	}
	slices.Reverse(back)
	return back
}

func checkF7(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	body := bomb()
	replies := make([]httpReply, 4)
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() {
			replies[i] = s.send(ctx, httpRequest{path: signal.Logs.Path(), contentType: protobufType, coding: "gzip", body: body})
		})
	}
	s.taken(ctx, "an honest client", 1, httpRequest{contentType: protobufType, body: items(signal.Logs, 1)})
	all.Wait()
	for _, r := range replies {
		p.want(r.code >= 400 && r.code < 500, "a bomb", "is answered with "+r.String())
	}
	used, err := s.proc.Usage()
	p.must(err)
	p.want(used.PeakRSS < bombBytes, "four bombs of 1 GiB", "take more than one")
	p.say("served; bombs are %s", replies[0])
}

func checkF8(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	one := gzipped(items(signal.Logs, 1))
	send := func(parts ...[]byte) httpRequest {
		return httpRequest{contentType: protobufType, coding: "gzip", body: bytes.Join(parts, nil)}
	}
	s.taken(ctx, "three members", 3, send(one, one, one))
	s.taken(ctx, "an empty member", 2, send(one, gzipped(nil), one))
	s.refused(ctx, "garbage behind a member", send(one, []byte("garbage")))
	s.refused(ctx, "half a member behind a member", send(one, one[:len(one)/2]))
	p.say("all members are read; garbage is 400")
}

func checkF11(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: settings{"http.max_request_body_size": mib}})
	s.taken(ctx, "protobuf", 3, httpRequest{contentType: protobufType, chunked: true, body: items(signal.Logs, 3)})
	s.taken(ctx, "gzip", 3, httpRequest{contentType: protobufType, coding: "gzip", chunked: true, body: gzipped(items(signal.Logs, 3))})
	s.taken(ctx, "JSON", 1, httpRequest{contentType: jsonType, chunked: true, body: jsonLog(`{"stringValue":"x"}`)})
	large := s.send(ctx, httpRequest{path: signal.Logs.Path(), contentType: protobufType, chunked: true, body: logOfSize(mib + 256)})
	p.want(large.code == http.StatusRequestEntityTooLarge, "above the limit", "answered with "+large.String())
	broken := s.ask(ctx, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", signal.Logs.Path(), protobufType))
	p.want(broken.code == http.StatusBadRequest, "a broken chunk", "answered with "+broken.String())
	p.say("taken up to the limit, above it 413; a broken chunk is 400")
}

func checkF12(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: settings{"http.max_request_body_size": mib}})
	const expect = "Expect: 100-continue\r\n"
	body := items(signal.Logs, 1)
	w := s.dial(ctx)
	w.say(head(signal.Logs.Path(), protobufType, len(body), expect))
	first := w.hear()
	p.want(first.code == http.StatusContinue, "", "the body is not asked for, the answer is "+first.String())
	w.say(string(body))
	p.want(w.hear().code == 200, "", "the body is asked for and refused")

	f := func(what, text string) {
		reply := s.ask(ctx, text)
		p.want(reply.code >= 400, what, "answered with "+reply.String()+" before its body")
	}
	f("what is too large", head(signal.Logs.Path(), protobufType, 2*mib, expect))
	f("a wrong path", head("/v1/nothing", protobufType, len(body), expect))
	f("a wrong Content-Type", head(signal.Logs.Path(), "text/plain", len(body), expect))
	p.say("100, then 200; what is refused anyway is not asked for")
}

func checkF16(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	conn, err := grpc.NewClient("passthrough:///"+s.http, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawgrpc.Codec{})))
	p.must(err)
	p.later = append(p.later, func() { _ = conn.Close() })
	mixed := subject{probe: p, conn: conn}
	reply := mixed.export(ctx, signal.Logs, items(signal.Logs, 1))
	p.want(reply.code() != codes.OK && !retryable(reply.code()), "", "answered with "+name(reply.code())+", which is retried")
	p.say("%s", name(reply.code()))

	other := s.send(ctx, httpRequest{addr: s.grpc, path: signal.Logs.Path(), contentType: protobufType, body: items(signal.Logs, 1)})
	p.note("HTTP/1.1 on the port for gRPC: %s", other)
}

func checkF17(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	body := items(signal.Logs, 1)
	for range 20 {
		w := s.dial(ctx)
		w.say(head(signal.Logs.Path(), protobufType, 2*len(body), "") + string(body))
		p.must(w.Close())
	}
	reply := s.post(ctx, signal.Logs, protobufType, body)
	p.want(reply.code == 200, "the next client", "is answered with "+reply.String())
	p.want(s.behind.Items(signal.Logs) == 1, "half a request", "is sent on")
	p.say("nothing is sent on, the next client is served")
}

func checkF18(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, e := range encodings() {
		w := s.dial(ctx)
		w.say(head(signal.Logs.Path(), e.contentType, len(e.bad), "") + string(e.bad))
		p.want(w.hear().code == http.StatusBadRequest, e.contentType+":", "what cannot be decoded is not 400")
		w.say(head(signal.Logs.Path(), e.contentType, len(e.good), "") + string(e.good))
		p.want(w.hear().code == 200, e.contentType+":", "the connection is gone after a 400")
	}
	p.say("the connection stays")
}
