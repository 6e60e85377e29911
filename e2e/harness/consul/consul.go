// Package consul runs a real Consul agent for the tests, which is its own server. It keeps everything in memory: an agent that
// was restarted knows nothing of before.
package consul

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	startLimit = time.Minute // for machines that do much else at the same time
	killGrace  = time.Second // it has nothing to save
	tailBytes  = 4 << 10
)

// Options are those of an agent.
type Options struct {
	// Token may do everything, and who has none nothing. Empty lets everybody do everything.
	Token string
}

// Agent is an agent. It is at the same addresses as long as it lives.
type Agent struct {
	program   string
	options   Options
	dir       string
	http, dns string // host:port
	args      []string
	process   *process.Process
}

// Start starts an agent and waits until it has elected itself. It is built if it is not in the cache: see programs.Consul.
func Start(ctx context.Context, o Options) (*Agent, error) {
	program, err := programs.Consul(ctx)
	if err != nil {
		return nil, err
	}
	addrs, err := loopback.Addrs(ctx, 4)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "otlpctl-consul-*")
	if err != nil {
		return nil, err
	}
	a := &Agent{program: program, options: o, dir: dir, http: addrs[0], dns: addrs[1]}
	a.args = []string{
		"agent", "-dev", "-bind=127.0.0.1", "-client=127.0.0.1", "-log-level=warn", "-disable-host-node-id",
		"-http-port=" + port(addrs[0]), "-dns-port=" + port(addrs[1]), "-server-port=" + port(addrs[2]), "-serf-lan-port=" + port(addrs[3]),
		"-serf-wan-port=-1", "-grpc-port=-1", "-grpc-tls-port=-1",
	}
	if o.Token != "" {
		a.args = append(a.args, fmt.Sprintf(`-hcl=acl { enabled = true, default_policy = "deny", tokens { initial_management = %q, agent = %[1]q } }`, o.Token))
	}
	if err := a.Resume(ctx); err != nil {
		_ = a.Stop(ctx) // what went wrong first counts
		return nil, err
	}
	return a, nil
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// Resume starts an agent again that was halted.
func (a *Agent) Resume(ctx context.Context) error {
	var err error
	// It outlives the test that happens to start it.
	a.process, err = process.Start(context.WithoutCancel(ctx), process.Spec{Name: "consul", Path: a.program, Args: a.args, Dir: a.dir, Grace: killGrace})
	if err != nil {
		return err
	}
	return wait.Until(ctx, startLimit, "a leader of Consul", func() (bool, error) {
		if !a.process.Running() {
			return false, &process.EndedError{Name: "consul", Log: a.Log()}
		}
		var leader string
		err := a.Ask(ctx, http.MethodGet, "/v1/status/leader", nil, &leader)
		if err == nil && a.options.Token != "" {
			err = a.Ask(ctx, http.MethodGet, "/v1/acl/token/self", nil, nil) // which a leader knows after a while
		}
		return err == nil && leader != "", nil
	})
}

// Halt kills the agent.
func (a *Agent) Halt() error {
	if a.process == nil {
		return nil
	}
	_ = a.process.Signal(os.Kill) // it may have ended
	_, err := a.process.Stop()
	return err
}

// Stop kills the agent and removes what it has left.
func (a *Agent) Stop(context.Context) error {
	if err := a.Halt(); err != nil {
		return err
	}
	return os.RemoveAll(a.dir)
}

// Addr returns host:port of the HTTP interface.
func (a *Agent) Addr() string { return a.http }

// DNS returns host:port of the DNS interface.
func (a *Agent) DNS() string { return a.dns }

// Log returns the end of what the agent has printed.
func (a *Agent) Log() string {
	if a.process == nil {
		return ""
	}
	return a.process.Tail(tailBytes)
}

// Ask sends a request to the HTTP interface, with the token that may do everything. A body is sent as JSON, and the answer read
// into result unless that is nil.
func (a *Agent) Ask(ctx context.Context, method, path string, body, result any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+a.http+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("X-Consul-Token", a.options.Token)
	client := http.Client{Timeout: startLimit, Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("consul: %s %s: %d %s", method, path, answer.StatusCode, said)
	case result == nil:
		return nil
	}
	return json.Unmarshal(said, result)
}
