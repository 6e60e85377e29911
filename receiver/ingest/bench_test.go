package ingest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/otlpctl/otlpctl/receiver/internal/ready"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The benchmarks send requests one after the other over one connection to a
// server that validates and discards. Their clients allocate nothing, so that
// the allocations are the server's, of which all but a few are those of grpc-go
// and net/http.

func BenchmarkGRPC(b *testing.B) {
	for _, n := range []int{3, 100} {
		data := sample(wire.Traces, n)
		b.Run(fmt.Sprintf("%d-spans", n), func(b *testing.B) { benchmarkGRPC(b, data, "") })
		b.Run(fmt.Sprintf("%d-spans-gzip", n), func(b *testing.B) { benchmarkGRPC(b, gzipped(b, data), "gzip") })
		b.Run(fmt.Sprintf("%d-spans-zstd", n), func(b *testing.B) { benchmarkGRPC(b, zstded(b, data), "zstd") })
	}
}

func BenchmarkHTTP(b *testing.B) {
	for _, n := range []int{3, 100} {
		data := sample(wire.Traces, n)
		b.Run(fmt.Sprintf("%d-spans", n), func(b *testing.B) { benchmarkHTTP(b, data, protobufType, "identity") })
		b.Run(fmt.Sprintf("%d-spans-gzip", n), func(b *testing.B) { benchmarkHTTP(b, gzipped(b, data), protobufType, "gzip") })
	}
	span := `{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x"}`
	b.Run("1-span-json", func(b *testing.B) {
		benchmarkHTTP(b, []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+span+`]}]}]}`), jsonType, "identity")
	})
}

// discarding returns a server whose routes have no exporters.
func discarding(b *testing.B) *Server {
	b.Helper()
	routes := map[wire.Signal]*pipeline.Route{wire.Traces: pipeline.NewRoute(nil, nil, nil)}
	s, err := New("otlp", config(), Deps{
		Pool: &pipeline.Pool{}, Budget: NewBudget(1 << 30), Routes: NewRoutes(routes), Ready: ready.New(""), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Listen(b.Context(), Open); err != nil {
		b.Fatal(err)
	}
	s.Take()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(b.Context()) }() // which ends before Cleanup begins
	b.Cleanup(func() {
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	return s
}

func dialTCP(b *testing.B, address string) net.Conn {
	b.Helper()
	conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

func benchmarkHTTP(b *testing.B, body []byte, contentType, coding string) {
	conn := dialTCP(b, discarding(b).Addr(HTTP))
	request := fmt.Appendf(nil, "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nContent-Type: %s\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, coding, len(body), body)
	r := bufio.NewReader(conn)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		length := 0
		for line := 0; ; line++ {
			text, err := r.ReadSlice('\n')
			switch {
			case err != nil:
				b.Fatal(err)
			case line == 0 && !bytes.HasPrefix(text, []byte("HTTP/1.1 200 ")):
				b.Fatalf("%s", text)
			}
			if value, ok := bytes.CutPrefix(text, []byte("Content-Length: ")); ok {
				length, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
			}
			if len(text) == 2 {
				break
			}
		}
		if _, err := r.Discard(length); err != nil {
			b.Fatal(err)
		}
	}
}

// caller is a gRPC client that makes one call at a time and allocates nothing.
type caller struct {
	conn    net.Conn
	r       *bufio.Reader
	headers []byte // a block that does not change the server's table
	window  int    // how much may be sent on the connection
	out     []byte
	stream  uint32
}

func newCaller(b *testing.B, address, coding string) *caller {
	b.Helper()
	c := &caller{conn: dialTCP(b, address), window: 65535, stream: 1}
	c.r = bufio.NewReaderSize(c.conn, 64<<10)
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	e.SetMaxDynamicTableSize(0)
	fields := []string{
		":method", "POST", ":scheme", "http", ":path", wire.Traces.Method(), ":authority", "localhost",
		"content-type", "application/grpc", "user-agent", "bench", "te", "trailers", "grpc-timeout", "10S",
	}
	if coding != "" {
		fields = append(fields, "grpc-encoding", coding)
	}
	for i := 0; i < len(fields); i += 2 {
		if err := e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}); err != nil {
			b.Fatal(err)
		}
	}
	c.headers = block.Bytes()
	c.out = append(c.out, http2.ClientPreface...)
	c.frame(http2.FrameSettings, 0, 0, []byte{0, 4, 0, 16, 0, 0}) // windows of 1 MiB for responses
	c.flush(b)
	return c
}

func (c *caller) frame(kind http2.FrameType, flags http2.Flags, stream uint32, payload []byte) {
	n := len(payload)
	c.out = append(c.out, byte(n>>16), byte(n>>8), byte(n), byte(kind), byte(flags))
	c.out = binary.BigEndian.AppendUint32(c.out, stream)
	c.out = append(c.out, payload...)
}

func (c *caller) flush(b *testing.B) {
	if _, err := c.conn.Write(c.out); err != nil {
		b.Fatal(err)
	}
	c.out = c.out[:0]
}

// call sends a message with its header and reads frames until the call has ended.
func (c *caller) call(b *testing.B, message []byte) {
	for c.window < len(message) {
		c.next(b)
	}
	c.window -= len(message)
	c.frame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, c.stream, c.headers)
	for len(message) > 0 {
		n := min(len(message), 16<<10)
		var flags http2.Flags
		if n == len(message) {
			flags = http2.FlagDataEndStream
		}
		c.frame(http2.FrameData, flags, c.stream, message[:n])
		message = message[n:]
	}
	c.flush(b)
	for !c.next(b) {
	}
	c.stream += 2
}

// next reads a frame. It returns true for the one that ends a call.
func (c *caller) next(b *testing.B) bool {
	head, err := c.r.Peek(9)
	if err != nil {
		b.Fatal(err)
	}
	length, kind, flags := int(head[0])<<16|int(head[1])<<8|int(head[2]), http2.FrameType(head[3]), http2.Flags(head[4])
	stream := binary.BigEndian.Uint32(head[5:9])
	frame, err := c.r.Peek(9 + length)
	if err != nil {
		b.Fatal(err)
	}
	payload := frame[9:]
	switch {
	case kind == http2.FrameSettings && flags&http2.FlagSettingsAck == 0:
		c.frame(http2.FrameSettings, http2.FlagSettingsAck, 0, nil)
		c.flush(b)
	case kind == http2.FramePing && flags&http2.FlagPingAck == 0:
		c.frame(http2.FramePing, http2.FlagPingAck, 0, payload)
		c.flush(b)
	case kind == http2.FrameWindowUpdate && stream == 0:
		c.window += int(binary.BigEndian.Uint32(payload))
	case kind == http2.FrameGoAway || kind == http2.FrameRSTStream:
		b.Fatalf("%s %q", kind, payload)
	}
	if _, err := c.r.Discard(9 + length); err != nil {
		b.Fatal(err)
	}
	return kind == http2.FrameHeaders && flags&http2.FlagHeadersEndStream != 0
}

func benchmarkGRPC(b *testing.B, message []byte, coding string) {
	s := discarding(b)
	c := newCaller(b, s.Addr(GRPC), coding)
	compressed := byte(0)
	if coding != "" {
		compressed = 1
	}
	framed := append(binary.BigEndian.AppendUint32([]byte{compressed}, uint32(len(message))), message...)
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		c.call(b, framed)
	}
	b.StopTimer()
	if n := s.State()[0].Signals[wire.Traces].Requests; n < int64(b.N) {
		b.Fatalf("%d of %d requests were accepted", n, b.N)
	}
}
