package ingest

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// httpServer serves OTLP/HTTP: HTTP/1.1 and HTTP/2, the latter without TLS too
// (by prior knowledge), on one port.
type httpServer struct {
	in       *intake
	cfg      *HTTPConfig
	cors     *cors
	paths    map[string]wire.Signal
	server   *http.Server
	secure   bool
	leaving  atomic.Bool               // every response asks the client to connect anew
	until    atomic.Pointer[time.Time] // when drain stops waiting for clients that were asked; nil if none were
	farewell time.Duration
	running  sync.RWMutex // read-locked by every handler
	ended    chan struct{}
	end      sync.Once
}

func newHTTPServer(cfg *HTTPConfig, in *intake, secure *tls.Config) *httpServer {
	h := &httpServer{
		in: in, cfg: cfg, cors: newCORS(cfg.CORS), paths: map[string]wire.Signal{}, secure: secure != nil, farewell: farewell,
		ended: make(chan struct{}),
	}
	for _, sig := range wire.Signals() {
		h.paths[cfg.path(sig)] = sig
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	h.server = &http.Server{
		Handler: h, Protocols: protocols, TLSConfig: secure,
		ReadTimeout: cfg.ReadTimeout, ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		WriteTimeout: cfg.WriteTimeout, IdleTimeout: cfg.IdleTimeout, MaxHeaderBytes: maxHeaders,
		DisableGeneralOptionsHandler: true,
		// What net/http has to say is about connections of strangers.
		ErrorLog: slog.NewLogLogger(in.log.Handler(), slog.LevelDebug),
	}
	h.server.SetKeepAlivesEnabled(cfg.KeepAlivesEnabled)
	if cfg.MaxConnectionAge > 0 {
		h.server.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, expiryKey{}, time.Now().Add(jitter(cfg.MaxConnectionAge)))
		}
	}
	return h
}

// expiryKey is under which a connection's context holds when it gets too old.
type expiryKey struct{}

// jitter varies d by a tenth either way, as gRPC does, so that connections that
// began together do not end together.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64())) //nolint:gosec // no secret depends on it
}

// tooOld reports whether the request's connection is to be closed.
func (h *httpServer) tooOld(ctx context.Context) bool {
	if h.cfg.MaxConnectionAge == 0 {
		return false
	}
	expiry, ok := ctx.Value(expiryKey{}).(time.Time)
	return ok && time.Now().After(expiry)
}

// serve returns when the server has stopped, with all of its handlers.
func (h *httpServer) serve(l net.Listener) error {
	var err error
	if h.secure {
		err = h.server.ServeTLS(l, "", "")
	} else {
		err = h.server.Serve(l)
	}
	if !errors.Is(err, http.ErrServerClosed) && !h.leaving.Load() {
		return err
	}
	<-h.ended
	return nil
}

// farewell is how long after forewarn a shutdown waits for connections on which
// no request has come since: clients that export every second are heard from
// within it.
const farewell = 2 * time.Second

// forewarn has every answer ask its client to connect anew, which drain waits for.
// Closing an idle connection can cross with a request, and few clients dare to
// send a POST again.
func (h *httpServer) forewarn() {
	h.leaving.Store(true)
	until := time.Now().Add(h.farewell)
	h.until.Store(&until)
}

// drain waits a moment for clients that were asked to leave, closes idle
// connections and waits for requests, or for stop, which is called when ctx ends.
func (h *httpServer) drain(ctx context.Context, l *listener) {
	if until := h.until.Load(); until != nil {
		limit, cancel := context.WithDeadline(ctx, *until)
		defer cancel()
		h.part(limit, l)
	}
	_ = h.server.Shutdown(ctx) // an error says that ctx ended or a listener was closed already
	if ctx.Err() != nil {
		<-h.ended
		return
	}
	h.finish()
}

// lingerPoll is how often part looks whether connections are left.
const lingerPoll = 20 * time.Millisecond

// retire is forewarn, and waits until clients have gone.
func (h *httpServer) retire(ctx context.Context, l *listener) {
	h.leaving.Store(true)
	limit, cancel := context.WithTimeout(ctx, cmp.Or(h.cfg.IdleTimeout, h.cfg.ReadTimeout, longestLinger))
	defer cancel()
	h.part(limit, l)
}

// part stops listening and waits until no connection is left, or ctx ends.
func (h *httpServer) part(ctx context.Context, l *listener) {
	_ = l.Close() // of a turn: the socket stays open if another one has begun
	l.Quiet(ctx)
	ticker := time.NewTicker(lingerPoll)
	defer ticker.Stop()
	for l.connections() > 0 && ctx.Err() == nil {
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// longestLinger is how long a retired server waits for a client that never sends
// another request, if nothing else says so.
const longestLinger = 3 * time.Minute

// stop ends every request at once and waits for the handlers.
func (h *httpServer) stop() {
	_ = h.server.Close() // what it could say is that a listener was closed already
	h.finish()
}

// finish lets serve return once no handler is left.
func (h *httpServer) finish() {
	h.running.Lock() // after the server has closed nothing begins any more
	defer h.running.Unlock()
	h.end.Do(func() { close(h.ended) })
}
