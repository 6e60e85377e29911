package conformance

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
	maxReply     = 64 << 20
)

// httpRequest is a request as it goes out; nothing is added to it.
type httpRequest struct {
	method      string // POST if empty
	addr        string // the receiver's HTTP port if empty
	path        string
	contentType string
	coding      string // Content-Encoding
	accept      string // Accept-Encoding
	body        []byte
	chunked     bool // sent without Content-Length
	http2       bool // with prior knowledge
}

// httpReply is the answer to a request. The code is 0 if there was none.
type httpReply struct {
	code   int
	major  int // version of HTTP
	header http.Header
	body   []byte
}

// send sends a request on a connection of its own.
func (s *subject) send(ctx context.Context, r httpRequest) httpReply {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	var body io.Reader = bytes.NewReader(r.body)
	if r.chunked {
		body = struct{ io.Reader }{body}
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.method, http.MethodPost), "http://"+cmp.Or(r.addr, s.http)+r.path, body)
	s.probe.must(err)
	for name, value := range map[string]string{"Content-Type": r.contentType, "Content-Encoding": r.coding, "Accept-Encoding": r.accept} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!r.http2)
	protocols.SetUnencryptedHTTP2(r.http2)
	transport := &http.Transport{DisableCompression: true, Protocols: protocols}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return httpReply{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return httpReply{}
	}
	return httpReply{resp.StatusCode, resp.ProtoMajor, resp.Header, text}
}

// post sends a body to the path of a signal.
func (s *subject) post(ctx context.Context, sig signal.Signal, contentType string, body []byte) httpReply {
	return s.send(ctx, httpRequest{path: sig.Path(), contentType: contentType, body: body})
}

// mediaType returns the type of the body without parameters.
func (r httpReply) mediaType() string {
	t, _, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if err != nil {
		return "no content type"
	}
	return t
}

// status returns the google.rpc.Status in the body, which must be in the encoding that its type says and not empty.
func (r httpReply) status() (*status.Status, bool) {
	decode := proto.Unmarshal
	switch r.mediaType() {
	case protobufType:
	case jsonType:
		decode = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal
	default:
		return nil, false
	}
	st := new(spb.Status)
	if len(r.body) == 0 || decode(r.body, st) != nil || st.GetMessage() == "" && st.GetCode() == 0 {
		return nil, false
	}
	return status.FromProto(st), true
}

// partial returns what a JSON answer of success says about items that were not taken.
func (r httpReply) partial(sig signal.Signal) (rejected int64, message string) {
	response := sig.NewResponse(0, "")
	if r.code != http.StatusOK || protojson.Unmarshal(r.body, response) != nil {
		return 0, ""
	}
	return signal.Rejected(response)
}

// String says what kind of answer it is.
func (r httpReply) String() string {
	if r.code == 0 {
		return "no answer"
	}
	return fmt.Sprint(r.code)
}

// retriesHTTP reports whether OTLP lets a client send a request again after the status.
func retriesHTTP(code int) bool {
	switch code {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// retryAfter reads Retry-After; ok is false if there is none, or none that can be read.
func (r httpReply) retryAfter() (wait time.Duration, ok bool) {
	text := r.header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return time.Until(at), true
	}
	return 0, false
}
