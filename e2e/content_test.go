package e2e_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/pdata"
	"github.com/otlpctl/otlpctl/e2e/harness/random"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

const contentSeeds = 25

// Every field of every message gets through, whatever way in is combined with whatever way out.
func TestContent(t *testing.T) {
	exporters := map[string]func(*sink.Sink) string{
		"grpc none": func(s *sink.Sink) string { return exporter("otlp", s.GRPC(), "compression: none") },
		"grpc gzip": func(s *sink.Sink) string { return exporter("otlp", s.GRPC(), "compression: gzip") },
		"grpc zstd": func(s *sink.Sink) string { return exporter("otlp", s.GRPC(), "compression: zstd") },
		"http none": func(s *sink.Sink) string { return exporter("otlphttp", s.URL(), "compression: none") },
		"http gzip": func(s *sink.Sink) string { return exporter("otlphttp", s.URL(), "compression: gzip") },
		"http zstd": func(s *sink.Sink) string { return exporter("otlphttp", s.URL(), "compression: zstd") },
		"json gzip": func(s *sink.Sink) string { return exporter("otlphttp", s.URL(), "compression: gzip", "encoding: json") },
	}
	for out, settings := range exporters {
		t.Run("to "+out, func(t *testing.T) {
			t.Parallel()
			behind := sink.Run(t)
			s := serve(t, forwarding(settings(behind), exporterName(out)))
			for _, protocol := range signal.Protocols() {
				for _, coding := range []string{"", "gzip", "zstd"} {
					t.Run("from "+strings.ReplaceAll(string(protocol), "/", " ")+" "+coding, func(t *testing.T) {
						behind.Forget()
						wantContent(t, behind, s.client(t, protocol, coding))
						wantTransport(t, behind, out)
					})
				}
			}
		})
	}
}

// wantContent sends random requests of every signal and compares what arrives.
func wantContent(t *testing.T, behind *sink.Sink, c client.Client) {
	t.Helper()
	for _, sig := range signal.All() {
		want := requests(t, sig)
		for i, request := range want {
			if err := c.Export(t.Context(), sig, request); err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
		}
		wantArrived(t, behind, sig, want)
	}
}

// requests returns random requests, none of them without any item: those get a warning.
func requests(t *testing.T, sig signal.Signal) []proto.Message {
	t.Helper()
	var out []proto.Message
	for seed := uint64(0); len(out) < contentSeeds; seed++ {
		if m := known(t, sig, random.Request(sig, seed)); signal.Items(m) > 0 {
			out = append(out, m)
		}
	}
	return out
}

// known passes a request through pdata, so that it holds only what OTLP/JSON as written by pdata can carry.
func known(t *testing.T, sig signal.Signal, m proto.Message) proto.Message {
	t.Helper()
	encoded, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	r := pdata.NewRequest(sig)
	if err := r.UnmarshalProto(encoded); err != nil {
		t.Fatal(err)
	}
	if encoded, err = r.MarshalProto(); err != nil {
		t.Fatal(err)
	}
	out := sig.NewRequest()
	if err := proto.Unmarshal(encoded, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// wantArrived waits for all items of the requests at the sink and compares their content.
func wantArrived(t *testing.T, behind *sink.Sink, sig signal.Signal, want []proto.Message) {
	t.Helper()
	items := 0
	for _, m := range want {
		items += signal.Items(m)
	}
	behind.WaitItems(t, sig, items, arrivalLimit)
	w, err := signal.Itemize(want...)
	if err != nil {
		t.Fatal(err)
	}
	g, err := signal.Itemize(behind.Messages(sig)...)
	if err != nil {
		t.Fatal(err)
	}
	wantItems(t, g, w)
}

// wantTransport checks that the exporter did what its settings say.
func wantTransport(t *testing.T, behind *sink.Sink, out string) {
	t.Helper()
	way, coding, _ := strings.Cut(out, " ")
	coding = strings.TrimSuffix(coding, "none")
	protocol := map[string]signal.Protocol{"grpc": signal.GRPC, "http": signal.HTTPProtobuf, "json": signal.HTTPJSON}[way]
	for _, r := range behind.Accepted() {
		if r.Protocol != protocol || r.Coding != coding {
			t.Errorf("arrived over %s with coding %q, want %s and %q", r.Protocol, r.Coding, protocol, coding)
			return
		}
	}
}

func exporterName(out string) string {
	if strings.HasPrefix(out, "grpc") {
		return "otlp"
	}
	return "otlphttp"
}

// exporter is the settings of an exporter without TLS.
func exporter(name, endpoint string, settings ...string) string {
	text := "  " + name + ":\n    endpoint: " + endpoint + "\n    tls:\n      insecure: true\n"
	for _, s := range settings {
		text += "    " + s + "\n"
	}
	return text
}
