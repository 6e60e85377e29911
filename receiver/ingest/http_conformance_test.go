package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestR13_PostOnTheUsualPathsAndPort(t *testing.T) {
	var c HTTPConfig
	c.SetDefaults()
	if c.Endpoint != "0.0.0.0:4318" {
		t.Errorf("the default endpoint is %s", c.Endpoint)
	}
	r := newRig(t, setup{signals: wire.Signals()})
	for _, client := range []*http.Client{http.DefaultClient, h2c(t)} {
		for path, sig := range map[string]wire.Signal{
			"/v1/traces": wire.Traces, "/v1/metrics": wire.Metrics, "/v1/logs": wire.Logs, "/v1development/profiles": wire.Profiles,
		} {
			want := sample(sig, 7)
			a := r.do(client, http.MethodPost, path, bytes.NewReader(want), "Content-Type", protobufType)
			got := r.backend.take()
			if a.code != 200 || len(got) != 1 || got[0].Signal != sig || !bytes.Equal(got[0].Data.ReadOnlyData(), want) {
				t.Errorf("%s: %d %q, %d requests", path, a.code, a.body, len(got))
			}
		}
	}
	without := newRig(t, setup{})
	if a := without.post("/v1development/profiles", protobufType, nil); a.code != 404 {
		t.Errorf("profiles without a pipeline: %d", a.code)
	}
}

func TestR13_HTTP2IsSpokenWithoutTLS(t *testing.T) {
	r := newRig(t, setup{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url("/v1/logs"), bytes.NewReader(sample(wire.Logs, 1)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", protobufType)
	response, err := h2c(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.ProtoMajor != 2 || response.StatusCode != 200 {
		t.Errorf("%s %s", response.Proto, response.Status)
	}
}

func TestR13_PathsAreConfigurable(t *testing.T) {
	r := newRig(t, setup{config: func(c *Config) {
		c.Protocols.HTTP.TracesURLPath, c.Protocols.HTTP.MetricsURLPath, c.Protocols.HTTP.LogsURLPath = "/otlp/v1/traces", "m", ""
	}})
	f := func(path string, want int) {
		t.Helper()
		if a := r.post(path, protobufType, nil); a.code != want {
			t.Errorf("%s: %d", path, a.code)
		}
	}
	f("/otlp/v1/traces", 200)
	f("/m", 200)
	f("/v1/logs", 200)
	f("/v1/traces", 404)
	f("/v1/metrics", 404)
	f("/v1/logs/", 404)
	f("/", 404)
}

func TestR14_ContentTypeChoosesTheEncoding(t *testing.T) {
	r := newRig(t, setup{})
	f := func(contentType, encoding string) {
		t.Helper()
		a := r.post("/v1/traces", contentType, oneSpan(encoding))
		if got := r.backend.take(); a.code != 200 || len(got) != 1 || got[0].Items != 1 {
			t.Errorf("%q: %d %q", contentType, a.code, a.body)
		}
	}
	f("application/x-protobuf", protobufType)
	f("application/json", jsonType)
	f("application/json; charset=utf-8", jsonType)
	f("application/json;charset=UTF-8", jsonType)
	f("application/JSON", jsonType)
	f("application/x-protobuf; charset=utf-8", protobufType)
	f("application/x-protobuf; proto=opentelemetry", protobufType)
	f("application/json; charset", jsonType)
}

func TestR15_ResponseHasTheRequestsContentType(t *testing.T) {
	r := newRig(t, setup{})
	f := func(contentType, want string, body []byte, code int) {
		t.Helper()
		a := r.post("/v1/traces", contentType, body)
		if a.code != code || a.header.Get("Content-Type") != want {
			t.Errorf("%s: %d, %s", contentType, a.code, a.header.Get("Content-Type"))
		}
	}
	for _, contentType := range []string{protobufType, jsonType} {
		f(contentType, contentType, oneSpan(contentType), 200)
		f(contentType, contentType, []byte("\xff"), 400)
		f(contentType+"; charset=utf-8", contentType, oneSpan(contentType), 200)
	}
	f(protobufType, protobufType, nil, 200) // 200, not 204, with nothing in it too
}

// Every refusal, in both encodings, has a google.rpc.Status for a body and
// nothing that would make a client retry what is permanent.
func TestR16_EveryRefusalIsAStatus(t *testing.T) {
	r := newRig(t, setup{config: func(c *Config) { c.Protocols.HTTP.MaxRequestBodySize = 1 << 20 }})
	r.backend.script(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) { panic("a mistake") })
	for _, contentType := range []string{protobufType, jsonType} {
		f := func(wantCode int, want codes.Code, a httpAnswer) httpAnswer {
			t.Helper()
			if a.code != wantCode {
				t.Errorf("%d, want %d: %s", a.code, wantCode, a.body)
			}
			if s := a.status(t, contentType); codes.Code(s.GetCode()) != want { //nolint:gosec // a small number
				t.Errorf("%d: %s", a.code, codes.Code(s.GetCode())) //nolint:gosec // a small number
			}
			return a
		}
		with := func(method, path string, body []byte, headers ...string) httpAnswer {
			t.Helper()
			return r.do(http.DefaultClient, method, path, bytes.NewReader(body), append([]string{"Content-Type", contentType}, headers...)...)
		}
		post := http.MethodPost
		f(404, codes.Unimplemented, with(post, "/v1/trace", nil))
		f(404, codes.Unimplemented, with(http.MethodGet, "/", nil))
		f(404, codes.Unimplemented, with(post, "/v1development/profiles", nil))
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions, "BREW"} {
			if a := f(405, codes.Unimplemented, with(method, "/v1/traces", nil)); a.header.Get("Allow") != "POST" {
				t.Errorf("%s: Allow: %q", method, a.header.Get("Allow"))
			}
		}
		if a := f(415, codes.Unimplemented, with(post, "/v1/traces", nil, "Content-Encoding", "br")); a.header.Get("Accept-Encoding") != "identity, gzip, zstd" {
			t.Errorf("Accept-Encoding: %q", a.header.Get("Accept-Encoding"))
		}
		f(415, codes.Unimplemented, with(post, "/v1/traces", nil, "Content-Encoding", "gzip, gzip"))
		f(413, codes.ResourceExhausted, with(post, "/v1/traces", make([]byte, 1<<20+1)))
		f(413, codes.ResourceExhausted, with(post, "/v1/traces", gzipped(t, make([]byte, 1<<20+1)), "Content-Encoding", "gzip"))
		f(400, codes.InvalidArgument, with(post, "/v1/traces", []byte("{\xff")))
		f(400, codes.InvalidArgument, with(post, "/v1/traces", []byte("no gzip"), "Content-Encoding", "gzip"))
		f(500, codes.Internal, with(post, "/v1/traces", oneSpan(contentType)))
	}
	if !strings.Contains(r.log.String(), "panic while handling a request") {
		t.Error("the panic was not logged")
	}
}

// Where a request has no encoding to answer in, people get JSON, unless the
// client would rather have protobuf.
func TestR16_WithoutAKnownContentType(t *testing.T) {
	r := newRig(t, setup{})
	f := func(method, contentType, accept string, wantCode int, want string) {
		t.Helper()
		headers := []string{"Accept", accept}
		if contentType != "" {
			headers = append(headers, "Content-Type", contentType)
		}
		a := r.do(http.DefaultClient, method, "/v1/traces", nil, headers...)
		if a.code != wantCode {
			t.Errorf("%s %q: %d", method, contentType, a.code)
		}
		a.status(t, want)
	}
	f(http.MethodPost, "text/plain", "*/*", 415, jsonType)
	f(http.MethodPost, "", "*/*", 415, jsonType)
	f(http.MethodPost, "application/x-thrift", protobufType, 415, protobufType)
	f(http.MethodGet, "", "text/html", 405, jsonType)
	f(http.MethodGet, "", protobufType, 405, protobufType)
	if a := r.do(http.DefaultClient, http.MethodHead, "/v1/traces", nil); a.code != 405 || len(a.body) != 0 {
		t.Errorf("HEAD: %d %q", a.code, a.body)
	}
}

func TestR17_UndecodableIs400WithDetails(t *testing.T) {
	r := newRig(t, setup{})
	f := func(contentType, body, wantField, wantProblem string) {
		t.Helper()
		a := r.post("/v1/traces", contentType, []byte(body))
		if a.code != 400 {
			t.Errorf("%q: %d", body, a.code)
		}
		field, problem, _ := details(a.status(t, contentType))
		if field != wantField || !strings.Contains(problem, wantProblem) {
			t.Errorf("%q: field %q, problem %q", body, field, problem)
		}
	}
	f(protobufType, "\x0a\x05\x12\x03\x12\x01\xff", "resourceSpans[0].scopeSpans[0].spans[0]", "tag")
	f(protobufType, "\x0a\x07\x12\x05\x12\x03\x2a\x01\xff", "resourceSpans[0].scopeSpans[0].spans[0].name", "UTF-8")
	f(jsonType, `{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER"}]}]}]}`, "resourceSpans[0].scopeSpans[0].spans[0].kind", "integer")
	f(jsonType, `{"resourceSpans":[]} trailing`, "", "end of the document")
	f(jsonType, `{"resourceSpans":[]}{}`, "", "end of the document")
	f(jsonType, "", "", "empty")
	f(jsonType, `{"resourceSpans":`, "resourceSpans", "too early")
}

func TestR18_TooLargeIs413(t *testing.T) {
	var c HTTPConfig
	c.SetDefaults()
	if c.limit() != 64<<20 || new(HTTPConfig).limit() != 64<<20 {
		t.Errorf("the default limit is %d", c.limit())
	}
	r := newRig(t, setup{config: func(c *Config) { c.Protocols.HTTP.MaxRequestBodySize = 100_000 }})
	fits := append(oneSpan(jsonType), bytes.Repeat([]byte{' '}, 100_000-len(oneSpan(jsonType)))...)
	over := append(bytes.Clone(fits), ' ')
	f := func(body io.Reader, want int, headers ...string) {
		t.Helper()
		for _, client := range []*http.Client{http.DefaultClient, h2c(t)} {
			b, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			body = bytes.NewReader(b)
			a := r.do(client, http.MethodPost, "/v1/traces", body, append([]string{"Content-Type", jsonType}, headers...)...)
			chunked := r.do(client, http.MethodPost, "/v1/traces", struct{ io.Reader }{bytes.NewReader(b)}, append([]string{"Content-Type", jsonType}, headers...)...)
			for _, a := range []httpAnswer{a, chunked} {
				if a.code != want {
					t.Errorf("%d bytes: %d, want %d", len(b), a.code, want)
				}
				if want != 200 {
					a.status(t, jsonType)
				}
				if a.header.Get("Retry-After") != "" {
					t.Errorf("%d bytes: Retry-After on what can never succeed", len(b))
				}
			}
			body = bytes.NewReader(b)
		}
	}
	f(bytes.NewReader(fits), 200)
	f(bytes.NewReader(over), 413)
	f(bytes.NewReader(gzipped(t, fits)), 200, "Content-Encoding", "gzip")
	f(bytes.NewReader(gzipped(t, over)), 413, "Content-Encoding", "gzip")
	f(bytes.NewReader(zstded(t, fits)), 200, "Content-Encoding", "zstd")
	f(bytes.NewReader(zstded(t, over)), 413, "Content-Encoding", "zstd")
}

func TestR19_OverloadIs503WithRetryAfterRoundedUp(t *testing.T) {
	f := func(name string, rig func() *rig, retryAfter string, wait time.Duration) {
		t.Helper()
		for _, contentType := range []string{protobufType, jsonType} {
			a := rig().post("/v1/traces", contentType, oneSpan(contentType))
			if a.code != 503 || a.header.Get("Retry-After") != retryAfter {
				t.Errorf("%s: %d, Retry-After %q", name, a.code, a.header.Get("Retry-After"))
			}
			if _, _, retry := details(a.status(t, contentType)); retry != wait {
				t.Errorf("%s: RetryInfo %s", name, retry)
			}
		}
	}
	after := func(d time.Duration) func() *rig {
		return func() *rig { // a new one each time: the pause would be kept otherwise
			r := newRig(t, setup{})
			r.backend.script(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
				return pipeline.Partial{}, &pipeline.RetryableError{Err: errors.New("busy"), After: d}
			})
			return r
		}
	}
	f("a nanosecond", after(1), "1", 1)
	f("half a second", after(500*time.Millisecond), "1", 500*time.Millisecond)
	f("a second", after(time.Second), "1", time.Second)
	f("a little more", after(time.Second+1), "2", time.Second+1)
	f("a minute", after(time.Minute), "60", time.Minute)
	f("not said", after(0), "", 0)
	f("a queue that is full", func() *rig { return fullRig(t) }, "1", time.Second)
	tight := newRig(t, setup{})
	tight.budget.used.Add(tight.budget.capacity)
	defer tight.budget.used.Add(-tight.budget.capacity)
	f("bytes in flight", func() *rig { return tight }, "1", time.Second)
}

// The table is what clients see: a change to it is a change of the protocol.
func TestR20_PermanentFailuresNeverUseRetryableCodes(t *testing.T) {
	want := map[string]struct {
		grpc  codes.Code
		http  int
		retry bool
	}{
		"malformed":           {codes.InvalidArgument, 400, false},
		"bad_compression":     {codes.InvalidArgument, 400, false},
		"too_large":           {codes.ResourceExhausted, 413, false},
		"media_type":          {codes.InvalidArgument, 415, false},
		"content_encoding":    {codes.Unimplemented, 415, false},
		"not_found":           {codes.Unimplemented, 404, false},
		"method":              {codes.Unimplemented, 405, false},
		"slow":                {codes.DeadlineExceeded, 408, true},
		"aborted":             {codes.Canceled, 400, true},
		"overload":            {codes.Unavailable, 503, true},
		"backend_unavailable": {codes.Unavailable, 503, true},
		"backend_rejected":    {codes.FailedPrecondition, 400, false},
		"export_failed":       {codes.Internal, 500, false},
		"draining":            {codes.Unavailable, 503, true},
		"internal":            {codes.Internal, 500, false},
	}
	retriedGRPC := []codes.Code{codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss}
	retriedHTTP := []int{429, 502, 503, 504}
	if len(want) != len(answers) {
		t.Errorf("%d causes, want %d", len(answers), len(want))
	}
	for c := range numCauses {
		a := answers[c]
		if w, ok := want[a.reason]; !ok || w.grpc != a.grpc || w.http != a.http || w.retry != a.retry {
			t.Errorf("%s: %+v", a.reason, a)
		}
		if slices.Contains(retriedGRPC, a.grpc) != a.retry {
			t.Errorf("%s: retry is %v, but its gRPC code is %s", a.reason, a.retry, a.grpc)
		}
		// A client that was slow or went away does not listen any more, and 503
		// would put the blame on the server.
		if c != slow && c != aborted && slices.Contains(retriedHTTP, a.http) != a.retry {
			t.Errorf("%s: retry is %v, but its HTTP status is %d", a.reason, a.retry, a.http)
		}
		f := &fault{cause: c, message: "x", after: time.Second}
		if _, _, retry := details(f.status()); (retry != 0) != a.retry {
			t.Errorf("%s: RetryInfo %s", a.reason, retry)
		}
		if _, ok := f.retryAfterSeconds(); ok != a.retry {
			t.Errorf("%s: Retry-After is set: %v", a.reason, ok)
		}
	}
}

// Without a queue the backend's verdict reaches the client under the right code.
func TestR20_VerdictsKeepTheirMeaning(t *testing.T) {
	r := newRig(t, setup{})
	f := func(err error, want int) {
		t.Helper()
		r.backend.script(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) { return pipeline.Partial{}, err })
		if a := r.post("/v1/traces", jsonType, oneSpan(jsonType)); a.code != want {
			t.Errorf("%v: %d", err, a.code)
		}
	}
	no := errors.New("no")
	f(&pipeline.RetryableError{Err: no}, 503)
	f(&pipeline.RejectedError{Err: no}, 400)
	f(no, 500)
	f(errors.Join(&pipeline.RejectedError{Err: no}, &pipeline.RetryableError{Err: no}), 503)
}

// Responses are a few KiB at most, so that compressing them is never worthwhile;
// above all it never happens unasked.
func TestR21_ResponsesAreNotCompressed(t *testing.T) {
	r := newRig(t, setup{})
	r.backend.script(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
		return pipeline.Partial{}, &pipeline.RejectedError{Err: errors.New(strings.Repeat("no ", 1<<20))}
	})
	for _, offer := range []string{"identity", "gzip"} {
		for _, contentType := range []string{protobufType, jsonType} {
			a := r.post("/v1/traces", contentType, oneSpan(contentType), "Accept-Encoding", offer)
			if a.header.Get("Content-Encoding") != "" || a.code != 400 || len(a.body) > 4<<10 {
				t.Errorf("offered %s: %d, %d bytes in %q", offer, a.code, len(a.body), a.header.Get("Content-Encoding"))
			}
			a.status(t, contentType)
		}
	}
}

func TestR22_BrokenCompressionIs400(t *testing.T) {
	r := newRig(t, setup{})
	whole, frame := gzipped(t, oneSpan(protobufType)), zstded(t, oneSpan(protobufType))
	f := func(coding string, body []byte, want int) {
		t.Helper()
		a := r.post("/v1/traces", protobufType, body, "Content-Encoding", coding)
		if a.code != want {
			t.Errorf("%s %.12x… (%d bytes): %d %q", coding, body, len(body), a.code, a.body)
		}
		if want != 200 {
			a.status(t, protobufType)
		}
	}
	for n := range whole {
		f("gzip", whole[:n], 400)
	}
	for n := range frame {
		f("zstd", frame[:n], 400)
	}
	f("gzip", oneSpan(protobufType), 400)
	f("zstd", whole, 400)
	f("gzip", append(bytes.Clone(whole), "trailing garbage"...), 400)
	f("gzip", append(bytes.Clone(whole), 0, 0, 0), 400)
	f("zstd", append(bytes.Clone(frame), "trailing garbage"...), 400)
	f("gzip", append(bytes.Clone(whole), gzipped(t, nil)...), 200)
	spoilt := bytes.Clone(whole)
	spoilt[len(spoilt)-6] ^= 1 // the checksum
	f("gzip", spoilt, 400)
}

func TestJ7_JSONThatHoldsNothingIsAWarning(t *testing.T) {
	r := newRig(t, setup{})
	f := func(path, body string, warned string) {
		t.Helper()
		a := r.post(path, jsonType, []byte(body))
		want := "{}"
		if warned != "" {
			want = `{"partialSuccess":{"errorMessage":"the request holds no ` + warned
		}
		if a.code != 200 || !strings.HasPrefix(string(a.body), want) {
			t.Errorf("%s: %d %s", body, a.code, a.body)
		}
	}
	f("/v1/traces", `{"resource_spans":[{"scope_spans":[{"spans":[{}]}]}]}`, "spans: keys")
	f("/v1/metrics", `{"resourceMetrics":[{"scope_metrics":[]}]}`, "data points: keys")
	f("/v1/logs", `{"resourceSpans":[]}`, "log records: keys")
	f("/v1/logs", `{"resourceLogs":[]}`, "log records: keys")
	f("/v1/logs", `{}`, "")
	f("/v1/logs", " {\n} ", "log records: keys")
	if got := r.backend.take(); len(got) != 0 {
		t.Errorf("the exporter got %d requests", len(got))
	}
}

func TestJ8_InvalidIdentifiersCostTheirItemAndAreCounted(t *testing.T) {
	r := newRig(t, setup{})
	span := func(traceID, spanID string) string {
		return `{"traceId":"` + traceID + `","spanId":"` + spanID + `","name":"x"}`
	}
	const traceID, spanID = "5b8efff798038103d269b633813fc60c", "EEE19B7EC3C1B174"
	f := func(rejected string, spans ...string) {
		t.Helper()
		a := r.post("/v1/traces", jsonType, []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+strings.Join(spans, ",")+`]}]}]}`))
		if want := `{"partialSuccess":{"rejectedSpans":"` + rejected + `","errorMessage":"`; a.code != 200 || !strings.HasPrefix(string(a.body), want) {
			t.Errorf("%s: %d %s", spans, a.code, a.body)
		}
	}
	f("1", span(traceID, spanID), span(strings.Repeat("0", 32), spanID))
	f("2", span(traceID, ""), span(traceID[:30], spanID), span(traceID, spanID))
	items := 0
	for _, got := range r.backend.take() {
		items += got.Items
	}
	s := r.server.State()[1].Signals[wire.Traces]
	if items != 2 || s.Items != 2 || s.Rejected != 3 || s.Requests != 2 {
		t.Errorf("%d items exported; counted %+v", items, s)
	}
	// A log record may do without its identifiers: only those are dropped.
	m := otlptest.Logs(1)
	m.ResourceLogs[0].ScopeLogs[0].LogRecords[0].SpanId = []byte{1}
	if a := r.post("/v1/logs", protobufType, otlptest.Encode(m)); a.code != 200 || len(a.body) == 0 {
		t.Errorf("log record: %d %x", a.code, a.body)
	}
	m.ResourceLogs[0].ScopeLogs[0].LogRecords[0].SpanId = nil
	if got := r.backend.take(); len(got) != 1 || !bytes.Equal(got[0].Data.ReadOnlyData(), otlptest.Encode(m)) {
		t.Error("the log record did not arrive without its span_id")
	}
}
