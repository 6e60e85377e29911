package load

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/balanced"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Protocol is a way to send, in the words of OTEL_EXPORTER_OTLP_PROTOCOL.
type Protocol string

// The protocols.
const (
	GRPC         Protocol = "grpc"
	HTTPProtobuf Protocol = "http/protobuf"
	HTTPJSON     Protocol = "http/json"
)

// Protocols returns all of them.
func Protocols() []Protocol { return []Protocol{GRPC, HTTPProtobuf, HTTPJSON} }

// ParseProtocol returns the protocol of that name.
func ParseProtocol(name string) (Protocol, error) {
	for _, p := range Protocols() {
		if name == string(p) {
			return p, nil
		}
	}
	return "", fmt.Errorf("there is no protocol %q: use grpc, http/protobuf or http/json", name)
}

const (
	portHTTP = "4318"
	portGRPC = "4317"
)

// Target is where requests go, and how. The zero value is this machine, over gRPC.
type Target struct {
	// Endpoint is host:port, a URL of http or https, unix:///path, or the URL of a service, such as
	// consul:///NAME. Empty is this machine, on the usual port.
	Endpoint string
	// Exact says that Endpoint is a URL to which no path is appended. With gRPC, it means nothing.
	Exact bool
	// Protocol is empty to go by Endpoint: HTTP with port 4318 and for other URLs of http and https, unless their
	// port is 4317, and gRPC for the rest.
	Protocol Protocol
	// Headers go with each request. Their values are secrets.
	Headers map[string]string
	// TLS has what to prove and to verify. Its Insecure is not looked at.
	TLS tlsconf.Client
	// Insecure says whether to send in plain text. The scheme of a URL outranks it; nil is for an endpoint on this
	// machine, if TLS says nothing.
	Insecure *bool
	// Compression is none, which empty is too, gzip or zstd.
	Compression string
	// Timeout bounds a request with its answer; zero is no bound.
	Timeout time.Duration
}

// By returns the protocol that is used.
func (t *Target) By() Protocol {
	scheme, _, hasScheme := strings.Cut(t.Endpoint, "://")
	switch {
	case t.Protocol != "":
		return t.Protocol
	case t.port() == portHTTP:
		return HTTPProtobuf
	case hasScheme && (scheme == "http" || scheme == "https") && t.port() != portGRPC:
		return HTTPProtobuf
	}
	return GRPC
}

// port returns the last port in the endpoint, or nothing.
func (t *Target) port() string {
	address := balanced.Shown(t.Endpoint)
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address, _, _ = strings.Cut(rest, "/")
	}
	return address[strings.LastIndexByte(address, ':')+1:]
}

// Name returns the endpoint as it may be shown: without user, password and parameters.
func (t *Target) Name() string {
	endpoint := balanced.Shown(t.endpoint())
	if u, err := url.Parse(endpoint); err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	return endpoint
}

// endpoint returns Endpoint or what stands for none.
func (t *Target) endpoint() string {
	switch {
	case t.Endpoint != "":
		return t.Endpoint
	case t.By() == GRPC:
		return "localhost:" + portGRPC
	default:
		return "localhost:" + portHTTP
	}
}

// Plaintext reports whether there is no TLS.
func (t *Target) Plaintext() bool {
	address := t.endpoint()
	scheme, _, hasScheme := strings.Cut(address, "://")
	switch {
	case hasScheme && scheme == "http":
		return true
	case hasScheme && scheme == "https":
		return false
	case t.Insecure != nil:
		return *t.Insecure
	case t.wantsTLS():
		return false
	case hasScheme:
		return scheme == "unix"
	}
	return local(address)
}

// wantsTLS reports whether something is set that only TLS has a use for.
func (t *Target) wantsTLS() bool {
	files := strings.Join(t.TLS.Files(), "")
	return files != "" || t.TLS.ServerName != "" || t.TLS.InsecureSkipVerify
}

// local reports whether a host:port is on this machine for sure.
func local(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Check returns what is wrong with the target, as far as it shows without a connection.
func (t *Target) Check() error {
	scheme, rest, hasScheme := strings.Cut(t.endpoint(), "://")
	unix := hasScheme && scheme == "unix"
	switch {
	case unix && t.By() != GRPC:
		return fmt.Errorf("a Unix socket is for gRPC, not %s", t.By())
	case hasScheme && !unix && !balanced.Named(t.endpoint()) && scheme != "http" && scheme != "https" && scheme != "dns":
		return fmt.Errorf("the scheme %q is not known: use http, https, unix or one of a service, which are %s", scheme, strings.Join(balanced.Schemes(), ", "))
	case t.By() == GRPC && (scheme == "http" || scheme == "https") && strings.Trim(path(rest), "/") != "":
		return fmt.Errorf("the endpoint has a path (%s), which gRPC does not use: leave it out, or use http/protobuf", path(rest))
	}
	for _, sig := range Signals() {
		if !t.Exact && strings.HasSuffix(balanced.Shown(t.endpoint()), sig.Path()) {
			return fmt.Errorf("the endpoint ends with %s, which is appended to it: leave that out", sig.Path())
		}
	}
	return t.config(wire.Traces).Validate()
}

// path returns what is behind the host of a URL.
func path(rest string) string {
	if at := strings.IndexByte(rest, '/'); at >= 0 {
		return balanced.Shown(rest[at:])
	}
	return ""
}
