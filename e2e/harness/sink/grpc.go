package sink

import (
	"context"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // clients may compress
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

func newGRPCServer(s *Sink) *grpc.Server {
	gs := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.StatsHandler(codingRecorder{}))
	coltrace.RegisterTraceServiceServer(gs, traceServer{s: s})
	colmetrics.RegisterMetricsServiceServer(gs, metricsServer{s: s})
	collogs.RegisterLogsServiceServer(gs, logsServer{s: s})
	return gs
}

type traceServer struct {
	coltrace.UnimplementedTraceServiceServer
	s *Sink
}

func (t traceServer) Export(ctx context.Context, r *coltrace.ExportTraceServiceRequest) (*coltrace.ExportTraceServiceResponse, error) {
	return export[*coltrace.ExportTraceServiceResponse](ctx, t.s, signal.Traces, r)
}

type metricsServer struct {
	colmetrics.UnimplementedMetricsServiceServer
	s *Sink
}

func (m metricsServer) Export(ctx context.Context, r *colmetrics.ExportMetricsServiceRequest) (*colmetrics.ExportMetricsServiceResponse, error) {
	return export[*colmetrics.ExportMetricsServiceResponse](ctx, m.s, signal.Metrics, r)
}

type logsServer struct {
	collogs.UnimplementedLogsServiceServer
	s *Sink
}

func (l logsServer) Export(ctx context.Context, r *collogs.ExportLogsServiceRequest) (*collogs.ExportLogsServiceResponse, error) {
	return export[*collogs.ExportLogsServiceResponse](ctx, l.s, signal.Logs, r)
}

func export[R proto.Message](ctx context.Context, s *Sink, sig signal.Signal, message proto.Message) (R, error) {
	var none R
	md, _ := metadata.FromIncomingContext(ctx)
	r := Request{Signal: sig, Protocol: signal.GRPC, Coding: codingOf(ctx), Header: md, Message: message}
	if from, ok := peer.FromContext(ctx); ok {
		r.Peer = from.Addr.String()
	}
	a := s.take(ctx, r)
	if a.Code != codes.OK {
		st, err := a.status()
		if err != nil {
			return none, err
		}
		return none, st.Err()
	}
	return a.response(sig).(R), nil
}

// codingRecorder notes a request's compression, which grpc-go shows to stats handlers only.
type codingRecorder struct{}

type codingKey struct{}

func codingOf(ctx context.Context) string {
	if c, ok := ctx.Value(codingKey{}).(*string); ok {
		return *c
	}
	return ""
}

func (codingRecorder) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, codingKey{}, new(string))
}

func (codingRecorder) HandleRPC(ctx context.Context, s stats.RPCStats) {
	in, ok := s.(*stats.InHeader)
	if !ok {
		return
	}
	if c, ok := ctx.Value(codingKey{}).(*string); ok && in.Compression != "identity" {
		*c = in.Compression
	}
}

func (codingRecorder) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (codingRecorder) HandleConn(context.Context, stats.ConnStats) {}
