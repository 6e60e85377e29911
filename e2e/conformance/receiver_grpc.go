package conformance

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // a coding to send

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func receiverGRPC() []Line {
	return []Line{
		{ID: "R1", Level: must, check: checkR1, Requirement: "Export of traces, metrics and logs succeeds on port 4317; profiles, in development, are off by default."},
		{ID: "R2", Level: must, check: checkR2, Requirement: "Messages come plain or as gzip."},
		{ID: "R3", Level: must, check: checkR3, Requirement: "A size limit, 64 MiB unless configured, holds before and after decompression; more is RESOURCE_EXHAUSTED without RetryInfo."},
		{ID: "R4", Level: should, check: checkR4, Requirement: "An empty request succeeds."},
		{ID: "R5", Level: must, check: checkR5, Requirement: "Full success leaves partial_success unset: no bytes in protobuf, `{}` in JSON."},
		{ID: "R6", Level: must, check: checkR6, Requirement: "Partial success is OK with the exact number of rejected items and a message, also if it is the backend's and the client waits for it."},
		{ID: "R7", Level: must, check: checkR7, Requirement: "A warning is a message with nothing rejected; a backend's warning reaches a client that waits for it."},
		{ID: "R8", Level: should, check: checkR8, Requirement: "Overload is UNAVAILABLE; a RetryInfo has a positive delay."},
		{ID: "R9", Level: should, check: checkR9, Requirement: "Bad data is INVALID_ARGUMENT, best with BadRequest details."},
		{ID: "R10", Level: must, check: checkR10, Requirement: "A response has at most 4 MiB: messages are shortened first."},
		{ID: "R11", Level: must, check: checkR11, Requirement: "Calls on one connection do not wait for each other."},
		{ID: "R12", Level: must, check: checkR12, Requirement: "Unknown fields are ignored; every kind of AnyValue is taken, empty and nested ones too."},
	}
}

const profilesMethod = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"

func checkR1(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, sig := range signal.All() {
		reply := s.export(ctx, sig, items(sig, 3))
		p.want(reply.code() == codes.OK && s.behind.Items(sig) == 3, sig.String(), "not taken")
	}
	profiles := s.call(ctx, profilesMethod, nil)
	p.want(profiles.code() == codes.Unimplemented, "profiles", "answered with "+profiles.code().String())
	p.wantDefaultPort(ctx, "grpc", "4317")
	p.say("OK; profiles %s; listens on 4317 unasked", name(profiles.code()))
}

func checkR2(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	plain := s.export(ctx, signal.Traces, items(signal.Traces, 3))
	p.want(plain.code() == codes.OK && s.behind.Items(signal.Traces) == 3, "plain", "not taken")
	packed := s.export(ctx, signal.Traces, items(signal.Traces, 3), grpc.UseCompressor("gzip"))
	p.want(packed.code() == codes.OK && s.behind.Items(signal.Traces) == 6, "gzip", "not taken")
	p.say("both taken")
}

func checkR3(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: settings{"grpc.max_recv_msg_size_mib": 1}})
	small, large := logOfSize(mib), logOfSize(mib+256)
	refused := func(s *subject, what string, reply grpcReply) {
		_, hinted := retryDelay(reply.status)
		p.want(reply.code() == codes.ResourceExhausted, what, "over the limit answered with "+name(reply.code()))
		p.want(!hinted, what, "over the limit with RetryInfo")
		p.want(s.behind.Items(signal.Logs) == 0, what, "over the limit sent on")
	}
	packed := grpc.UseCompressor("gzip")
	refused(s, "plain", s.export(ctx, signal.Logs, large))
	refused(s, "gzip", s.export(ctx, signal.Logs, large, packed))
	p.want(s.export(ctx, signal.Logs, small).code() == codes.OK, "plain", "at the limit refused")
	p.want(s.export(ctx, signal.Logs, small, packed).code() == codes.OK, "gzip", "at the limit refused")

	s = p.start(ctx, setup{})
	refused(s, "64 MiB and a little", s.export(ctx, signal.Logs, logOfSize(64*mib+256)))
	most := s.export(ctx, signal.Logs, logOfSize(64*mib)).code()
	p.want(most == codes.OK, "64 MiB", "refused by default with "+name(most))
	p.say("RESOURCE_EXHAUSTED without RetryInfo; 64 MiB taken by default")
}

func checkR4(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, sig := range signal.All() {
		for _, message := range [][]byte{nil, {1<<3 | 2, 0}} { // nothing, and an empty resource
			p.want(s.export(ctx, sig, message).code() == codes.OK, sig.String(), "refused when empty")
			p.want(s.post(ctx, sig, protobufType, message).code == 200, sig.String(), "refused over HTTP when empty")
		}
		p.want(s.post(ctx, sig, jsonType, []byte("{}")).code == 200, sig.String(), "refused in JSON when empty")
	}
	p.say("OK in all encodings")
}

func checkR5(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	empty := func(body []byte) string { return fmt.Sprintf("full success is `%x`, not 0 bytes", body) }
	for _, sig := range signal.All() {
		reply := s.export(ctx, sig, items(sig, 1))
		p.need(reply.code() == codes.OK, "%s refused with %s", sig, name(reply.code()))
		p.want(len(reply.body) == 0, "gRPC:", empty(reply.body))
		posted := s.post(ctx, sig, protobufType, items(sig, 1))
		p.need(posted.code == 200, "%s refused over HTTP with %s", sig, posted)
		p.want(len(posted.body) == 0, "HTTP:", empty(posted.body))
	}
	json := s.post(ctx, signal.Logs, jsonType, jsonLog(`{"stringValue":"x"}`))
	p.want(strings.TrimSpace(string(json.body)) == "{}", "JSON:", fmt.Sprintf("full success is `%s`", json.body))
	p.say("0 bytes; JSON `{}`")
}

func checkR6(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, sig := range signal.All() {
		for _, protocol := range signal.Protocols() {
			s.behind.Answer(sink.Fixed(sink.Answer{Rejected: 3, Message: "too old"}))
			rejected, message, err := s.verdict(ctx, protocol, sig)
			p.want(err == nil, string(protocol)+":", "a partial success became an error")
			p.want(rejected == 3, string(protocol)+":", "the backend rejected 3 of 10, the client hears "+counted(rejected))
			p.want(message != "", string(protocol)+":", "no reason reaches the client")
		}
	}
	p.say("OK with 3 of 10 rejected and the reason, all signals and encodings")
}

func checkR7(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, protocol := range signal.Protocols() {
		s.behind.Answer(sink.Fixed(sink.Answer{Message: "too old"}))
		rejected, message, err := s.verdict(ctx, protocol, signal.Logs)
		p.want(err == nil && rejected == 0, string(protocol)+":", "a warning became a refusal")
		p.want(message != "", string(protocol)+":", "the backend's warning does not reach the client")
	}
	p.say("OK with the backend's message and nothing rejected")
}

func checkR8(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: queued(1, 1)})
	s.hang()
	var refused grpcReply
	for range 10 {
		if refused = s.export(ctx, signal.Traces, items(signal.Traces, 1)); refused.code() != codes.OK {
			break
		}
	}
	p.want(refused.code() == codes.Unavailable, "", "a full queue answers "+name(refused.code()))
	delay, hinted := retryDelay(refused.status)
	p.want(!hinted || delay > 0, "", "RetryInfo with a delay of "+delay.String())
	if hinted {
		p.say("UNAVAILABLE, retry in %s", delay)
	} else {
		p.say("UNAVAILABLE without RetryInfo")
	}
}

func checkR9(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	reply := s.export(ctx, signal.Traces, []byte("\x0a\x05\x12\x03\x12\x01\xff"))
	p.want(reply.code() == codes.InvalidArgument, "", "what cannot be decoded is "+name(reply.code()))
	if blamed(reply.status) {
		p.say("INVALID_ARGUMENT with BadRequest")
	} else {
		p.say("INVALID_ARGUMENT without BadRequest")
	}
}

func checkR10(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	f := func(what string, a sink.Answer) {
		s.behind.Answer(sink.Fixed(a))
		reply := s.export(ctx, signal.Traces, items(signal.Traces, 10))
		size := len(reply.body) + len(reply.status.Message())
		p.want(size <= 4*mib, what, fmt.Sprintf("is passed on with %d MiB", size/mib))
		p.want(!retryable(reply.code()), what, "became "+name(reply.code()))
	}
	long := strings.Repeat("no ", 5*mib/3)
	f("an error with a message of 5 MiB", sink.Answer{Code: codes.InvalidArgument, Message: long})
	f("a partial success with a message of 3 MiB", sink.Answer{Rejected: 1, Message: long[:3*mib]})
	p.say("messages of 5 MiB are shortened")
}
