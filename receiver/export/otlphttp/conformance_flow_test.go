package otlphttp

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The lines of OTLP's conformance list that exporter and Destination keep
// together, shown against a server.

func quick(cfg Config) pipeline.Settings {
	cfg.RetryOnFailure.InitialInterval = time.Millisecond
	cfg.RetryOnFailure.MaxInterval = 20 * time.Millisecond
	return cfg.Settings()
}

func TestE5_WaitsAsLongAsTheBackendAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(w http.ResponseWriter, n int, _ *call) {
			if n == 1 {
				w.Header().Set("Retry-After", "90")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		cfg := b.config()
		e, pool := b.exporter(cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		rig.Send(wire.Traces, otlptest.Traces(1), 1)
		time.Sleep(89 * time.Second)
		if n := len(b.received()); n != 1 {
			t.Errorf("%d requests before the time", n)
		}
		time.Sleep(2 * time.Second)
		if books := rig.Books(wire.Traces); books.Exported != 1 {
			t.Errorf("%+v", books)
		}
	})
}

func TestE6_RetriesWhatNobodyAnswered(t *testing.T) {
	b, _ := startTCP(t, func(_ http.ResponseWriter, n int, _ *call) {
		if n <= 3 {
			panic(http.ErrAbortHandler) // the connection ends without a response
		}
	}, (*httptest.Server).Start)
	cfg := b.config()
	e, pool := b.exporter(cfg)
	rig := exporttest.Start(t, e, quick(cfg), pool)
	rig.Send(wire.Traces, otlptest.Traces(200), 200)
	if books := rig.Settled(wire.Traces); books.Exported != 200 || len(b.received()) != 4 {
		t.Errorf("%+v after %d requests", books, len(b.received()))
	}
}

func TestE6_RetriesHalfAnAnswer(t *testing.T) {
	b, _ := startTCP(t, func(w http.ResponseWriter, n int, _ *call) {
		if n == 1 {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half"))
			panic(http.ErrAbortHandler)
		}
	}, (*httptest.Server).Start)
	cfg := b.config()
	e, pool := b.exporter(cfg)
	rig := exporttest.Start(t, e, quick(cfg), pool)
	rig.Send(wire.Traces, otlptest.Traces(2), 2)
	if books := rig.Settled(wire.Traces); books.Exported != 2 || len(b.received()) != 2 {
		t.Errorf("%+v after %d requests", books, len(b.received()))
	}
}

// A backend that is not there is no reason not to start, and is found when it comes.
func TestE6_RetriesUntilTheBackendIsThere(t *testing.T) {
	reserved, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := reserved.Addr().String()
	if err := reserved.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Endpoint = "http://" + address
	pool := new(buftest.Pool)
	e, err := New(cfg, pool, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	rig := exporttest.Start(t, e, quick(cfg), pool)
	rig.Send(wire.Metrics, otlptest.Metrics(10), 10)
	exporttest.Until(t, "it fails", func() bool { return rig.Dest.State().Failing != "" })
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("somebody else took %s", address)
	}
	b, _ := startTCP(t, nil, func(s *httptest.Server) {
		_ = s.Listener.Close()
		s.Listener = listener
		s.Start()
	})
	if books := rig.Settled(wire.Metrics); books.Exported != 10 || len(b.received()) != 1 {
		t.Errorf("%+v", books)
	}
}

func TestE10_ThrottlingPausesTheWholeExporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(w http.ResponseWriter, n int, _ *call) {
			if n == 1 {
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		cfg := b.config()
		e, pool := b.exporter(cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		rig.Send(wire.Traces, otlptest.Traces(1), 1)
		synctest.Wait()
		for range 20 { // more than there are consumers
			rig.Send(wire.Logs, otlptest.Logs(1), 1)
		}
		time.Sleep(59 * time.Second)
		if n := len(b.received()); n != 1 {
			t.Errorf("%d requests while the backend had asked for a pause", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(b.received()); n != 22 {
			t.Errorf("%d requests after the pause", n)
		}
	})
}

func TestE11_ConcurrencyAndShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(_ http.ResponseWriter, n int, _ *call) {
			time.Sleep(time.Duration(n) * 3 * time.Second)
		})
		cfg := b.config()
		cfg.SendingQueue.NumConsumers = 2
		e, pool := b.exporter(cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		for range 5 {
			rig.Send(wire.Traces, otlptest.Traces(1), 1)
		}
		synctest.Wait()
		if n := len(b.received()); n != 2 {
			t.Errorf("%d requests at a time", n)
		}
		go func() {
			time.Sleep(10 * time.Second) // how long the shutdown may take
			rig.Abort()
		}()
		rig.Dest.Drain()
		if books := rig.Books(wire.Traces); books.Exported != 2 || books.Dropped["shutdown"] != 3 {
			t.Errorf("%+v", books)
		}
	})
}

func TestE12_AStuckBackendHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		stuck := start(t, func(http.ResponseWriter, int, *call) { <-release })
		working := start(t, nil)
		pool := new(buftest.Pool)
		var lanes []*pipeline.Lane
		var dests []*pipeline.Destination
		for _, b := range []*backend{stuck, working} {
			cfg := b.config()
			cfg.SendingQueue.QueueSize = 5
			e, own := b.exporter(cfg)
			defer own.AllFreed(t)
			d := pipeline.NewDestination("test", e, cfg.Settings(), pool, slog.New(slog.DiscardHandler))
			lanes = append(lanes, d.Lane(wire.Traces, pipeline.Limits{}))
			dests = append(dests, d)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, d := range dests {
			running.Go(func() { _ = d.Run(ctx) })
		}
		route := pipeline.NewRoute(lanes, nil, nil)
		encoded := otlptest.Encode(otlptest.Traces(1))
		for range 50 {
			p := pipeline.Payload{Signal: wire.Traces, Items: 1, Data: pool.Buffer(encoded)} // both queues share it
			if _, err := route.Consume(t.Context(), &p); err != nil {
				t.Error(err)
			}
			p.Data.Free()
			synctest.Wait()
		}
		if n := len(working.received()); n != 50 {
			t.Errorf("the working backend has %d of 50 requests", n)
		}
		close(release)
		for _, d := range dests {
			d.Drain()
		}
		stop()
		running.Wait()
		if books := dests[0].State().Books[wire.Traces]; books.Dropped["queue_full"] != 45 || books.Exported != 5 {
			t.Errorf("the stuck exporter's books: %+v", books)
		}
		pool.AllFreed(t)
	})
}

// At least once: a batch whose answer was lost is sent again, and booked once.
func TestE16_ALostAnswerMakesADuplicate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(_ http.ResponseWriter, n int, _ *call) {
			if n == 1 {
				time.Sleep(time.Minute) // taken, but the answer comes too late
			}
		})
		cfg := b.config()
		e, pool := b.exporter(cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		rig.Send(wire.Traces, otlptest.Traces(3), 3)
		time.Sleep(2 * time.Minute)
		calls := b.received()
		if books := rig.Books(wire.Traces); books.Exported != 3 || len(calls) != 2 || string(calls[0].decoded) != string(calls[1].decoded) {
			t.Errorf("%+v after %d requests", books, len(calls))
		}
	})
}

// net/http may read a body longer than the attempt that sent it: here attempts
// end in the middle of a transfer, and what arrives is whole.
func TestBuffersOutliveTheAttempt(t *testing.T) {
	const requests, spans = 30, 200
	encoded := otlptest.Encode(otlptest.Traces(spans))
	f := func(compression string, started func(*httptest.Server)) {
		t.Helper()
		const stalling = 12 // requests, which is more than there are batches
		var arrivals atomic.Int32
		release := make(chan struct{})
		var b *backend
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := arrivals.Add(1)
			if n == stalling {
				close(release)
			}
			if n <= stalling {
				<-release // without reading
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			b.ServeHTTP(w, r)
		}))
		started(server)
		defer server.Close()
		b = &backend{t: t, url: server.URL}
		cfg := b.config()
		cfg.Compression, cfg.Timeout, cfg.TLS.CAPEM = compression, 300*time.Millisecond, caPEM(server)
		e, pool := b.exporter(cfg)
		rig := exporttest.StartBatching(t, e, quick(cfg), pool, pipeline.Limits{Timeout: time.Millisecond, MinItems: 4 * spans})
		for range requests {
			if _, err := rig.Offer(wire.Traces, encoded, nil, spans); err != nil {
				t.Fatal(err)
			}
		}
		rig.Settled(wire.Traces)
		arrived := 0
		for _, c := range b.received() {
			report, err := wire.Scan(wire.Traces, c.decoded)
			if err != nil {
				t.Fatalf("%s: a damaged request arrived: %v", compression, err)
			}
			arrived += report.Items
		}
		if retries := rig.Dest.State().Retries; arrived < requests*spans || retries == 0 {
			t.Errorf("%s: %d spans arrived, %d retries", compression, arrived, retries)
		}
	}
	http2 := func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	}
	for _, compression := range []string{"none", "gzip"} {
		f(compression, (*httptest.Server).Start)
		f(compression, http2)
	}
}
