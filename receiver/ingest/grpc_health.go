package ingest

import (
	"encoding/binary"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// registerHealth serves grpc.health.v1 (gRPC's health checking protocol), for the probes of Kubernetes and Consul and for
// clients that ask before they send. It says what /ready says, for the server as a whole and for each service of OTLP.
func (g *grpcServer) registerHealth() {
	g.server.RegisterService(&grpc.ServiceDesc{
		ServiceName: grpc_health_v1.Health_ServiceDesc.ServiceName, HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{
			{StreamName: "Check", ClientStreams: true, Handler: func(_ any, s grpc.ServerStream) error { return g.check(s) }},
			{StreamName: "Watch", ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error { return g.watch(s) }},
		},
	}, nil)
}

// check answers once.
func (g *grpcServer) check(s grpc.ServerStream) error {
	service, err := askedFor(s)
	if err != nil {
		return err
	}
	if !serves(service) {
		return status.Errorf(codes.NotFound, "no service %q here", clip(service, maxField))
	}
	why, _ := g.in.ready.Read()
	return tell(s, servingStatus(why))
}

// watch answers at once and then with each change, until the client leaves or the server does.
func (g *grpcServer) watch(s grpc.ServerStream) error {
	service, err := askedFor(s)
	if err != nil {
		return err
	}
	var last grpc_health_v1.HealthCheckResponse_ServingStatus = -1
	for {
		why, changed := g.in.ready.Read()
		now := servingStatus(why)
		if !serves(service) {
			now = grpc_health_v1.HealthCheckResponse_SERVICE_UNKNOWN
		}
		if now != last {
			if err := tell(s, now); err != nil {
				return err
			}
			last = now
		}
		select {
		case <-changed:
		case <-s.Context().Done():
			return s.Context().Err()
		case <-g.leaving:
			return nil // draining waits for every call, and this one would not end
		}
	}
}

func servingStatus(why string) grpc_health_v1.HealthCheckResponse_ServingStatus {
	if why == "" {
		return grpc_health_v1.HealthCheckResponse_SERVING
	}
	return grpc_health_v1.HealthCheckResponse_NOT_SERVING
}

// serves reports whether there is a service of that name; the empty one is the server.
func serves(service string) bool {
	if service == "" {
		return true
	}
	for _, sig := range wire.Signals() {
		if sig.Method() == "/"+service+"/Export" {
			return true
		}
	}
	return false
}

// askedFor returns the service that a request is about.
func askedFor(s grpc.ServerStream) (string, error) {
	// grpc-go would answer in the request's coding.
	if err := grpc.SetSendCompressor(s.Context(), encoding.Identity); err != nil {
		return "", err
	}
	stream, err := streamOf(s.Context())
	if err != nil {
		return "", err
	}
	var r receipt
	r.start(stream, receiveTimeout)
	defer r.stop()
	if err := stream.ReadMessageHeader(r.header[:]); err != nil {
		return "", err
	}
	if r.header[0] != 0 {
		return "", status.Error(codes.Unimplemented, "a health check is not to be compressed")
	}
	size := binary.BigEndian.Uint32(r.header[1:])
	if size > maxField {
		return "", status.Error(codes.InvalidArgument, "the name of the service is too long")
	}
	data, err := stream.Read(int(size))
	if err != nil {
		return "", err
	}
	defer data.Free()
	var request grpc_health_v1.HealthCheckRequest
	if err := proto.Unmarshal(data.Materialize(), &request); err != nil {
		return "", status.Error(codes.InvalidArgument, "no health check: "+err.Error())
	}
	return request.GetService(), nil
}

func tell(s grpc.ServerStream, is grpc_health_v1.HealthCheckResponse_ServingStatus) error {
	answer, err := proto.Marshal(&grpc_health_v1.HealthCheckResponse{Status: is})
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return s.SendMsg(answer)
}
