package main

import (
	"context"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
)

// Requests are what a command has asked of the API server.
type Requests struct {
	// Reads are all GETs, watches among them.
	Reads int
	// Questions are POSTs that store nothing, such as access reviews, and dry runs.
	Questions int
	// Writes could change something.
	Writes int
}

// proxy stands between commands and the API server.
type proxy struct {
	server *http.Server
	addr   string

	mu   sync.Mutex
	seen Requests
}

// startProxy takes plain HTTP, and asks the API server as the user who may do everything.
func startProxy(ctx context.Context, c *kubernetes.Cluster) (*proxy, error) {
	upstream, transport, err := c.Administrator()
	if err != nil {
		return nil, err
	}
	transport.MaxIdleConnsPerHost = 64 // whoever asks several things at once is not to pay for new connections
	forward := httputil.NewSingleHostReverseProxy(upstream)
	forward.Transport, forward.FlushInterval = transport, -1
	forward.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) } // mostly nobody reads it any more
	listener, err := loopback.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{addr: "http://" + listener.Addr().String()}
	p.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.count(r)
		forward.ServeHTTP(w, r)
	})}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

func (p *proxy) count(r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		p.seen.Reads++
	case r.URL.Query().Get("dryRun") == "All", strings.HasPrefix(r.URL.Path, "/apis/auth"):
		p.seen.Questions++
	default:
		p.seen.Writes++
	}
}

// take returns what was asked since the last time.
func (p *proxy) take() Requests {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = Requests{}
	return seen
}

// kubeconfig is that of the proxy.
func (p *proxy) kubeconfig() string {
	return `{"apiVersion": "v1", "kind": "Config", "current-context": "counted",
"clusters": [{"name": "counted", "cluster": {"server": "` + p.addr + `"}}],
"contexts": [{"name": "counted", "context": {"cluster": "counted", "user": ""}}]}
`
}
