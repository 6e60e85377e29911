package catalog

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// What a connection to the address of an instance has come to. The names are API.
const (
	ConnectOK      = "ok"
	ConnectRefused = "refused"  // somebody says that nobody listens there
	ConnectSilent  = "silent"   // nobody says anything, or there is no way
	ConnectNoName  = "no_name"  // the host is unknown
	ConnectNotMade = "not_made" // nobody could connect to that, or not from here
)

// What an export without any items has come to. The names are API.
const (
	ExportOK        = "ok"
	ExportRefused   = "refused"   // an answer, but no
	ExportDenied    = "denied"    // it wants credentials, so that more is not known
	ExportUntrusted = "untrusted" // one side does not trust the certificate of the other
	ExportForeign   = "foreign"   // whoever answers does not speak the protocol
)

// What is spoken at a port. The names are API.
const (
	SpeaksGRPC  = "grpc"
	SpeaksHTTP  = "http"
	SpeaksAdmin = "admin"
)

// Probe is what an instance has answered. The names of its fields are API.
type Probe struct {
	Connect string `json:"connect"`
	// Protocol is how OTLP should be spoken there, by tags, metadata or port: grpc or http.
	Protocol string `json:"protocol,omitempty"`
	// Speaks is what is spoken, if that is known.
	Speaks string `json:"speaks,omitempty"`
	TLS    bool   `json:"tls,omitempty"`
	Export string `json:"export,omitempty"`
	// Problem says what is wrong with the connection or the export.
	Problem string `json:"problem,omitempty"`
	// Health is nil if the registration does not say where health is asked for.
	Health *Health `json:"health,omitempty"`
}

// Health is what the admin port says. The names of its fields are API.
type Health struct {
	// Answers says whether there was an answer, and Healthy whether it was a good one.
	Answers bool   `json:"answers"`
	Healthy bool   `json:"healthy"`
	Problem string `json:"problem,omitempty"`

	Version    string `json:"version,omitempty"`
	ConfigHash string `json:"config_hash,omitempty"`
	// IDs are those under which the process says that it has registered itself with Consul.
	IDs []string `json:"ids,omitempty"`
}

// Prober asks instances how they are.
type Prober struct {
	// TLS is used where TLS is spoken.
	TLS tlsconf.Client
	// Timeout is how long one answer may take, and Parallel how many instances are asked at the same time.
	Timeout  time.Duration
	Parallel int

	client *http.Client // for admin ports
	again  time.Duration
}

// secondLook is after what time those are asked again whom nobody else could say to be gone: they may just begin anew.
const secondLook = 2 * time.Second

// NewProber returns a Prober. It reads the TLS files.
func NewProber(secure tlsconf.Client, timeout time.Duration, parallel int) (*Prober, error) {
	conf, err := secure.TLS(nil)
	if err != nil {
		return nil, err
	}
	return &Prober{
		TLS: secure, Timeout: timeout, Parallel: parallel, again: secondLook,
		// The probe is of this very address: no proxy, no redirect.
		client: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: conf},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Case is an instance and what it has answered.
type Case struct {
	Instance Instance
	Probe    Probe
	// Here says that it is registered with the agent of this very machine, whose loopback is the same.
	Here bool
}

// Ask asks all instances. after is called with how many have answered, or have not in time. The error is that of ctx.
func (p *Prober) Ask(ctx context.Context, cases []Case, after func(done int)) error {
	finished := make(chan struct{}, len(cases))
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		done := 0
		for range finished {
			done++
			after(done)
		}
	}()
	err := each(ctx, len(cases), p.Parallel, func(ctx context.Context, i int) error {
		cases[i].Probe = p.one(ctx, cases[i])
		finished <- struct{}{}
		return ctx.Err()
	})
	close(finished)
	<-counted
	if err != nil {
		return err
	}
	return p.askAgain(ctx, cases)
}

// askAgain asks those a second time at whose address nobody listens, and that no check watches.
func (p *Prober) askAgain(ctx context.Context, cases []Case) error {
	var doubtful []int
	for n, c := range cases {
		if c.Probe.Connect == ConnectRefused && !c.Instance.checked() {
			doubtful = append(doubtful, n)
		}
	}
	if len(doubtful) == 0 {
		return nil
	}
	registry.Sleep(ctx, p.again)
	return each(ctx, len(doubtful), p.Parallel, func(ctx context.Context, i int) error {
		c := &cases[doubtful[i]]
		c.Probe = p.one(ctx, *c)
		return ctx.Err()
	})
}

func (p *Prober) one(ctx context.Context, c Case) Probe {
	i := c.Instance
	result := Probe{Connect: ConnectNotMade, Protocol: protocolOf(i)}
	if i.port == 0 || isAny(i.host) || isLoopback(i.host) && !c.Here {
		return result
	}
	var problem error
	result.Connect, problem = p.connect(ctx, i.Addr)
	if result.Connect == ConnectOK {
		p.export(ctx, i.Addr, &result)
	} else {
		result.Problem = problem.Error()
	}
	if port := i.Meta[metaMetricsPort]; port != "" {
		result.Health = p.health(ctx, net.JoinHostPort(i.host, port), i.Service)
	}
	return result
}

// isAny reports whether a host stands for all addresses of a machine, or is none.
func isAny(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// protocolOf returns how OTLP is spoken at the port of an instance.
func protocolOf(i Instance) string {
	port := strconv.Itoa(i.port)
	switch {
	case slices.Contains(i.Tags, SpeaksGRPC):
		return SpeaksGRPC
	case slices.Contains(i.Tags, SpeaksHTTP), i.Meta["http_port"] == port, i.port == 4318 && i.Meta["grpc_port"] != port:
		return SpeaksHTTP
	}
	return SpeaksGRPC
}

// connect makes a connection and nothing else.
func (p *Prober) connect(ctx context.Context, addr string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err == nil {
		_ = conn.Close() // nothing was sent
		return ConnectOK, nil
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return ConnectNoName, errors.New("the name " + dns.Name + " is unknown")
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return ConnectRefused, errors.New("connection refused")
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && !op.Timeout() {
		return ConnectSilent, errors.New(strings.TrimPrefix(op.Err.Error(), "connect: "))
	}
	return ConnectSilent, errors.New("no answer within " + p.Timeout.String())
}

// speaksTLS reports whether there is TLS at an address, whoever speaks it.
func (p *Prober) speaksTLS(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // nothing is sent, and nothing that is said is believed
		NextProtos:         []string{"h2", "http/1.1"},
	}}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err == nil {
		_ = conn.Close() // nothing was sent
		return true
	}
	_, alert := errors.AsType[tls.AlertError](err)
	return alert || strings.Contains(err.Error(), "remote error: tls:")
}
