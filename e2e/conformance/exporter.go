package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func exporter() []Line {
	return []Line{
		{ID: "E1", Level: should, check: checkE1, Requirement: "gRPC: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE and DATA_LOSS are retried."},
		{ID: "E2", Level: should, check: checkE2, Requirement: "gRPC: RESOURCE_EXHAUSTED is retried only with RetryInfo."},
		{ID: "E3", Level: must, check: checkE3, Requirement: "gRPC: with any other code the data is dropped and counted."},
		{ID: "E4", Level: must, check: checkE4, Requirement: "HTTP: exactly 429, 502, 503 and 504 are retried."},
		{ID: "E5", Level: should, check: checkE5, Requirement: "A delay that the backend asks for is kept: RetryInfo, and Retry-After in seconds or as a date, with all that is retried."},
		{ID: "E6", Level: should, check: checkE6, Requirement: "Otherwise retries back off exponentially with jitter; a connection that fails or breaks before the answer is retried."},
		{ID: "E7", Level: must, check: checkE7, Requirement: "A partial success is never retried, and what it rejects should be counted; an empty one is full success."},
		{ID: "E8", Level: should, check: checkE8, Requirement: "A request above 64 MiB before compression is not sent, but split, or dropped and recorded."},
		{ID: "E9", Level: must, check: checkE9, Requirement: "A response above 4 MiB after decompression is not read; it is permanent and recorded."},
		{ID: "E10", Level: must, check: checkE10, Requirement: "A backend that throttles slows the sender down."},
		{ID: "E11", Level: should, check: checkE11, Requirement: "Concurrency and the wait at shutdown are configurable; data that was not delivered is recorded."},
		{ID: "E12", Level: should, check: checkE12, Requirement: "A stuck destination never holds up another."},
		{ID: "E13", Level: must, check: checkE13, Requirement: "Compression is declared; connections should be reused, and HTTP/2 fall back to HTTP/1.1."},
		{ID: "E14", Level: should, check: checkE14, Requirement: "Requests without items are never sent."},
		{ID: "E15", Level: ours, check: checkE15, Requirement: "Forwarding keeps every known field, rare ones too; what becomes of unknown fields is stated."},
		{ID: "E16", Level: must, check: checkE16, Requirement: "A request whose answer is lost is sent again: delivery is at least once."},
	}
}

func checkE1(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: retrying()})
	j := s.keep(once(func(number uint64) sink.Answer { return sink.Answer{Code: codes.Code(number), Message: "no"} }))
	for _, c := range allCodes() {
		if retryable(c) {
			p.want(s.numberedSpan(ctx, uint64(c)) == codes.OK && j.attempts(uint64(c)) == 2, name(c), "not retried")
		}
	}
	p.say("all six are retried")
}

func checkE2(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: retrying()})
	const hinted, unhinted = 1, 2
	j := s.keep(once(func(number uint64) sink.Answer {
		a := sink.Answer{Code: codes.ResourceExhausted, Message: "no"}
		if number == hinted {
			a.RetryAfter = 20 * time.Millisecond
		}
		return a
	}))
	p.want(s.numberedSpan(ctx, hinted) == codes.OK && j.attempts(hinted) == 2, "with RetryInfo", "not retried")
	s.numberedSpan(ctx, unhinted)
	p.want(j.attempts(unhinted) == 1, "without RetryInfo", "retried")
	p.say("retried with RetryInfo, not without")
}

func checkE3(ctx context.Context, p *probe) {
	// In a queue the item was acknowledged, so that nobody else can count it.
	s := p.start(ctx, setup{with: join(queued(100, 1), retrying())})
	j := s.keep(once(func(number uint64) sink.Answer { return sink.Answer{Code: codes.Code(number), Message: "no"} }))
	lost := 0
	for _, c := range allCodes() {
		if retryable(c) {
			continue
		}
		lost++
		s.numberedSpan(ctx, uint64(c))
		p.want(s.records(ctx, lost), name(c), "not counted")
		p.want(j.attempts(uint64(c)) == 1, name(c), "retried")
	}
	p.say("one attempt each, every item counted")
}

func checkE4(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{overHTTP: true, with: retrying()})
	j := s.keep(once(func(number uint64) sink.Answer {
		return sink.Answer{HTTPStatus: int(number), Code: codes.Unknown, Message: "no"}
	}))
	for _, status := range []uint64{429, 502, 503, 504} {
		p.want(s.numberedSpan(ctx, status) == codes.OK && j.attempts(status) == 2, fmt.Sprint(status), "not retried")
	}
	for _, status := range []uint64{400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 500, 501, 505, 507} {
		s.numberedSpan(ctx, status)
		p.want(j.attempts(status) == 1, fmt.Sprint(status), "retried")
	}
	p.say("these four and no other")
}

func checkE5(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: retrying()})
	const delay = 500 * time.Millisecond
	j := s.keep(once(func(number uint64) sink.Answer {
		return sink.Answer{Code: codes.Code(number), Message: "busy", RetryAfter: delay}
	}))
	for _, c := range allCodes() {
		if retryable(c) || c == codes.ResourceExhausted {
			s.numberedSpan(ctx, uint64(c))
			p.want(waited(j.gaps(uint64(c)), delay), name(c), "with RetryInfo retried too soon")
		}
	}

	s = p.start(ctx, setup{overHTTP: true, with: retrying()})
	const dated = 1000 // beside the status, for a date
	j = s.keep(once(func(number uint64) sink.Answer {
		after := "1"
		if number > dated {
			// The header has whole seconds: this is one second at least, by either clock.
			after = time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)
		}
		return sink.Answer{
			Code: codes.Unavailable, Message: "busy", HTTPStatus: int(number % dated), Header: http.Header{"Retry-After": {after}},
		}
	}))
	for _, status := range []uint64{429, 502, 503, 504} {
		s.numberedSpan(ctx, status)
		p.want(waited(j.gaps(status), time.Second), fmt.Sprint(status), "with Retry-After in seconds retried too soon")
	}
	for _, status := range []uint64{429, 502, 503, 504} {
		s.numberedSpan(ctx, dated+status)
		p.want(waited(j.gaps(dated+status), time.Second), fmt.Sprint(status), "with Retry-After as a date retried too soon")
	}
	p.say("kept, on every code and status that is retried")
}

// waited reports whether there was a second attempt, no sooner than after the delay.
func waited(gaps []time.Duration, delay time.Duration) bool {
	return len(gaps) == 1 && gaps[0] >= delay
}

func checkE7(ctx context.Context, p *probe) {
	for _, overHTTP := range []bool{false, true} {
		s := p.start(ctx, setup{overHTTP: overHTTP, with: retrying()})
		const populated, empty = 1, 2
		j := s.keep(once(func(number uint64) sink.Answer {
			if number == populated {
				return sink.Answer{Rejected: 1, Message: "too old"}
			}
			return sink.Answer{Empty: true}
		}))
		code := s.numberedSpan(ctx, empty)
		p.want(code == codes.OK && j.attempts(empty) == 1 && s.lost(ctx) == 0, s.proto()+":", "an empty one is not full success")
		s.numberedSpan(ctx, populated)
		p.want(j.attempts(populated) == 1, s.proto()+":", "retried")
		p.want(s.records(ctx, 1), s.proto()+":", "what is rejected is not counted")
	}
	p.say("one attempt, rejected items counted; an empty one is success")
}

func checkE8(ctx context.Context, p *probe) {
	for _, overHTTP := range []bool{false, true} {
		s := p.start(ctx, setup{overHTTP: overHTTP, with: join(queued(100, 1), settings{"grpc.max_recv_msg_size_mib": 128})})
		s.export(ctx, signal.Logs, logOfSize(65*mib))
		p.need(eventually(ctx, answerLimit, func() bool { return s.lost(ctx) > 0 || s.behind.Items(signal.Logs) > 0 }), "65 MiB vanish")
		p.want(s.behind.Items(signal.Logs) == 0, s.proto()+":", "65 MiB are sent on")

		four := append(bytes.Repeat(logOfSize(17*mib), 4), items(signal.Logs, 1)...) // requests that are joined are one
		s.behind.Forget()
		s.export(ctx, signal.Logs, four)
		p.need(eventually(ctx, answerLimit, func() bool { return s.lost(ctx) > 1 || s.behind.Items(signal.Logs) == 5 }), "68 MiB vanish")
		for _, r := range s.behind.Accepted() {
			p.want(proto.Size(r.Message) <= 64*mib, s.proto()+":", "68 MiB in several items are sent on as one request")
		}
	}
	p.say("an item of 65 MiB is not sent, but counted as lost; several of 68 MiB are split")
}

func checkE9(ctx context.Context, p *probe) {
	large := sink.Answer{Message: string(make([]byte, 5*mib))}
	response := encode(signal.Traces.NewResponse(0, large.Message))
	f := func(what string, overHTTP bool, a sink.Answer) {
		s := p.start(ctx, setup{overHTTP: overHTTP, with: join(queued(100, 1), retrying())})
		j := s.keep(once(func(uint64) sink.Answer { return a }))
		s.numberedSpan(ctx, 1)
		p.want(s.records(ctx, 1), what+":", "not recorded")
		p.want(j.attempts(1) == 1, what+":", "retried")
	}
	f("gRPC", false, large)
	f("HTTP", true, sink.Answer{Body: response})
	f("gzip over HTTP", true, sink.Answer{Body: gzipped(response), Header: http.Header{"Content-Encoding": {"gzip"}}})
	p.say("one attempt, and the item counted as lost, also if gzip made the response small")
}
