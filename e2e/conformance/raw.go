package conformance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// wire is a connection to the HTTP port for what net/http's client would never send.
type wire struct {
	net.Conn
	in *bufio.Reader
}

// dial opens a connection, which is closed when the check ends at the latest.
func (s *subject) dial(ctx context.Context) *wire {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", s.http)
	s.probe.must(err)
	s.probe.later = append(s.probe.later, func() { _ = c.Close() })
	s.probe.must(c.SetDeadline(time.Now().Add(answerLimit)))
	return &wire{c, bufio.NewReader(c)}
}

// say writes text as it is. An error shows when there is no answer.
func (w *wire) say(text string) { _, _ = io.WriteString(w.Conn, text) }

// hear reads one answer, also one below 200.
func (w *wire) hear() httpReply {
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return httpReply{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return httpReply{}
	}
	return httpReply{resp.StatusCode, resp.ProtoMajor, resp.Header, body}
}

// ask says something on a connection of its own and returns the first answer.
func (s *subject) ask(ctx context.Context, text string) httpReply {
	w := s.dial(ctx)
	go w.say(text) // the answer may come before the end
	return w.hear()
}

// head returns the head of a POST with a body of a size, and further headers, each with its line end.
func head(path, contentType string, size int, more string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n", path, contentType, size, more)
}
