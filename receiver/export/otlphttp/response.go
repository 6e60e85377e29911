package otlphttp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// The content types of OTLP/HTTP.
const (
	contentProto = "application/x-protobuf"
	contentJSON  = "application/json"
)

// read returns the body of a response, to its end, so that the connection can be
// used again. net/http has inflated it if need be. With an error it returns what
// came before it.
func read(r *http.Response) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	content, err := io.ReadAll(io.LimitReader(r.Body, reply.MaxBytes+1))
	if len(content) > reply.MaxBytes {
		return nil, reply.ErrTooLarge
	}
	return content, err
}

// contentType returns the media type of a message, without its parameters.
func contentType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// partialSuccess reads the answer to a request that was taken. An answer that is
// neither protobuf nor JSON says nothing beyond its status.
func partialSuccess(h http.Header, content []byte) (pipeline.Partial, error) {
	if len(content) == 0 {
		return pipeline.Partial{}, nil
	}
	switch contentType(h) {
	case contentProto:
		return reply.Partial(content)
	case contentJSON:
		return jsonPartial(content)
	}
	return pipeline.Partial{}, nil
}

// count is an int64 of JSON: a number, or one in quotes.
type count int64

func (c *count) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no number of items", text)
	}
	*c = count(n)
	return nil
}

func jsonPartial(content []byte) (pipeline.Partial, error) {
	var response struct {
		PartialSuccess struct {
			RejectedSpans      count
			RejectedDataPoints count
			RejectedLogRecords count
			RejectedProfiles   count
			ErrorMessage       string
		}
	}
	if err := json.Unmarshal(content, &response); err != nil {
		return pipeline.Partial{}, fmt.Errorf("response: %w", err)
	}
	p := response.PartialSuccess
	return pipeline.Partial{
		Rejected: int64(p.RejectedSpans + p.RejectedDataPoints + p.RejectedLogRecords + p.RejectedProfiles),
		Message:  p.ErrorMessage,
	}, nil
}

// problem is what the body of a failure says.
type problem struct {
	message string
	delay   time.Duration
}

// readProblem reads a google.rpc.Status in either encoding, or a line of text.
func readProblem(h http.Header, content []byte) problem {
	switch contentType(h) {
	case contentProto:
		var s spb.Status
		if proto.Unmarshal(content, &s) != nil {
			return problem{}
		}
		delay, _ := reply.RetryDelay(&s)
		return problem{s.GetMessage(), delay}
	case contentJSON:
		return jsonProblem(content)
	case "text/plain", "":
		if !bytes.HasPrefix(content, []byte("<")) {
			return problem{message: string(content)}
		}
	}
	return problem{}
}

func jsonProblem(content []byte) problem {
	var status struct {
		Message string
		Details []struct{ RetryDelay string }
	}
	if json.Unmarshal(content, &status) != nil {
		return problem{}
	}
	p := problem{message: status.Message}
	for _, d := range status.Details {
		if delay, err := time.ParseDuration(d.RetryDelay); err == nil && delay > 0 {
			p.delay = delay
		}
	}
	return p
}

// longestDelay bounds what Retry-After can say, so that no sum overflows.
const longestDelay = 24 * time.Hour

// retryAfter returns what Retry-After asks for, in seconds or as a date, or zero.
// A date is taken by the backend's clock if the response tells it.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil {
		return min(time.Duration(min(seconds, uint64(longestDelay/time.Second)))*time.Second, longestDelay)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(at.Sub(now), 0), longestDelay)
}
