package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// maxReason bounds, in bytes, how much of an unhealthy answer is repeated.
const maxReason = 1 << 10

// healthTimeout is how long a health check waits for the answer unless told otherwise.
const healthTimeout = 3 * time.Second

type healthOptions struct {
	endpoint string
	timeout  time.Duration
	tls      tlsconf.Client
}

func newHealth(s term.Streams) *cobra.Command {
	var o healthOptions
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running receiver whether it is alive",
		Long: `Ask a running receiver whether it is alive: exit 0 if it says so, 1 if it does not or
cannot be reached. This is what the health check of a container calls.`,
		Example: `  otlpctl health
  otlpctl health --endpoint 10.0.0.7:8888

  otlpctl health --endpoint https://gateway:8888 --ca-file ca.pem

  # Ready for traffic, not merely alive?
  otlpctl health --endpoint http://127.0.0.1:8888/ready`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, err := healthURL(o.endpoint)
			if err == nil && o.timeout <= 0 {
				err = fmt.Errorf("--timeout %s: want more than 0", o.timeout)
			}
			if err != nil {
				return usageError(cmd, err)
			}
			conf, err := o.tls.TLS(nil)
			if err != nil {
				return usageError(cmd, err)
			}
			return runHealth(cmd.Context(), s, target, o.timeout, conf)
		},
	}
	cmd.Flags().StringVar(&o.endpoint, "endpoint", "127.0.0.1:8888", "admin endpoint of the receiver, host:port or URL")
	cmd.Flags().DurationVar(&o.timeout, "timeout", healthTimeout, "how long to wait for the answer")
	cmd.Flags().StringVar(&o.tls.CAFile, "ca-file", "", "`file` with the certificate authorities of an https endpoint; the system's by default")
	cmd.Flags().StringVar(&o.tls.CertFile, "cert-file", "", "`file` with the certificate to present, if the endpoint wants one")
	cmd.Flags().StringVar(&o.tls.KeyFile, "key-file", "", "`file` with the key of --cert-file")
	for _, flag := range []string{"ca-file", "cert-file", "key-file"} {
		if err := cmd.MarkFlagFilename(flag, "pem", "crt", "key"); err != nil {
			panic(err) // the flag does not exist
		}
	}
	return cmd
}

// ownTLS is for a target that is this very machine's receiver, which need not prove who it is: its
// certificate names how others reach it, and hardly ever the loopback. If it wants a certificate it
// is shown its own.
func ownTLS(server tlsconf.Server) (*tls.Config, error) {
	client := tlsconf.Client{Common: server.Common, InsecureSkipVerify: true}
	return client.TLS(nil)
}

// runHealth asks target, which may be an https URL.
func runHealth(ctx context.Context, s term.Streams, target string, timeout time.Duration, conf *tls.Config) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return err
	}
	// The probe is of this very address: no proxy, no redirect.
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   conf,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return unreachable(ctx, target, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", target, verdict(response))
	}
	_, err = fmt.Fprintln(s.Out, s.Out.Paint(term.OK, "healthy"))
	return err
}

// unreachable explains a probe that got no answer. The client's own error repeats the address, and
// says "context deadline exceeded" for a timeout.
func unreachable(ctx context.Context, target string, err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		return cause
	}
	if cause != nil {
		err = cause
	}
	return hinted.New(
		fmt.Errorf("ask %s: %w", target, err),
		"check that otlpctl serve is running and that --endpoint is its admin endpoint",
	)
}

// verdict is the status of an answer and, on one line, the reason in its body.
func verdict(response *http.Response) string {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReason))
	reason := strings.Join(strings.Fields(string(body)), " ")
	if err != nil || reason == "" {
		return response.Status
	}
	return response.Status + ": " + reason
}

// healthURL completes an endpoint: the scheme is http and the path /health unless it says
// otherwise. An address that a server listens on, but nobody can dial, becomes the loopback.
func healthURL(endpoint string) (string, error) {
	full := endpoint
	if !strings.Contains(endpoint, "://") {
		if _, _, err := net.SplitHostPort(endpoint); err != nil {
			return "", fmt.Errorf("--endpoint %q: want host:port or a URL", endpoint)
		}
		full = "http://" + endpoint
	}
	u, err := url.Parse(full)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("--endpoint %q: want host:port or an http or https URL", endpoint)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/health"
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		// IPv4 for "::" too: such a listener takes both, and a machine without IPv6 has no ::1.
		u.Host = strings.TrimSuffix(net.JoinHostPort("127.0.0.1", u.Port()), ":")
	}
	return u.String(), nil
}
