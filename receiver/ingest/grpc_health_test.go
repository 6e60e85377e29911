package ingest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

const (
	serving    = grpc_health_v1.HealthCheckResponse_SERVING
	notServing = grpc_health_v1.HealthCheckResponse_NOT_SERVING
	unknown    = grpc_health_v1.HealthCheckResponse_SERVICE_UNKNOWN
)

// health asks the rig's server with gRPC's own client.
func (r *rig) health() grpc_health_v1.HealthClient {
	r.t.Helper()
	conn, err := grpc.NewClient(r.server.Addr(GRPC), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	return grpc_health_v1.NewHealthClient(conn)
}

func TestHealthCheck(t *testing.T) {
	r := newRig(t, setup{})
	client := r.health()
	f := func(service string, want grpc_health_v1.HealthCheckResponse_ServingStatus, code codes.Code, options ...grpc.CallOption) {
		t.Helper()
		got, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service}, options...)
		if got.GetStatus() != want || status.Code(err) != code {
			t.Errorf("%q: %s, %v", service, got.GetStatus(), err)
		}
	}
	otlp := strings.TrimSuffix(wire.Traces.Method()[1:], "/Export")
	f("", serving, codes.OK)
	f(otlp, serving, codes.OK)
	f("otlp", 0, codes.NotFound)
	f(strings.Repeat("x", 1<<10), 0, codes.InvalidArgument)
	f("", serving, codes.OK, grpc.UseCompressor("gzip"))
	f(otlp, 0, codes.Unimplemented, grpc.UseCompressor("gzip"))
	r.ready.Close("draining")
	f("", notServing, codes.OK)
	f(otlp, notServing, codes.OK)
}

// A watch tells each change, and ends with the server, which does not wait for it.
func TestHealthWatch(t *testing.T) {
	r := newRig(t, setup{})
	watch := func(service string) func(want grpc_health_v1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		stream, err := r.health().Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		if err != nil {
			t.Fatal(err)
		}
		return func(want grpc_health_v1.HealthCheckResponse_ServingStatus) {
			t.Helper()
			got, err := stream.Recv()
			if want < 0 {
				if !errors.Is(err, io.EOF) {
					t.Errorf("in the end: %s, %v", got.GetStatus(), err)
				}
				return
			}
			if err != nil || got.GetStatus() != want {
				t.Errorf("%s, %v; want %s", got.GetStatus(), err, want)
			}
		}
	}
	all, other := watch(""), watch("other")
	all(serving)
	other(unknown)
	r.ready.Close("draining")
	all(notServing)
	r.ready.Open()
	all(serving)
	within, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	r.server.Drain(within)
	if within.Err() != nil {
		t.Error("the server waited for who watches it")
	}
	all(-1)
	other(-1)
}
