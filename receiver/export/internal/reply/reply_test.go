package reply

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestPartial(t *testing.T) {
	f := func(body string, want pipeline.Partial, ok bool) {
		t.Helper()
		got, err := Partial([]byte(body))
		if got != want || (err == nil) != ok {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
	}
	f("", pipeline.Partial{}, true)
	f("\x0a\x00", pipeline.Partial{}, true)
	f(string(wire.AppendPartialSuccess(nil, 3, "too\nold")), pipeline.Partial{Rejected: 3, Message: "too\nold"}, true)
	f("<html>", pipeline.Partial{}, false)
}

func TestRetryDelay(t *testing.T) {
	f := func(want time.Duration, ok bool, details ...proto.Message) {
		t.Helper()
		s := new(spb.Status)
		for _, d := range details {
			detail, err := anypb.New(d)
			if err != nil {
				t.Fatal(err)
			}
			s.Details = append(s.Details, detail)
		}
		if got, has := RetryDelay(s); got != want || has != ok {
			t.Errorf("%v: %s, %t", details, got, has)
		}
	}
	f(0, false)
	f(0, false, &errdetails.BadRequest{})
	f(2*time.Second, true, &errdetails.BadRequest{}, &errdetails.RetryInfo{RetryDelay: durationpb.New(2 * time.Second)})
	f(0, true, &errdetails.RetryInfo{})
	f(0, true, &errdetails.RetryInfo{RetryDelay: durationpb.New(-time.Second)})
	if _, ok := RetryDelay(nil); ok {
		t.Error("no status, but RetryInfo")
	}
	damaged := &spb.Status{Details: []*anypb.Any{{TypeUrl: "type.googleapis.com/google.rpc.RetryInfo", Value: []byte{0xff}}}}
	if _, ok := RetryDelay(damaged); ok {
		t.Error("RetryInfo that is none")
	}
}

func TestLine(t *testing.T) {
	f := func(message, want string) {
		t.Helper()
		if got := (Discreet{}).Line(message); got != want {
			t.Errorf("%q: %q", message, got)
		}
	}
	f("", "")
	f("too\r\n\told ", "too old")
	f("\xff\xfe!", "!")
	f(strings.Repeat("m", 5000), strings.Repeat("m", 1024)+"…")
}
