package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Advice is what whoever asks a registry can set if that cannot be reached, each as the end of a sentence. Empty is nothing.
type Advice struct {
	// Start says what should run, such as "is the agent running?".
	Start string
	// TLS says how TLS is turned on or off.
	TLS string
	// Trust says how the certificate authorities of the registry are named.
	Trust string
}

// Explain says why a registry could not be reached, without what differs from one attempt to the next. who names the registry
// and its address.
func (a Advice) Explain(who string, err error) error {
	op, isOp := errors.AsType[*net.OpError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded), isOp && op.Timeout():
		return hinted.New(fmt.Errorf("%s does not answer in time", who), "is it the right address, and nothing in the way?")
	case isUntrusted(err):
		return hinted.New(fmt.Errorf("%s cannot prove who it is: %w", who, plain(err)), a.Trust)
	case isPlainText(err):
		return hinted.New(fmt.Errorf("%s does not speak TLS", who), a.TLS)
	case isEncrypted(err):
		return hinted.New(fmt.Errorf("%s speaks TLS only", who), a.TLS)
	case isDNS:
		return hinted.New(fmt.Errorf("%s: the name %s is unknown: %s", who, dns.Name, dns.Err), "is it the right address?")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return hinted.New(fmt.Errorf("%s closes the connection without an answer", who), a.TLS)
	case isOp:
		return hinted.New(fmt.Errorf("%s cannot be reached: %w", who, op.Err), a.Start)
	}
	return fmt.Errorf("%s: %w", who, plain(err))
}

func isUntrusted(err error) bool {
	_, bad := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return bad || unknown || alert
}

func isPlainText(err error) bool {
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return record || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

func isEncrypted(err error) bool {
	return strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`) || errors.Is(err, errWantsTLS)
}

// plain returns an error without the URL and the addresses that net/http puts before it.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
