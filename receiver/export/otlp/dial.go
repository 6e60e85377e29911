package otlp

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/export/internal/agent"
	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// tlsConfig returns nil for plain text.
func (c *Config) tlsConfig(log *slog.Logger) (*tls.Config, error) {
	conf, err := c.TLS.TLS(func(err error) {
		log.Warn("certificate not read again, the old one stays in use", "endpoint", c.Endpoint, "error", err)
	})
	if err != nil {
		return nil, invalid.At("tls", fmt.Errorf("tls: %w", err))
	}
	if conf == nil && strings.HasPrefix(c.Endpoint, "https://") {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return conf, nil
}

const (
	// A backend that comes back is found again soon: gRPC's own bound for the
	// pause between two attempts to connect is two minutes.
	reconnectBase = 250 * time.Millisecond
	reconnectMax  = 5 * time.Second
	// connectTimeout bounds a single attempt to connect, handshake included.
	connectTimeout = 20 * time.Second
	// responseLimit is what gRPC reads of a response: one byte more than a
	// response may have, for the mark of a compressed one, and a number that no
	// backend has for a limit of its own, so that its complaints are not taken for ours.
	responseLimit = reply.MaxBytes + 1
)

func (c *Config) dialOptions(conf *tls.Config, a compression.Algorithm, pool mem.BufferPool) []grpc.DialOption {
	calls := []grpc.CallOption{
		grpc.ForceCodecV2(grpcraw.Codec{}), grpc.MaxCallRecvMsgSize(responseLimit), grpc.WaitForReady(c.WaitForReady),
	}
	if a != compression.None {
		calls = append(calls, grpc.UseCompressor(a.String()))
	}
	transport := insecure.NewCredentials()
	if conf != nil {
		transport = credentials.NewTLS(conf)
	}
	userAgent := c.UserAgent
	if userAgent == "" {
		userAgent = agent.Default()
	}
	reconnect := backoff.DefaultConfig
	reconnect.BaseDelay, reconnect.MaxDelay = reconnectBase, reconnectMax
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport), grpc.WithDefaultCallOptions(calls...),
		grpc.WithUserAgent(userAgent), experimental.WithBufferPool(pool),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: connectTimeout}),
		// Attempts are counted and repeated by the Destination, by retry_on_failure alone.
		grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(),
	}
	if c.BalancerName != "" {
		options = append(options, grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig":[{%q:{}}]}`, c.BalancerName)))
	}
	if c.ReadBufferSize > 0 {
		options = append(options, grpc.WithReadBufferSize(c.ReadBufferSize))
	}
	if c.WriteBufferSize > 0 {
		options = append(options, grpc.WithWriteBufferSize(c.WriteBufferSize))
	}
	if c.Authority != "" {
		options = append(options, grpc.WithAuthority(c.Authority))
	}
	if k := c.Keepalive; k != nil {
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: k.Time, Timeout: k.Timeout, PermitWithoutStream: k.PermitWithoutStream,
		}))
	}
	return options
}
