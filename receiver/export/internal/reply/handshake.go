package reply

import (
	"crypto/tls"
	"sync/atomic"
)

// Handshakes tells why TLS handshakes with a backend fail. The zero value is ready.
type Handshakes struct{ unserved atomic.Bool }

// Watch makes conf, which may be nil, note that a backend asks for a client
// certificate when there is none. With TLS 1.3 it refuses the client behind the
// handshake, and its alert is lost if the connection breaks first.
func (h *Handshakes) Watch(conf *tls.Config) {
	if conf == nil || conf.GetClientCertificate != nil || len(conf.Certificates) > 0 {
		return
	}
	conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		h.unserved.Store(true)
		return new(tls.Certificate), nil // go on without: it may be optional
	}
}

// Hint returns the next step for a connection that failed with the message, if
// TLS is known to be the reason.
func (h *Handshakes) Hint(message string) string {
	has := func(parts ...string) bool { return Has(message, parts...) }
	switch {
	case has("certificate signed by unknown authority"):
		return "set tls.ca_file to the authority that signed the backend's certificate"
	case has("x509: certificate is valid for", "x509: cannot validate certificate for"):
		return "set tls.server_name_override to a name in the backend's certificate"
	case has("tls: certificate required", "tls: bad certificate"),
		h.unserved.Load() && has("broken pipe", "connection reset", "EOF", "closed network connection", "readLoopPeekFailLocked"):
		return "the backend wants a client certificate, set tls.cert_file and tls.key_file"
	case has("remote error: tls: handshake failure"):
		return "the backend refuses the handshake; it may want a client certificate (set tls.cert_file and tls.key_file) or another version of TLS"
	}
	return ""
}
