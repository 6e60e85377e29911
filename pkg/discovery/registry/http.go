package registry

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// AnswerTimeout is how long a registry may take for an answer that it has at hand.
const AnswerTimeout = 10 * time.Second

// Freshness is how old a list may be at most while nothing is heard of a change: so often is a registry asked that tells of
// none by itself, and that soon is it noticed that a connection is dead on which one does.
const Freshness = 30 * time.Second

// largestAnswer is how much of an answer is read, in bytes: some 100,000 instances.
const largestAnswer = 128 << 20

// Transport returns one that notices a connection that is dead, as it is asked nothing for a long time.
func Transport(conf *tls.Config) *http.Transport {
	const probes = 3
	dialer := net.Dialer{
		Timeout:         AnswerTimeout / 2,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: Freshness / 2, Interval: Freshness / 2 / probes, Count: probes},
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSClientConfig: conf, TLSHandshakeTimeout: AnswerTimeout / 2,
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 3 * Freshness,
	}
}

// TLSFromEnv reads the files that variables such as ETCDCTL_CACERT name.
func TLSFromEnv(ca, cert, key string) (*tls.Config, error) {
	var c tlsconf.Client
	c.CAFile, c.CertFile, c.KeyFile = os.Getenv(ca), os.Getenv(cert), os.Getenv(key)
	conf, err := c.TLS(nil)
	if err != nil {
		return nil, hinted.New(err, fmt.Sprintf("see the variables %s, %s and %s", ca, cert, key))
	}
	return conf, nil
}

// StatusError is an answer that is neither what was asked for nor an outage of the way to the registry.
type StatusError struct {
	Code int
	Text string // what the registry says, on one line
}

// Error says what the registry has said.
func (e *StatusError) Error() string {
	return fmt.Sprintf("answers %d: %s", e.Code, cmp.Or(e.Text, http.StatusText(e.Code)))
}

// Ask sends a request and reads the JSON of the answer into result. It takes no longer than AnswerTimeout. An answer that is no
// success is a *StatusError.
func Ask(ctx context.Context, client *http.Client, request *http.Request, result any) error {
	ctx, cancel := context.WithTimeout(ctx, AnswerTimeout)
	defer cancel()
	answer, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if err := Refusal(answer); err != nil {
		return err
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, largestAnswer)).Decode(result); err != nil {
		return Garbled(err)
	}
	return nil
}

// wantsTLS is what servers written in Go answer to who does not speak TLS to them.
const wantsTLS = "HTTP request to an HTTPS server"

var errWantsTLS = errors.New(wantsTLS)

// Refusal returns the *StatusError of an answer that is no success.
func Refusal(answer *http.Response) error {
	if answer.StatusCode/100 == 2 {
		return nil
	}
	const most = 300
	text, _ := io.ReadAll(io.LimitReader(answer.Body, most)) // it is an error anyway
	if answer.StatusCode == http.StatusBadRequest && strings.Contains(string(text), wantsTLS) {
		return errWantsTLS
	}
	return &StatusError{answer.StatusCode, strings.Join(strings.Fields(string(text)), " ")}
}

// Garbled tells an answer that is not the JSON that was expected from one that breaks off.
func Garbled(err error) error {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, kind := errors.AsType[*json.UnmarshalTypeError](err)
	if syntax || kind {
		return hinted.New(fmt.Errorf("the answer is not what this registry answers: %w", err), "is it the right address?")
	}
	return err
}
