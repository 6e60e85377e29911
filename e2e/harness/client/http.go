package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/pdata"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const maxResponse = 4 << 20

type httpClient struct {
	target      Target
	scheme      string
	contentType string
	client      http.Client
}

func newHTTPClient(t Target) *httpClient {
	c := &httpClient{target: t, scheme: "http://", contentType: "application/x-protobuf"}
	if t.Protocol == signal.HTTPJSON {
		c.contentType = "application/json"
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DialContext: t.Dial, TLSClientConfig: t.TLS, DisableKeepAlives: t.Fresh}
	if t.TLS != nil {
		c.scheme = "https://"
	}
	if t.HTTP2 {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetHTTP2(t.TLS != nil)
		transport.Protocols.SetUnencryptedHTTP2(t.TLS == nil)
		if t.Ping > 0 {
			transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: t.Ping, PingTimeout: pingTimeout}
		}
	}
	c.client.Transport = transport
	return c
}

func (c *httpClient) Export(ctx context.Context, sig signal.Signal, request proto.Message) error {
	body, err := c.encode(sig, request)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.scheme+c.target.Addr+sig.Path(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", c.contentType)
	if c.target.Coding != "" {
		req.Header.Set("Content-Encoding", c.target.Coding)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	return c.judge(resp, answer, sig.NewResponse(0, ""))
}

// judge reads an answer, which must be in the request's encoding.
func (c *httpClient) judge(resp *http.Response, answer []byte, response proto.Message) error {
	decode := proto.Unmarshal
	if c.target.Protocol == signal.HTTPJSON {
		decode = protojson.Unmarshal
	}
	if resp.StatusCode == http.StatusOK {
		if err := decode(answer, response); err != nil {
			return fmt.Errorf("response: %w", err)
		}
		return partial(response, resp.StatusCode)
	}
	var st spb.Status
	if err := decode(answer, &st); err != nil {
		return fmt.Errorf("%s without a google.rpc.Status: %w", resp.Status, err)
	}
	refused := &RefusedError{Code: codes.Code(st.GetCode()), HTTPStatus: resp.StatusCode, Message: st.GetMessage()}
	if after := resp.Header.Get("Retry-After"); after != "" {
		seconds, err := strconv.Atoi(after)
		if err != nil {
			return fmt.Errorf("Retry-After: %w", err)
		}
		refused.RetryAfter = time.Duration(seconds) * time.Second
	}
	return refused
}

func (c *httpClient) encode(sig signal.Signal, request proto.Message) ([]byte, error) {
	body, err := proto.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if c.target.Protocol == signal.HTTPJSON {
		if body, err = pdata.WireToJSON(sig, body); err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
	}
	return Compress(c.target.Coding, body)
}

func (c *httpClient) Close() error {
	c.client.CloseIdleConnections()
	return nil
}

// Compress encodes a body with a content coding: "", "gzip" or "zstd".
func Compress(coding string, body []byte) ([]byte, error) {
	var out bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "":
		return body, nil
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zstd":
		z, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
		w = z
	default:
		return nil, fmt.Errorf("client: unknown coding %q", coding)
	}
	if _, err := w.Write(body); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return out.Bytes(), nil
}
