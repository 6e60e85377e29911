package generator

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// httpSender speaks HTTP/1.1 over one kept connection, with a prepared head: net/http's client costs more than the
// servers that it would measure.
type httpSender struct {
	addr, head string
	conn       net.Conn
	read       *bufio.Reader
	buf        []byte // head and body of the request, to send both with one system call
}

func httpSenders(spec Spec) []sender {
	contentType, coding := "application/x-protobuf", ""
	if spec.Shape.JSON {
		contentType = "application/json"
	}
	if spec.Shape.Gzip {
		coding = "Content-Encoding: gzip\r\n"
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nContent-Type: %s\r\n%sContent-Length: ",
		spec.Shape.Signal.Path(), spec.Addr, contentType, coding)
	senders := make([]sender, spec.Workers)
	for i := range senders {
		senders[i] = &httpSender{addr: spec.Addr, head: head}
	}
	return senders
}

func (s *httpSender) send(ctx context.Context, body []byte) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	if err := s.conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return err
	}
	s.buf = fmt.Appendf(append(s.buf[:0], s.head...), "%d\r\n\r\n", len(body))
	s.buf = append(s.buf, body...)
	if _, err := s.conn.Write(s.buf); err != nil {
		return err
	}
	resp, err := http.ReadResponse(s.read, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return wantFullSuccess(answer)
}

func (s *httpSender) connect(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	var dial net.Dialer
	conn, err := dial.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	s.conn, s.read = conn, bufio.NewReader(conn)
	return nil
}

func (s *httpSender) close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}
