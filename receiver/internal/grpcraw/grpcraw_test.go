package grpcraw_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
)

const method = "/test.Raw/Echo"

// handler answers one call on the server. It owns request.
type handler func(ctx context.Context, request *grpcraw.Message) (*grpcraw.Message, error)

// serve starts a server that hands every call to h, and returns a client.
func serve(t testing.TB, h handler) *grpc.ClientConn {
	t.Helper()
	grpcraw.Register()
	server := grpc.NewServer(grpc.ForceServerCodecV2(grpcraw.Codec{}))
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "test.Raw", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
		MethodName: "Echo",
		Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			request := new(grpcraw.Message)
			if err := decode(request); err != nil {
				return nil, err
			}
			return h(ctx, request)
		},
	}}}, nil)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(grpcraw.Codec{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-served
	})
	return conn
}

func message(a compression.Algorithm, data ...[]byte) *grpcraw.Message {
	m := &grpcraw.Message{Compression: a}
	for _, d := range data {
		m.Data = append(m.Data, mem.SliceBuffer(d))
	}
	return m
}

func unpack(t *testing.T, m *grpcraw.Message) string {
	t.Helper()
	u := compression.Unpacker{Limit: 1 << 20}
	b, err := u.Unpack(m.Compression, bytes.NewReader(m.Data.Materialize()))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func pack(t *testing.T, a compression.Algorithm, text string) []byte {
	t.Helper()
	p, err := compression.NewPacker(a, compression.Fast)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Append(nil, mem.NopBufferPool{}, mem.SliceBuffer(text))
	if err != nil {
		t.Fatal(err)
	}
	return out.Materialize()
}

// What arrives is what was sent, byte for byte, with the coding it came in.
func TestCarriesMessagesUnchanged(t *testing.T) {
	var got *grpcraw.Message
	conn := serve(t, func(_ context.Context, m *grpcraw.Message) (*grpcraw.Message, error) {
		got = m
		return message(compression.None), nil
	})
	f := func(a compression.Algorithm, parts ...[]byte) {
		t.Helper()
		var options []grpc.CallOption
		if a != compression.None {
			options = append(options, grpc.UseCompressor(a.String()))
		}
		response := new(grpcraw.Message)
		if err := conn.Invoke(t.Context(), method, message(a, parts...), response, options...); err != nil {
			t.Fatal(err)
		}
		want := bytes.Join(parts, nil)
		if got.Compression != a || !bytes.Equal(got.Data.Materialize(), want) {
			t.Errorf("sent %d bytes in %s, received %d bytes in %s", len(want), a, got.Data.Len(), got.Compression)
		}
		if response.Data.Len() != 0 || response.Compression != compression.None {
			t.Errorf("an empty response came as %d bytes in %s", response.Data.Len(), response.Compression)
		}
	}
	large := bytes.Repeat([]byte{0x0a, 0x07, 0x0f, 0x00, 0xff}, 100_000)
	f(compression.None)
	f(compression.None, []byte("\x0aone"), []byte("two"))
	f(compression.None, large, large)
	f(compression.Gzip, pack(t, compression.Gzip, "hello"))
	f(compression.Gzip, []byte("not gzip at all"), large)
	f(compression.Zstd, pack(t, compression.Zstd, "hello"))
	f(compression.Zstd, large)
}

// grpc-go answers in the coding of the request. What it flags as compressed is.
func TestAnswersInTheRequestsCoding(t *testing.T) {
	identity := false
	conn := serve(t, func(ctx context.Context, _ *grpcraw.Message) (*grpcraw.Message, error) {
		if identity {
			if err := grpc.SetSendCompressor(ctx, "identity"); err != nil {
				return nil, err
			}
		}
		return message(compression.None, []byte("\x0apartial"), []byte(" success")), nil
	})
	f := func(a, want compression.Algorithm) {
		t.Helper()
		response := new(grpcraw.Message)
		if err := conn.Invoke(t.Context(), method, message(a, pack(t, a, "request")), response, grpc.UseCompressor(a.String())); err != nil {
			t.Fatal(err)
		}
		if response.Compression != want || unpack(t, response) != "\x0apartial success" {
			t.Errorf("request in %s: response %q in %s", a, response.Data.Materialize(), response.Compression)
		}
	}
	f(compression.Gzip, compression.Gzip)
	f(compression.Zstd, compression.Zstd)
	identity = true
	f(compression.Gzip, compression.None)
	f(compression.Zstd, compression.None)
}

// A gzip response is one for peers of any kind, down to the standard library.
func TestCompressesPlainMessages(t *testing.T) {
	conn := serve(t, func(_ context.Context, m *grpcraw.Message) (*grpcraw.Message, error) {
		z, err := gzip.NewReader(bytes.NewReader(m.Data.Materialize()))
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(z)
		if err != nil || string(b) != "\x0aplain text" {
			return nil, status.Errorf(codes.InvalidArgument, "%q, %v", b, err)
		}
		return message(compression.None), nil
	})
	err := conn.Invoke(t.Context(), method, message(compression.None, []byte("\x0aplain "), nil, []byte("text")), new(grpcraw.Message), grpc.UseCompressor("gzip"))
	if err != nil {
		t.Fatal(err)
	}
}

func TestRefusesToMixCodings(t *testing.T) {
	conn := serve(t, func(context.Context, *grpcraw.Message) (*grpcraw.Message, error) {
		t.Error("the message was sent")
		return message(compression.None), nil
	})
	err := conn.Invoke(t.Context(), method, message(compression.Zstd, []byte("x")), new(grpcraw.Message), grpc.UseCompressor("gzip"))
	if status.Code(err) != codes.Internal {
		t.Fatal(err)
	}
}

func TestAnnouncesWhatItReads(t *testing.T) {
	conn := serve(t, func(ctx context.Context, _ *grpcraw.Message) (*grpcraw.Message, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		if got := md.Get("content-type"); len(got) != 1 || got[0] != "application/grpc" {
			t.Errorf("content-type %q", got)
		}
		got, err := grpc.ClientSupportedCompressors(ctx)
		if err != nil || len(got) != 2 || got[0] != "gzip" || got[1] != "zstd" {
			t.Errorf("grpc-accept-encoding %q, %v", got, err)
		}
		return message(compression.None), nil
	})
	if err := conn.Invoke(t.Context(), method, message(compression.None), new(grpcraw.Message)); err != nil {
		t.Fatal(err)
	}
}

// A call that ends early leaves the transport with references of its own: the
// caller frees its buffers at once, and they are given back when nobody reads them.
func TestBuffersOutliveTheCall(t *testing.T) {
	release := make(chan struct{})
	want := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	conn := serve(t, func(_ context.Context, m *grpcraw.Message) (*grpcraw.Message, error) {
		if bytes.IndexByte(m.Data.Materialize(), buftest.Poison) >= 0 {
			t.Error("a freed buffer was sent")
		}
		m.Free()
		<-release
		return message(compression.None), nil
	})
	pool := new(buftest.Pool)
	for _, a := range []compression.Algorithm{compression.None, compression.Gzip} {
		for _, timeout := range []time.Duration{time.Microsecond, 300 * time.Microsecond, time.Millisecond, 3 * time.Millisecond, 20 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			m := &grpcraw.Message{Compression: a}
			for i := 0; i < len(want); i += 64 << 10 {
				m.Data = append(m.Data, pool.Buffer(want[i:i+64<<10]))
			}
			var options []grpc.CallOption
			if a != compression.None {
				options = append(options, grpc.UseCompressor(a.String()))
			}
			err := conn.Invoke(ctx, method, m, new(grpcraw.Message), options...)
			m.Free()
			cancel()
			if status.Code(err) != codes.DeadlineExceeded {
				t.Fatalf("timeout %s: %v", timeout, err)
			}
		}
	}
	close(release)
	pool.AllFreed(t)
}
