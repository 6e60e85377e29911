package e2e_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	hostileClients = 8
	slowClients    = 500
	// podMemory is the limit of the specification's pod. The process learns of it by GOMEMLIMIT, as from a manifest.
	podMemory = 512 << 20
)

// attack is a body that no honest client sends.
type attack struct {
	name, contentType, coding string
	body                      []byte
	status                    int // what it is answered with; 0 for any 4xx
}

func attacks(t *testing.T) []attack {
	t.Helper()
	const pb, js = "application/x-protobuf", "application/json"
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 64<<10)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	bomb := zeros(t, 1<<30)
	return []attack{
		{"bomb", pb, "gzip", bomb, http.StatusRequestEntityTooLarge},
		{"bomb as json", js, "gzip", bomb, http.StatusRequestEntityTooLarge},
		{"nested protobuf", pb, "", nestedProtobuf(100_000), http.StatusBadRequest},
		{"nested json", js, "", []byte(`{"resourceLogs":[{"resource":{"attributes":[{"key":"k","value":` + strings.Repeat(`{"arrayValue":{"values":[`, 100_000)), http.StatusBadRequest},
		{"nested unknown json", js, "", []byte(`{"x":` + strings.Repeat(`[`, 1_000_000)), http.StatusBadRequest},
		{"noise", pb, "", noise, http.StatusBadRequest},
		{"noise as json", js, "", noise, http.StatusBadRequest},
		{"noise as gzip", pb, "gzip", noise, http.StatusBadRequest},
		{"noise as zstd", pb, "zstd", noise, http.StatusBadRequest},
		{"cut gzip", pb, "gzip", bomb[:len(bomb)/2][:1<<10], 0},
		{"unknown coding", pb, "br", noise, 0},
		{"unknown type", "text/plain", "", noise, http.StatusUnsupportedMediaType},
	}
}

// Hostile input costs its sender more than the receiver: bounded memory, never a 5xx, and honest clients are served
// while it lasts.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	behind := sink.Run(t)
	s := serve(t, forwarding(toSink(behind.GRPC()), "otlp"), fmt.Sprintf("GOMEMLIMIT=%d", podMemory*9/10))
	before, err := s.Usage()
	if err != nil {
		t.Fatal(err)
	}
	release := holdSlowly(t, s)
	var wg sync.WaitGroup
	for _, a := range attacks(t) {
		for range hostileClients {
			wg.Go(func() { strike(t, s, a) })
		}
		wg.Go(func() { honest(t, s) })
	}
	wg.Go(func() { talkNonsense(t, s.http) })
	wg.Go(func() { talkNonsense(t, s.grpc) })
	wg.Wait()
	honest(t, s)
	release()
	wait.For(t, arrivalLimit, "connections to be gone", func() bool {
		now, err := s.Usage()
		return err == nil && now.FDs < before.FDs+50
	})
	after, err := s.Usage()
	if err != nil {
		t.Fatal(err)
	}
	if after.PeakRSS > podMemory {
		t.Errorf("peak RSS %d MiB, want at most %d", after.PeakRSS>>20, podMemory>>20)
	}
	t.Logf("RSS %d MiB before, %d after, %d at its peak", before.RSS>>20, after.RSS>>20, after.PeakRSS>>20)
	wantCleanExit(t, s)
}

func strike(t *testing.T, s *server, a attack) {
	ctx, cancel := context.WithTimeout(t.Context(), arrivalLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.http+"/v1/logs", bytes.NewReader(a.body))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Content-Type", a.contentType)
	if a.coding != "" {
		req.Header.Set("Content-Encoding", a.coding)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("%s: %v", a.name, err)
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	// A receiver that is short of room for the moment may say so.
	busy := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable
	switch {
	case busy && resp.Header.Get("Retry-After") != "":
	case resp.StatusCode >= 500, resp.StatusCode < 400, a.status != 0 && resp.StatusCode != a.status:
		t.Errorf("%s: %s, want %d: %.200s", a.name, resp.Status, a.status, text)
	}
}

func honest(t *testing.T, s *server) {
	t.Helper()
	for _, protocol := range signal.Protocols() {
		c := s.client(t, protocol, "")
		wait.For(t, arrivalLimit, "an honest client to be served", func() bool {
			return c.Export(t.Context(), signal.Traces, numbered.Request(signal.Traces, 1, 3)) == nil
		})
	}
}

// holdSlowly opens connections that never finish their request, and returns what lets go of them.
func holdSlowly(t *testing.T, s *server) (release func()) {
	t.Helper()
	openings := []string{
		"POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 60000000\r\n\r\n\x0a",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"",
	}
	var conns []net.Conn
	var dial net.Dialer
	for i := range slowClients {
		addr := s.http
		if i%2 == 0 {
			addr = s.grpc
		}
		c, err := dial.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		if _, err := io.WriteString(c, openings[i/2%len(openings)]); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}
}

// talkNonsense writes noise to a port until the server hangs up, again and again.
func talkNonsense(t *testing.T, addr string) {
	rnd := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 4096)
	var dial net.Dialer
	for range 50 {
		c, err := dial.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Errorf("connect: %v", err)
			return
		}
		for i := range noise {
			noise[i] = byte(rnd.Uint32())
		}
		_ = c.SetDeadline(time.Now().Add(time.Second))
		_, _ = c.Write(noise)
		_, _ = c.Write([]byte("\r\n\r\n"))
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	}
}

// zeros returns n zero bytes as gzip: a thousandth of the size.
func zeros(t *testing.T, n int64) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := io.CopyN(z, zeroReader{}, n); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type zeroReader struct{}

func (zeroReader) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// nestedProtobuf returns a log request whose body is an array in an array, and so on. It is built from the inside, at
// the end of one buffer, because each level is as long as all that it holds.
func nestedProtobuf(levels int) []byte {
	const arrayValue, values, body = 5, 1, 5
	buf := make([]byte, 12*levels)
	at := len(buf)
	wrap := func(field protowire.Number) {
		head := protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(len(buf)-at))
		at -= len(head)
		copy(buf[at:], head)
	}
	for range levels {
		wrap(values)
		wrap(arrayValue)
	}
	for _, field := range []protowire.Number{body, 2, 2, 1} {
		wrap(field)
	}
	return buf[at:]
}
