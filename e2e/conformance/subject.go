package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/otlpctl/otlpctl/e2e/bench/rawgrpc"
	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/netns"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	startLimit = 30 * time.Second
	// starts is how often a start is tried: another process may take a port before it is bound.
	starts = 3
	// lastWords is how much of its log is shown, in bytes.
	lastWords = 1 << 10
)

// subject is a process under test.
type subject struct {
	probe               *probe
	overHTTP            bool   // sends on over HTTP
	grpc, http, metrics string // host:port
	behind              *sink.Sink
	proc                *process.Process
	conn                *grpc.ClientConn
}

// start starts a process, which is stopped when the check ends.
func (p *probe) start(ctx context.Context, s setup) *subject {
	if s.behind == nil {
		s.behind = p.sink(ctx)
	}
	switch {
	case s.endpoint != "":
	case s.overHTTP:
		s.endpoint = s.behind.URL()
	default:
		s.endpoint = s.behind.GRPC()
	}
	var err error
	for range starts {
		var sub *subject
		if sub, err = p.launch(ctx, s); err == nil {
			return sub
		}
		if _, ended := errors.AsType[*process.EndedError](err); !ended {
			break
		}
	}
	p.must(err)
	return nil
}

func (p *probe) launch(ctx context.Context, s setup) (*subject, error) {
	addrs, err := p.ports.take(ctx, 3)
	if err != nil {
		return nil, err
	}
	sub := &subject{probe: p, grpc: addrs[0], http: addrs[1], metrics: addrs[2], behind: s.behind, overHTTP: s.overHTTP}
	listen := settings{"grpc.endpoint": sub.grpc, "http.endpoint": sub.http}
	sub.proc, err = p.run(ctx, s, join(listen, p.offer(sub.metrics)))
	if err != nil {
		return nil, err
	}
	if err := sub.waitReady(ctx); err != nil {
		return nil, err
	}
	sub.conn, err = grpc.NewClient("passthrough:///"+sub.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawgrpc.Codec{}), grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return nil, err
	}
	p.later = append(p.later, func() { _ = sub.conn.Close() })
	return sub, nil
}

// waitReady waits until the process says that it is ready. That its ports can be connected to would prove less: if
// another process has taken one, that one accepts.
func (s *subject) waitReady(ctx context.Context) error {
	return wait.Until(ctx, startLimit, "the process to be ready", func() (bool, error) {
		if !s.proc.Running() {
			return false, &process.EndedError{Name: s.probe.system.Name, Log: s.proc.Tail(lastWords)}
		}
		return s.logged(s.probe.system.ready), nil
	})
}

// offer returns the system's settings for its counters.
func (p *probe) offer(addr string) settings {
	host, port, _ := net.SplitHostPort(addr)
	return p.system.metrics(host, port)
}

// run starts the program with a configuration.
func (p *probe) run(ctx context.Context, s setup, more settings) (*process.Process, error) {
	text, err := s.config(more)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(p.dir, "")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	proc, err := process.Start(context.WithoutCancel(ctx), process.Spec{
		Name: "subject", Path: p.system.path, Args: append(slices.Clip(p.system.args), file),
		Dir: dir, Grace: time.Second,
	})
	if err != nil {
		return nil, err
	}
	p.later = append(p.later, func() { _, _ = proc.Stop() }) // a check that cares has stopped it
	return proc, nil
}

// wantDefaultPort asks whether a protocol that is configured without an endpoint listens on the port. It takes a
// network of its own to find out; where that is not allowed, the question is not asked.
func (p *probe) wantDefaultPort(ctx context.Context, protocol, port string) {
	ns, err := netns.Start()
	if errors.Is(err, syscall.EPERM) {
		p.untried = append(p.untried, "the default port "+port+": no right to make a network namespace")
		return
	}
	p.must(err)
	p.later = append(p.later, ns.Close)
	s := setup{endpoint: "127.0.0.1:1"}
	var proc *process.Process
	ns.Do(func() { proc, err = p.run(ctx, s, join(settings{protocol: settings{}}, p.offer("127.0.0.1:18888"))) })
	p.must(err)
	up := eventually(ctx, startLimit, func() bool {
		c, err := ns.Dial(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil || !proc.Running()
	})
	p.want(up && proc.Running(), "", "nothing listens on "+port+" by default")
}

// client returns a client that sends to the process.
func (s *subject) client(protocol signal.Protocol) client.Client {
	target := client.Target{Protocol: protocol, Addr: s.http}
	if protocol == signal.GRPC {
		target.Addr = s.grpc
	}
	c, err := client.Dial(target)
	s.probe.must(err)
	s.probe.later = append(s.probe.later, func() { _ = c.Close() })
	return c
}

// proto names the protocol that the process sends on with.
func (s *subject) proto() string {
	if s.overHTTP {
		return "HTTP"
	}
	return "gRPC"
}

// lost returns how many items the process itself says it has given up, or that were refused for good.
func (s *subject) lost(ctx context.Context) int {
	reply := s.send(ctx, httpRequest{method: "GET", addr: s.metrics, path: "/metrics"})
	total := 0.0
	lines := bufio.NewScanner(strings.NewReader(string(reply.body)))
	for lines.Scan() {
		series, value, _ := strings.Cut(lines.Text(), "} ")
		for _, prefix := range s.probe.system.lost {
			if n, err := strconv.ParseFloat(value, 64); err == nil && strings.HasPrefix(series, prefix) {
				total += n
			}
		}
	}
	return int(total)
}

// logged reports whether the process has written the words.
func (s *subject) logged(words string) bool {
	for _, path := range []string{s.proc.StdoutPath(), s.proc.StderrPath()} {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), words) {
			return true
		}
	}
	return false
}

// number converts a port for configurations that want one.
func number(port string) int {
	n, err := strconv.Atoi(port)
	if err != nil {
		panic(fmt.Sprintf("port %q: %v", port, err)) // addresses are made here
	}
	return n
}
