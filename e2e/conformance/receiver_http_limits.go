package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func checkR19(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{with: queued(1, 1)})
	s.hang()
	var full httpReply
	for range 10 {
		if full = s.post(ctx, signal.Traces, protobufType, items(signal.Traces, 1)); full.code != 200 {
			break
		}
	}
	p.want(full.code == http.StatusTooManyRequests || full.code == http.StatusServiceUnavailable, "", "a full queue answers "+full.String())
	f := func(what string, reply httpReply) {
		wait, hinted := reply.retryAfter()
		p.want(!hinted || wait >= time.Second, "Retry-After", fmt.Sprintf("of %s is %s", what, reply.header.Get("Retry-After")))
	}
	f("a full queue", full)

	s = p.start(ctx, setup{})
	for _, delay := range []time.Duration{300 * time.Millisecond, 1100 * time.Millisecond} {
		s.behind.Answer(sink.Fixed(sink.RetryLater(delay)))
		reply := s.post(ctx, signal.Traces, protobufType, items(signal.Traces, 1))
		wait, hinted := reply.retryAfter()
		p.want(hinted && wait >= delay, "Retry-After", fmt.Sprintf("for the backend's %s is %q", delay, reply.header.Get("Retry-After")))
	}
	_, hinted := full.retryAfter()
	p.say("%s, %s; a backend's delay is passed on and rounded up", full, hint(hinted, full))
}

// hint says what a refusal asks to wait.
func hint(hinted bool, r httpReply) string {
	if !hinted {
		return "without Retry-After"
	}
	return "Retry-After: " + r.header.Get("Retry-After")
}

func checkR21(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	long := strings.Repeat("no ", 5*mib/3)
	f := func(what string, a sink.Answer) {
		s.behind.Answer(sink.Fixed(a))
		for _, offer := range []string{"", "identity", "gzip"} {
			reply := s.send(ctx, httpRequest{path: signal.Traces.Path(), contentType: protobufType, accept: offer, body: items(signal.Traces, 10)})
			coding := reply.header.Get("Content-Encoding")
			p.want(coding == "" || coding == offer, what, "compressed without an offer")
			p.want(reply.code != 0 && len(reply.body) <= 4*mib, what, fmt.Sprintf("is passed on with %d MiB", len(reply.body)/mib))
		}
	}
	f("an error with a message of 5 MiB", sink.Answer{Code: codes.InvalidArgument, Message: long})
	f("a partial success with a message of 3 MiB", sink.Answer{Rejected: 1, Message: long[:3*mib]})
	p.say("never compressed unasked; messages of 5 MiB are shortened")
}

func checkR22(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	whole := gzipped(items(signal.Logs, 10))
	spoilt := bytes.Clone(whole)
	spoilt[len(spoilt)-6] ^= 1 // the checksum
	send := func(body []byte) httpReply {
		return s.send(ctx, httpRequest{path: signal.Logs.Path(), contentType: protobufType, coding: "gzip", body: body})
	}
	f := func(what string, body []byte) {
		reply := send(body)
		p.want(reply.code == http.StatusBadRequest, what, "answered with "+reply.String())
	}
	f("no gzip at all", items(signal.Logs, 10))
	f("an empty body", nil)
	f("a cut off header", whole[:5])
	f("cut off data", whole[:len(whole)/2])
	f("a cut off checksum", whole[:len(whole)-1])
	f("a wrong checksum", spoilt)
	p.want(s.behind.Items(signal.Logs) == 0, "what is broken", "is sent on")

	before, err := s.proc.Usage()
	p.must(err)
	reply := send(bomb())
	p.want(reply.code == http.StatusRequestEntityTooLarge || reply.code == http.StatusBadRequest, "a bomb", "is answered with "+reply.String())
	after, err := s.proc.Usage()
	p.must(err)
	p.want(after.PeakRSS-before.RSS < bombBytes/2, "a bomb of 1 GiB", "takes more than half of it")
	p.say("400; a bomb %s, in bounded memory", reply)
}

// bombBytes is what a bomb of a MiB inflates to.
const bombBytes = 1 << 30

// bomb returns gzip of zeros.
func bomb() []byte {
	const part = bombBytes / 16
	return bytes.Repeat(gzipped(make([]byte, part)), bombBytes/part)
}
