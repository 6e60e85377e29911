package ingest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

// ServeHTTP handles one request.
func (h *httpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.running.RLock()
	defer h.running.RUnlock()
	header := w.Header()
	for name, value := range h.cfg.ResponseHeaders {
		header.Set(name, string(value))
	}
	if h.cors.answer(w, r) {
		return
	}
	if h.leaving.Load() || h.tooOld(r.Context()) {
		header.Set("Connection", "close")
	}
	json, known := mediaType(r.Header)
	sig, found := h.paths[r.URL.Path]
	if !found {
		h.stray(w, r, json)
		return
	}
	c := h.in.begin(sig)
	c.json = json
	var answer result
	var err error
	defer func() { //nolint:contextcheck // all that is left is to answer
		var refused *fault
		if p := recover(); p != nil {
			refused = h.in.panicked(p)
		} else if err != nil {
			refused = h.in.blame(r.Context(), err)
		}
		c.end(refused)
		if refused != nil {
			refuse(w, refused, json)
		} else {
			accept(w, &answer, sig, json)
		}
	}()
	if err = h.acceptable(c, w, r, known); err != nil {
		return
	}
	if err = h.read(c, r); err != nil {
		return
	}
	if keys := c.route.MetadataKeys(); h.cfg.IncludeMetadata && len(keys) > 0 {
		c.group = group(keys, r.Header.Values)
	}
	answer, err = c.take(r.Context())
}

// mediaType says whether a message is JSON or protobuf, and whether it is one of
// them at all. An answer to something else is JSON, which people can read, unless
// the client would rather have protobuf.
func mediaType(header http.Header) (json, known bool) {
	declared := header.Get("Content-Type")
	if declared != protobufType && declared != jsonType {
		// Parameters are tolerated, malformed ones included.
		declared, _, _ = mime.ParseMediaType(declared)
	}
	switch declared {
	case protobufType:
		return false, true
	case jsonType:
		return true, true
	}
	accepted := header.Get("Accept")
	return strings.Contains(accepted, jsonType) || !strings.Contains(accepted, protobufType), false
}

// acceptable decides by its headers whether a request is worth reading. Nothing
// of the body has been asked for yet: a client that waits for "100 Continue"
// does not send it.
func (h *httpServer) acceptable(c *call, w http.ResponseWriter, r *http.Request, known bool) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return fail(badMethod, "%s is not allowed here: OTLP/HTTP is sent by POST", clip(r.Method, maxField))
	}
	if !known {
		return fail(badMediaType, "content type %q is neither %s nor %s", clip(r.Header.Get("Content-Type"), maxField), protobufType, jsonType)
	}
	if err := c.admit(); err != nil {
		return err
	}
	var err error
	if c.coding, err = h.coding(r.Header); err != nil {
		w.Header().Set("Accept-Encoding", h.codings())
		return err
	}
	return c.fits(int(max(r.ContentLength, 0)))
}

// coding returns how the body is compressed.
func (h *httpServer) coding(header http.Header) (compression.Algorithm, error) {
	name := ""
	for _, line := range header["Content-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			coding = strings.ToLower(strings.TrimSpace(coding))
			switch {
			case coding == "" || coding == "identity":
			case name != "":
				return compression.None, fail(badCoding, "the body is compressed more than once: %s", clip(strings.Join(header["Content-Encoding"], ","), maxField))
			default:
				name = strings.TrimPrefix(coding, "x-") // x-gzip is gzip (RFC 9110, 8.4.1.3)
			}
		}
	}
	if !h.cfg.accepts(name) {
		if name == "" {
			name = "identity"
		}
		return compression.None, fail(badCoding, "content encoding %q is not accepted; use %s", clip(name, maxField), h.codings())
	}
	return compression.Parse(name)
}

// codings lists the content codings that are accepted.
func (h *httpServer) codings() string {
	var names []string
	for _, name := range h.cfg.CompressionAlgorithms {
		if name == "" {
			name = "identity"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// read fills c.body with the request's body.
func (h *httpServer) read(c *call, r *http.Request) error {
	size := int(r.ContentLength)
	hint := size
	if size < 0 {
		hint = unknownSize
	}
	err := c.body.fill(c, r.Body, size, min(hint, trusted), c.limit)
	var refused *fault
	switch {
	case err == nil, errors.As(err, &refused):
		return err
	case errors.Is(err, errOverLimit):
		return tooLarge("the request is larger than %d bytes", c.limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &fault{cause: slow, message: "the request did not arrive within " + h.cfg.ReadTimeout.String()}
	case errors.Is(err, io.ErrUnexpectedEOF) || r.Context().Err() != nil:
		return &fault{cause: aborted, message: "the request is cut off"}
	default:
		return fail(malformed, "the request cannot be read: %s", err)
	}
}

// unknownSize is expected of a body that does not say how long it is.
const unknownSize = 16 << 10

// accept answers a request that was taken, if only in part.
func accept(w http.ResponseWriter, answer *result, sig wire.Signal, json bool) {
	if json {
		write(w, http.StatusOK, jsonType, answer.json(sig))
	} else {
		write(w, http.StatusOK, protobufType, answer.protobuf())
	}
}

// refuse answers a request that was not taken.
func refuse(w http.ResponseWriter, f *fault, json bool) {
	if seconds, ok := f.retryAfterSeconds(); ok {
		w.Header().Set("Retry-After", seconds)
	}
	if json {
		write(w, answers[f.cause].http, jsonType, f.json())
	} else {
		write(w, answers[f.cause].http, protobufType, f.protobuf())
	}
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that does not listen misses its answer
}

// stray answers a request for a path that is none of ours.
func (h *httpServer) stray(w http.ResponseWriter, r *http.Request, json bool) {
	h.in.stats.unmatched[notFound].Add(1)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		// The most common mix-up of OTLP: say so in the client's own protocol.
		header := w.Header()
		header.Set("Content-Type", "application/grpc")
		header.Set("Grpc-Status", "12")
		header.Set("Grpc-Message", "this port serves OTLP/HTTP; OTLP/gRPC has a port of its own, most often 4317")
		w.WriteHeader(http.StatusOK)
		return
	}
	refuse(w, &fault{cause: notFound, message: "nothing is served at " + clip(r.URL.Path, maxField) + "; traces are taken at " + h.cfg.path(wire.Traces)}, json)
}
