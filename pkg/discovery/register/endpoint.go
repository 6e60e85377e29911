package register

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// endpoint is where a registry answers over HTTP.
type endpoint struct {
	scheme string // http or https
	host   string // with a port; for a socket something that stands for it
	path   string
	socket string
}

// parseEndpoint reads an address, with or without a scheme. What has none is spoken to over TLS if TLS is configured.
func parseEndpoint(text, port string, secure *tlsconf.Client) (endpoint, error) {
	if path, ok := strings.CutPrefix(text, "unix://"); ok && path != "" {
		return endpoint{scheme: "http", host: "localhost", socket: path}, nil
	}
	return parseURL(text, port, secure)
}

// parseURL is parseEndpoint for registries that are not reached by a socket.
func parseURL(text, port string, secure *tlsconf.Client) (endpoint, error) {
	if !strings.Contains(text, "://") {
		scheme := "http"
		if secure != nil && !secure.Insecure {
			scheme = "https"
		}
		text = scheme + "://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return endpoint{}, errors.New("is to be host:port, or a URL that begins with http:// or https://")
	case u.User != nil:
		return endpoint{}, errors.New("has a user in it, which is no place for a secret")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	if _, err := registry.Addr(u.Host, ""); err != nil {
		return endpoint{}, err
	}
	return endpoint{scheme: u.Scheme, host: u.Host, path: strings.TrimSuffix(u.Path, "/")}, nil
}

func (e endpoint) String() string {
	if e.socket != "" {
		return "unix://" + e.socket
	}
	return e.scheme + "://" + e.host + e.path
}

// reached is where packets go. A socket is on this machine.
func (e endpoint) reached() string {
	if e.socket != "" {
		return "127.0.0.1:0"
	}
	return e.host
}

// client makes the connections to it.
func (e endpoint) client(secure *tlsconf.Client) (*http.Client, error) {
	t := registry.Transport(nil)
	if e.socket != "" {
		t.Proxy = nil
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", e.socket)
		}
	}
	if secure != nil && e.scheme == "https" {
		conf, err := secure.TLS(nil)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		t.TLSClientConfig = conf
	}
	return &http.Client{Transport: t}, nil
}
