package conformance

import (
	"context"
	"strings"
)

const rfc9112 = "RFC 9112"

func exceptions() []Line {
	f := func(id, requirement, request string) Line {
		return Line{ID: id, Level: rfc9112, Requirement: requirement, check: func(ctx context.Context, p *probe) { p.observe(ctx, request) }}
	}
	const start = "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	return []Line{
		f("X1", "A request line that is none.", "this is no request line\r\n\r\n"),
		f("X2", "HTTP/1.1 without Host.", "POST /v1/logs HTTP/1.1\r\n\r\n"),
		f("X3", "A header line without a colon.", start+"nonsense\r\n\r\n"),
		f("X4", "2 MiB of headers.", start+"X: "+strings.Repeat("x", 2*mib)+"\r\n\r\n"),
		f("X5", "A Content-Length that is no number.", start+"Content-Length: two\r\n\r\n{}"),
		f("X6", "Two different values of Content-Length.", start+"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "),
		f("X7", "A Transfer-Encoding other than chunked.", start+"Transfer-Encoding: gzip\r\n\r\n{}"),
		f("X8", "A version of HTTP that does not exist.", "POST /v1/logs HTTP/7.0\r\nHost: x\r\n\r\n"),
		f("X9", "An Expect that is not known.", start+"Expect: miracles\r\nContent-Length: 2\r\n\r\n{}"),
		f("X10", "A client that speaks TLS.", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"),
	}
}

// observe says how a request is answered that net/http does not let through.
func (p *probe) observe(ctx context.Context, request string) {
	s := p.start(ctx, setup{})
	reply := s.ask(ctx, request)
	if reply.code == 0 {
		p.say("no answer")
		return
	}
	kind := reply.mediaType()
	if len(reply.body) == 0 {
		kind = "no body"
	}
	p.say("%s, %s", reply, kind)
}
