package otlphttp

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

const (
	dialTimeout      = 30 * time.Second
	dialKeepAlive    = 30 * time.Second
	handshakeTimeout = 10 * time.Second
	mostRedirects    = 10
)

// transport returns the connections of an exporter, none of them open yet.
// HTTP/2 is used with TLS where the backend has it, else HTTP/1.1.
func (c *Config) transport(log *slog.Logger) (*http.Transport, error) {
	conf, err := c.TLS.TLS(func(err error) {
		log.Warn("certificate not read again, the old one stays in use", "error", err)
	})
	if err != nil {
		return nil, invalid.At("tls", fmt.Errorf("tls: %w", err))
	}
	proxy, err := c.proxy()
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial(&net.Dialer{Timeout: dialTimeout, KeepAlive: dialKeepAlive}),
		TLSClientConfig:     conf,
		TLSHandshakeTimeout: handshakeTimeout,
		ReadBufferSize:      c.ReadBufferSize,
		WriteBufferSize:     c.WriteBufferSize,
		MaxIdleConns:        c.MaxIdleConns,
		MaxIdleConnsPerHost: c.MaxIdleConnsPerHost,
		MaxConnsPerHost:     c.MaxConnsPerHost,
		IdleConnTimeout:     c.IdleConnTimeout,
		DisableKeepAlives:   c.DisableKeepAlives,
		ForceAttemptHTTP2:   c.ForceAttemptHTTP2,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: c.HTTP2ReadIdleTimeout, PingTimeout: c.HTTP2PingTimeout},
	}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	}
	if t.MaxIdleConnsPerHost == 0 {
		// net/http would keep two, and an exporter with ten consumers connect anew
		// for most requests.
		t.MaxIdleConnsPerHost = math.MaxInt
		if t.MaxIdleConns > 0 {
			t.MaxIdleConnsPerHost = t.MaxIdleConns
		}
	}
	return t, nil
}

// follow decides about redirects. Those that keep method and body (307, 308) are
// followed within a host, as long as they do not leave TLS. Others would lose the
// data (301 to 303 make a GET of a POST) or hand the headers to somebody else:
// they are taken for the answer.
func follow(next *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	downgrade := last.URL.Scheme == "https" && next.URL.Scheme != "https"
	if next.Method != http.MethodPost || next.URL.Hostname() != last.URL.Hostname() || downgrade || len(via) >= mostRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}
