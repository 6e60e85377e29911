package sink

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/pdata"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

func newHTTPServer(s *Sink) *http.Server {
	mux := http.NewServeMux()
	for _, sig := range signal.All() {
		mux.HandleFunc("POST "+sig.Path(), func(w http.ResponseWriter, r *http.Request) { s.serveHTTP(w, r, sig) })
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{Handler: mux, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second}
}

func (s *Sink) serveHTTP(w http.ResponseWriter, r *http.Request, sig signal.Signal) {
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || contentType != protobufType && contentType != jsonType {
		http.Error(w, "content type", http.StatusUnsupportedMediaType)
		return
	}
	req := Request{
		Signal: sig, Protocol: signal.HTTPProtobuf, Coding: strings.ToLower(r.Header.Get("Content-Encoding")),
		Header: lowerKeys(r.Header), Peer: r.RemoteAddr, Message: sig.NewRequest(),
	}
	body, err := readBody(r)
	req.Body = body
	if err == nil && contentType == jsonType {
		req.Protocol = signal.HTTPJSON
		body, err = pdata.JSONToWire(sig, body)
	}
	if err == nil {
		err = proto.Unmarshal(body, req.Message)
	}
	if err != nil {
		respond(w, contentType, sig, Answer{Code: codes.InvalidArgument, Message: err.Error()})
		return
	}
	respond(w, contentType, sig, s.take(r.Context(), req))
}

func respond(w http.ResponseWriter, contentType string, sig signal.Signal, a Answer) {
	message := a.response(sig)
	if a.httpStatus() != http.StatusOK {
		st, err := a.status()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		message = st.Proto()
	}
	encode := proto.Marshal
	if contentType == jsonType {
		encode = protojson.Marshal
	}
	body, err := encode(message)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if a.Body != nil {
		body = a.Body
	}
	w.Header().Set("Content-Type", contentType)
	if a.RetryAfter > 0 {
		w.Header().Set("Retry-After", a.retryAfter())
	}
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(a.httpStatus())
	_, _ = w.Write(body) // a client that went away has no use for it
}

func readBody(r *http.Request) ([]byte, error) {
	body := io.Reader(r.Body)
	switch coding := strings.ToLower(r.Header.Get("Content-Encoding")); coding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		body = z
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		defer z.Close()
		body = z
	default:
		return nil, fmt.Errorf("unknown content coding %q", coding)
	}
	return io.ReadAll(io.LimitReader(body, maxMessage))
}

func lowerKeys(h http.Header) map[string][]string {
	out := make(map[string][]string, len(h))
	for k, v := range h {
		out[strings.ToLower(k)] = v
	}
	return out
}
