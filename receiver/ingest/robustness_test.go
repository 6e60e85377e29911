package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// bomb returns gzip that inflates to the given number of MiB of zeros.
func bomb(t testing.TB, mib int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range mib {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A small body that inflates to gigabytes takes no more memory than a large one.
func TestBombsAreBounded(t *testing.T) {
	member := bomb(t, 16)
	packed := bytes.Repeat(member, 64) // a GiB in a MiB, one member behind the other
	// A zstd frame of run-length blocks: 4 bytes each for up to 128 KiB.
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58}
	for range 16 << 10 { // 2 GiB in 64 KiB
		frame = append(frame, 0x02, 0x00, 0x10, 0)
	}
	frame = append(frame, 1, 0, 0)
	r := newRig(t, setup{})
	f := func(a compression.Algorithm, body []byte, most uint64) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := r.call(wire.Traces, a, body); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("%s over gRPC: %v", a, err)
		}
		if answer := r.post("/v1/traces", protobufType, body, "Content-Encoding", a.String()); answer.code != 413 {
			t.Errorf("%s over HTTP: %d %.200q", a, answer.code, answer.body)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > most {
			t.Errorf("%s: %d MiB were allocated for %d bytes", a, grown>>20, len(body))
		}
	}
	// Twice the doubling sizes of one slab, up to 64 MiB: 128 MiB for each call.
	f(compression.Gzip, packed, 400<<20)
	f(compression.Zstd, frame, 400<<20)
	f(compression.Gzip, bomb(t, 65), 400<<20)
	if n := r.budget.Used(); n != 0 {
		t.Errorf("%d bytes of the budget are still in use", n)
	}
}

func TestHundredThousandLevelsAreRefused(t *testing.T) {
	const levels = 100_000
	r := newRig(t, setup{})
	var heads [][]byte // from the inside out
	size := 0
	wrap := func(number byte) {
		heads = append(heads, binary.AppendUvarint([]byte{number<<3 | 2}, uint64(size)))
		size += len(heads[len(heads)-1])
	}
	for range levels { // an AnyValue that is a KeyValueList of one KeyValue
		wrap(2)
		wrap(1)
		wrap(6)
	}
	for _, number := range []byte{5, 2, 2, 1} { // the body of a log record
		wrap(number)
	}
	slices.Reverse(heads)
	nested := bytes.Join(heads, nil)
	f := func(name string, code int) {
		t.Helper()
		if code != 400 {
			t.Errorf("%s: %d", name, code)
		}
	}
	f("protobuf", r.post("/v1/logs", protobufType, nested).code)
	f("protobuf of tags alone", r.post("/v1/logs", protobufType, bytes.Repeat([]byte{0x0b}, levels)).code)
	array := strings.Repeat(`{"arrayValue":{"values":[`, levels)
	f("JSON", r.post("/v1/logs", jsonType, []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":`+array)).code)
	f("JSON under an unknown key", r.post("/v1/logs", jsonType, []byte(`{"x":`+strings.Repeat("[", levels))).code)
	if _, err := r.call(wire.Logs, compression.None, nested); status.Code(err) != codes.InvalidArgument {
		t.Errorf("gRPC: %v", err)
	}
}

// Whatever is done to a good request, it is never answered as a fault of ours.
func TestBadInputIsNever5xx(t *testing.T) {
	r := newRig(t, setup{})
	random := rand.New(rand.NewPCG(1, 2))
	good := map[string][]byte{
		protobufType: sample(wire.Traces, 3), jsonType: oneSpan(jsonType),
		"gzip": gzipped(t, sample(wire.Traces, 3)), "zstd": zstded(t, sample(wire.Traces, 3)),
	}
	for kind, body := range good {
		for range 150 {
			b := bytes.Clone(body)
			for range 1 + random.IntN(4) {
				b[random.IntN(len(b))] ^= byte(1 << random.IntN(8))
			}
			contentType, headers := kind, []string(nil)
			if !strings.Contains(kind, "/") {
				contentType, headers = protobufType, []string{"Content-Encoding", kind}
			}
			if a := r.post("/v1/traces", contentType, b, headers...); a.code != 200 && a.code != 400 && a.code != 413 {
				t.Errorf("%s: %d %s", kind, a.code, a.body)
			}
		}
	}
}

// One client's poison costs that client alone.
func TestPoisonBesideGoodData(t *testing.T) {
	r := newRig(t, setup{})
	r.dial()
	var sent atomic.Int64
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 25 {
				switch i {
				case 0:
					b := sample(wire.Traces, 10)
					b[n*20] ^= 0x80
					_, _ = r.call(wire.Traces, compression.None, b)
				case 1:
					r.post("/v1/traces", protobufType, sample(wire.Traces, 10)[:100+n], "Content-Encoding", "gzip")
				default:
					if _, err := r.call(wire.Traces, compression.Gzip, gzipped(t, sample(wire.Traces, 10))); err != nil {
						t.Error(err)
					}
					sent.Add(10)
				}
			}
		})
	}
	all.Wait()
	var got int64
	for _, p := range r.backend.take() {
		report, err := wire.Scan(p.Signal, p.Data.ReadOnlyData())
		if err != nil || report.Items != p.Items || !report.Clean() {
			t.Errorf("the exporter got poison: %+v, %v", report, err)
		}
		if bytes.Equal(p.Data.ReadOnlyData(), sample(wire.Traces, 10)) {
			got += int64(p.Items)
		}
	}
	if got < sent.Load() {
		t.Errorf("%d items of the good clients arrived, want %d", got, sent.Load())
	}
}

func TestGarbageOnBothPorts(t *testing.T) {
	r := newRig(t, setup{})
	garbage := [][]byte{
		[]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), // TLS
		[]byte("GET / HTTP/1.1\r\n\r\n"), []byte("POST /v1/traces HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
		[]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		bytes.Repeat([]byte{0}, 100_000), bytes.Repeat([]byte("\n"), 100_000),
	}
	for _, transport := range []Transport{GRPC, HTTP} {
		for _, b := range garbage {
			conn := r.tcp(transport)
			_, _ = conn.Write(b)
			_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}
	r.export(wire.Traces, sample(wire.Traces, 1))
	if a := r.post("/v1/traces", jsonType, oneSpan(jsonType)); a.code != 200 {
		t.Errorf("after garbage: %d", a.code)
	}
	if strings.Contains(r.log.String(), "level=ERROR") {
		t.Errorf("garbage is logged as an error: %s", r.log)
	}
}

// A body that trickles in, or never comes, ends with the time allowed for it and
// holds little memory until then.
func TestSlowLoris(t *testing.T) {
	r := newRig(t, setup{config: func(c *Config) {
		c.Protocols.HTTP.ReadTimeout, c.Protocols.HTTP.ReadHeaderTimeout = 300*time.Millisecond, 100*time.Millisecond
	}})
	f := func(head, wantStatus string) {
		t.Helper()
		conn := r.tcp(HTTP)
		if _, err := io.WriteString(conn, head); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		b, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(b), wantStatus) {
			t.Errorf("%.60q: %.100q, %v", head, b, err)
		}
	}
	f("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Ty", "")
	f("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000000\r\n\r\n{", "HTTP/1.1 408")
	f("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "HTTP/1.1 408")
	if s := r.server.State()[1].Signals[wire.Traces]; s.Refused["slow"] != 2 {
		t.Errorf("counted %v", s.Refused)
	}
}

func TestAnnouncedSizeReservesLittle(t *testing.T) {
	r := newRig(t, setup{})
	conn := r.tcp(HTTP)
	if _, err := io.WriteString(conn, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000000\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return r.budget.Used() > 0 })
	if n := r.budget.Used(); n > 2*trusted {
		t.Errorf("%d bytes are reserved for a body of which one byte came", n)
	}
	_ = conn.Close()
	eventually(t, func() bool { return r.budget.Used() == 0 })
}

// A client that asks first is refused before it sends its body.
func TestExpectContinue(t *testing.T) {
	r := newRig(t, setup{})
	f := func(path, headers string, want int) {
		t.Helper()
		conn := r.tcp(HTTP)
		if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n%s\r\n", path, headers); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s %q: %d, want %d", path, headers, response.StatusCode, want)
		}
	}
	const json = "Content-Type: application/json\r\n"
	f("/v1/traces", json+"Content-Length: 10\r\n", 100)
	f("/v1/traces", json+"Content-Length: 100000000\r\n", 413)
	f("/v1/traces", json+"Content-Length: 10\r\nContent-Encoding: br\r\n", 415)
	f("/v1/traces", "Content-Type: text/plain\r\nContent-Length: 10\r\n", 415)
	f("/v1/nothing", json+"Content-Length: 10\r\n", 404)
	r.budget.used.Add(r.budget.capacity - 1000)
	defer r.budget.used.Add(1000 - r.budget.capacity)
	f("/v1/traces", json+"Content-Length: 100000\r\n", 503)
}

func TestContentEncodingIsReadLeniently(t *testing.T) {
	r := newRig(t, setup{})
	f := func(body []byte, want int, lines ...string) {
		t.Helper()
		headers := []string{"Content-Type", protobufType}
		for _, line := range lines {
			headers = append(headers, "Content-Encoding", line)
		}
		if a := r.do(http.DefaultClient, http.MethodPost, "/v1/traces", bytes.NewReader(body), headers...); a.code != want {
			t.Errorf("%q: %d %s", lines, a.code, a.body)
		}
	}
	plain := sample(wire.Traces, 2)
	packed := gzipped(t, plain)
	f(packed, 200, "gzip")
	f(packed, 200, "GZip")
	f(packed, 200, " x-gzip ")
	f(packed, 200, "identity, gzip")
	f(packed, 200, "identity", "gzip")
	f(plain, 200, "identity")
	f(plain, 200, "Identity,identity")
	f(plain, 200, "")
	f(zstded(t, plain), 200, "ZSTD")
	f(packed, 415, "gzip, gzip")
	f(packed, 415, "gzip", "zstd")
	f(plain, 415, "deflate")
	f(plain, 415, "br, identity")
	strict := newRig(t, setup{config: func(c *Config) { c.Protocols.HTTP.CompressionAlgorithms = []string{"zstd"} }})
	r = strict
	f(zstded(t, plain), 200, "zstd")
	f(packed, 415, "gzip")
	f(plain, 415)
}

// Draining answers what is in flight, refuses connections, and leaves no goroutine.
func TestDrainLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	release, began := make(chan struct{}), make(chan struct{}, 3)
	t.Run("", func(t *testing.T) {
		r := newRig(t, setup{})
		r.backend.script(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
			began <- struct{}{}
			<-release
			return pipeline.Partial{}, nil
		})
		r.dial()
		two := h2c(t)
		one := &http.Client{Transport: &http.Transport{}}
		t.Cleanup(one.CloseIdleConnections)
		idle := r.tcp(GRPC) // says nothing
		var all sync.WaitGroup
		all.Go(func() { r.export(wire.Traces, sample(wire.Traces, 1)) })
		for _, client := range []*http.Client{one, two} {
			all.Go(func() {
				if a := r.do(client, http.MethodPost, "/v1/traces", bytes.NewReader(sample(wire.Traces, 1)), "Content-Type", protobufType); a.code != 200 {
					t.Errorf("in flight: %d %s", a.code, a.body)
				}
			})
		}
		for range 3 {
			<-began
		}
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			r.server.Drain(t.Context())
		}()
		eventually(t, func() bool { return refused(t, r.server.Addr(GRPC)) && refused(t, r.server.Addr(HTTP)) })
		select {
		case <-drained:
			t.Error("Drain did not wait for the requests in flight")
		default:
		}
		close(release)
		all.Wait()
		_ = idle.Close()
		<-drained
	})
	eventually(t, func() bool { return runtime.NumGoroutine() <= before })
}

// What does not end in time is ended.
func TestDrainIsBounded(t *testing.T) {
	r := newRig(t, setup{})
	began := make(chan struct{}, 2)
	r.backend.script(func(ctx context.Context, _ *pipeline.Batch) (pipeline.Partial, error) {
		began <- struct{}{}
		<-ctx.Done()
		return pipeline.Partial{}, ctx.Err()
	})
	r.dial()
	idle := r.tcp(GRPC) // in the middle of its handshake, for good
	defer func() { _ = idle.Close() }()
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := r.call(wire.Traces, compression.None, sample(wire.Traces, 1)); status.Code(err) != codes.Unavailable {
			t.Errorf("gRPC: %v", err)
		}
	})
	all.Go(func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url("/v1/traces"), bytes.NewReader(sample(wire.Traces, 1)))
		if err != nil {
			t.Error(err)
			return
		}
		request.Header.Set("Content-Type", protobufType)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			t.Errorf("HTTP: %s", response.Status)
		}
	})
	<-began
	<-began
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	r.server.Drain(ctx)
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("Drain took %s", took)
	}
	all.Wait()
	eventually(t, func() bool {
		s := r.server.State()
		return s[0].Signals[wire.Traces].Refused["draining"] == 1 && s[1].Signals[wire.Traces].Refused["draining"] == 1
	})
}

func refused(t *testing.T, address string) bool {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return err != nil
}

// eventually waits for what happens on other goroutines of real servers.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !done(); {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("it did not happen in time; goroutines:\n%s", buf[:runtime.Stack(buf, true)])
		}
		<-time.After(2 * time.Millisecond)
	}
}

// Nothing of the one that was removed sticks to the item that takes its place.
func TestBuffersAreNotMixedUp(t *testing.T) {
	r := newRig(t, setup{})
	r.dial()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 20 {
				size := 1 + (i*37+n*13)%120
				message := otlptest.Encode(otlptest.Logs(size))
				if i%2 == 0 {
					if _, err := r.call(wire.Logs, compression.None, message); err != nil {
						t.Error(err)
					}
				} else if a := r.post("/v1/logs", protobufType, gzipped(t, message), "Content-Encoding", "gzip"); a.code != 200 {
					t.Errorf("%d", a.code)
				}
			}
		})
	}
	all.Wait()
	got := r.backend.take()
	if len(got) != 160 {
		t.Errorf("%d requests", len(got))
	}
	for _, p := range got {
		if !bytes.Equal(p.Data.ReadOnlyData(), otlptest.Encode(otlptest.Logs(p.Items))) {
			t.Errorf("a request of %d records was changed", p.Items)
		}
	}
}
