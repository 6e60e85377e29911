package conformance

import (
	"context"
	"errors"
	"strconv"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func checkR11(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	arrived, release := make(chan struct{}), make(chan struct{})
	s.behind.Answer(func(ctx context.Context, r sink.Request) sink.Answer {
		if numbered.Numbers(r.Message)[0] == 1 {
			close(arrived)
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return sink.Answer{}
	})
	send := func(number uint64) codes.Code {
		return s.export(ctx, signal.Traces, encode(numbered.Request(signal.Traces, number, 1))).code()
	}
	first := make(chan codes.Code, 1)
	go func() { first <- send(1) }()
	select {
	case <-arrived:
	case <-ctx.Done():
		p.need(false, "the first call did not get through")
	}
	p.want(send(2) == codes.OK, "", "a second call waits for the first")
	close(release)
	p.want(<-first == codes.OK, "", "the first call fails in the end")
	p.say("a later call is answered while an earlier one waits")
}

func checkR12(ctx context.Context, p *probe) {
	s := p.start(ctx, setup{})
	for _, v := range anyValues() {
		message := logOf(v.value)
		withUnknown(message, message.ResourceLogs[0], message.ResourceLogs[0].ScopeLogs[0],
			message.ResourceLogs[0].ScopeLogs[0].LogRecords[0], v.value)
		s.behind.Forget()
		grpc, http := s.export(ctx, signal.Logs, encode(message)), s.post(ctx, signal.Logs, protobufType, encode(message))
		p.want(grpc.code() == codes.OK && http.code == 200, v.kind, "with unknown fields refused")
		for _, got := range s.behind.Messages(signal.Logs) {
			p.want(proto.Equal(without(bodies(got)[0]), without(v.value)), v.kind, "changed on the way")
		}
	}
	p.say("every kind arrives; unknown fields at every depth are no error")
}

// kindOf is a value of a kind.
type kindOf struct {
	kind  string
	value *common.AnyValue
}

// anyValues returns a value of each kind.
func anyValues() []kindOf {
	list := &common.ArrayValue{Values: []*common.AnyValue{text("a"), {}, {Value: &common.AnyValue_BoolValue{BoolValue: true}}}}
	inner := &common.KeyValueList{Values: []*common.KeyValue{
		{Key: "list", Value: &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: list}}}, {Key: "empty", Value: &common.AnyValue{}},
	}}
	outer := &common.KeyValueList{Values: []*common.KeyValue{
		{Key: "nested", Value: &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: inner}}},
	}}
	return []kindOf{
		{"string", text("é")},
		{"empty string", text("")},
		{"empty", &common.AnyValue{}},
		{"bool", &common.AnyValue{Value: &common.AnyValue_BoolValue{}}},
		{"int", &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: -1 << 63}}},
		{"double", &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: 1.5}}},
		{"bytes", &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: []byte{0, 0xff}}}},
		{"array", &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: list}}},
		{"kvlist", &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: outer}}},
	}
}

// withUnknown adds to messages what no schema knows, in every wire type but groups. The numbers are none that the
// protocol reserves: 1000 once was a field.
func withUnknown(messages ...proto.Message) {
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 5000, protowire.VarintType), 1)
	unknown = protowire.AppendBytes(protowire.AppendTag(unknown, 5001, protowire.BytesType), []byte("news"))
	unknown = protowire.AppendFixed32(protowire.AppendTag(unknown, 5002, protowire.Fixed32Type), 2)
	unknown = protowire.AppendFixed64(protowire.AppendTag(unknown, 5003, protowire.Fixed64Type), 3)
	for _, m := range messages {
		m.ProtoReflect().SetUnknown(unknown)
	}
}

// verdict sends ten items as a client of the protocol and returns what it hears.
func (s *subject) verdict(ctx context.Context, protocol signal.Protocol, sig signal.Signal) (rejected int64, message string, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	err = s.client(protocol).Export(ctx, sig, numbered.Request(sig, 1, 10))
	var refused *client.RefusedError
	if errors.As(err, &refused) && refused.Code == codes.OK {
		return refused.Rejected, refused.Message, nil
	}
	return 0, "", err
}

// hang makes the backend keep every request until it or the backend ends.
func (s *subject) hang() {
	s.behind.Answer(func(ctx context.Context, _ sink.Request) sink.Answer {
		<-ctx.Done()
		return sink.Answer{Code: codes.Unavailable}
	})
}

// counted says how many were rejected.
func counted(rejected int64) string {
	if rejected == 0 {
		return "of full success"
	}
	return strconv.FormatInt(rejected, 10)
}

// name returns a code as specifications write it.
func name(c codes.Code) string {
	names := []string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
		"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}
	if int(c) < len(names) {
		return names[c]
	}
	return c.String()
}
