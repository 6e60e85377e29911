package grpcresolver

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// script is a source that tells what a test sends.
type script chan resolve.Answer

func (s script) Follow(ctx context.Context, tell func(resolve.Answer)) {
	for {
		select {
		case a := <-s:
			tell(a)
		case <-ctx.Done():
			return
		}
	}
}

// serve starts a server that says by its status which of two it is.
func serve(t *testing.T, answer grpc_health_v1.HealthCheckResponse_ServingStatus) resolve.Instance {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on the loopback
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(s, health{answer: answer})
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return resolve.Instance{ID: answer.String(), Addr: l.Addr().String()}
}

type health struct {
	grpc_health_v1.UnimplementedHealthServer

	answer grpc_health_v1.HealthCheckResponse_ServingStatus
}

func (h health) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	return &grpc_health_v1.HealthCheckResponse{Status: h.answer}, nil
}

// dial returns a call of the service behind a source.
func dial(t *testing.T, source resolve.Source) func() (string, error) {
	t.Helper()
	open := func(url string) (resolve.Source, error) {
		if url != "consul://127.0.0.1:8500/otlp?tag=grpc" {
			t.Errorf("opened %s", url)
		}
		return source, nil
	}
	conn, err := grpc.NewClient("consul://127.0.0.1:8500/otlp?tag=grpc", grpc.WithResolvers(Builder("consul", open)),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client := grpc_health_v1.NewHealthClient(conn)
	return func() (string, error) {
		answer, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		return answer.GetStatus().String(), err
	}
}

func TestResolver(t *testing.T) {
	a, b := serve(t, grpc_health_v1.HealthCheckResponse_SERVING), serve(t, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	source := make(script, 1)
	call := dial(t, source)
	until := func(want string, failing bool) {
		t.Helper()
		var got string
		var err error
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
			got, err = call()
			if (err != nil) == failing && (failing && strings.Contains(err.Error(), want) || !failing && got == want) {
				return
			}
		}
		t.Fatalf("answers %s, %v; want %s", got, err, want)
	}
	source <- resolve.Answer{Instances: []resolve.Instance{a}}
	until("SERVING", false)
	source <- resolve.Answer{Instances: []resolve.Instance{a, b}}
	until("NOT_SERVING", false)
	source <- resolve.Answer{Instances: []resolve.Instance{a, b}, Err: errors.New("the registry is away")}
	source <- resolve.Answer{Instances: []resolve.Instance{b}}
	for range 3 {
		until("NOT_SERVING", false)
	}
	source <- resolve.Answer{}
	until("Unavailable", true)
	source <- resolve.Answer{Instances: []resolve.Instance{a}}
	until("SERVING", false)
}

func TestResolverSaysWhy(t *testing.T) {
	source := make(script, 1)
	source <- resolve.Answer{Err: errors.New("consul 127.0.0.1:8500 cannot be reached")}
	_, err := dial(t, source)()
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("the call says %v", err)
	}
}

func TestInstance(t *testing.T) {
	conn := &recorder{}
	f := &following{conn: conn}
	f.tell(resolve.Answer{Instances: []resolve.Instance{{ID: "a", Addr: "h:1", Zone: "z"}}})
	if len(conn.state.Endpoints) != 1 {
		t.Fatalf("told %+v", conn.state)
	}
	i, ok := Instance(conn.state.Endpoints[0])
	if !ok || i.ID != "a" || i.Zone != "z" || conn.state.Endpoints[0].Addresses[0].Addr != "h:1" {
		t.Errorf("the endpoint is %+v, %v", i, ok)
	}
	if _, ok := Instance(resolver.Endpoint{}); ok {
		t.Error("an endpoint of somebody else is an instance")
	}
}

// recorder is a connection that remembers what it was told.
type recorder struct {
	resolver.ClientConn

	state resolver.State
}

func (r *recorder) UpdateState(s resolver.State) error {
	r.state = s
	return nil
}
