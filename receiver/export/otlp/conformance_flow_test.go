package otlp

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The lines of OTLP's conformance list that exporter and Destination keep
// together, shown against a server.

// clock notes when calls arrive, since it was made.
type clock struct {
	mu    sync.Mutex
	began time.Time
	at    []time.Duration
}

func newClock() *clock { return &clock{began: time.Now()} }

func (c *clock) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Since(c.began))
}

func (c *clock) times() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.at...)
}

func TestE5_WaitsAsLongAsTheBackendAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		b := start(t, func(_ context.Context, n int, _ *call) (proto.Message, error) {
			c.tick()
			if n == 1 {
				return nil, withRetryInfo(t, codes.Unavailable, durationpb.New(90*time.Second)).Err()
			}
			return nil, nil
		})
		cfg := b.config()
		e, pool := b.exporter(t, cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		rig.Send(wire.Traces, otlptest.Traces(1), 1)
		time.Sleep(2 * time.Minute)
		if at := c.times(); len(at) != 2 || at[1]-at[0] < 90*time.Second || at[1]-at[0] > 91*time.Second {
			t.Errorf("calls at %s", at)
		}
		if books := rig.Books(wire.Traces); books.Exported != 1 {
			t.Errorf("%+v", books)
		}
	})
}

func TestE6_BacksOffExponentiallyWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		b := start(t, func(context.Context, int, *call) (proto.Message, error) {
			c.tick()
			return nil, status.Error(codes.Unavailable, "not now")
		})
		cfg := b.config()
		cfg.RetryOnFailure.MaxElapsedTime = 2 * time.Minute
		e, pool := b.exporter(t, cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		rig.Send(wire.Traces, otlptest.Traces(4), 4)
		time.Sleep(3 * time.Minute)
		at := c.times()
		if len(at) < 4 {
			t.Fatalf("calls at %s", at)
		}
		want := 5 * time.Second
		for i := 1; i < len(at); i++ {
			if wait := at[i] - at[i-1]; wait < want/2 || wait > want*3/2+time.Second {
				t.Errorf("waited %s before attempt %d, want about %s", wait, i+1, want)
			}
			want = min(want*3/2, 30*time.Second)
		}
		if books := rig.Books(wire.Traces); books.Dropped["retries_exhausted"] != 4 {
			t.Errorf("%+v", books)
		}
	})
}

func quick(cfg Config) pipeline.Settings {
	cfg.RetryOnFailure.InitialInterval = time.Millisecond
	cfg.RetryOnFailure.MaxInterval = 20 * time.Millisecond
	return cfg.Settings()
}

func TestE6_RetriesWhatNobodyAnswered(t *testing.T) {
	listener := listen(t)
	var cut atomic.Int32
	b := startOn(t, &cuttingListener{Listener: listener, cut: &cut}, nil)
	cfg := b.config()
	e, pool := b.exporter(t, cfg)
	rig := exporttest.Start(t, e, quick(cfg), pool)
	cut.Store(3) // the next connections end in the middle of a request
	rig.Send(wire.Traces, otlptest.Traces(200), 200)
	if books := rig.Settled(wire.Traces); books.Exported != 200 {
		t.Errorf("%+v", books)
	}
	if cut.Load() != 0 {
		t.Errorf("%d connections were not cut", cut.Load())
	}
}

// cuttingListener closes connections after a few bytes, as long as cut is above zero.
type cuttingListener struct {
	net.Listener
	cut *atomic.Int32
}

func (l *cuttingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil || l.cut.Load() <= 0 {
		return conn, err
	}
	l.cut.Add(-1)
	return &cutConn{Conn: conn, left: 200}, nil
}

// cutConn ends after having read a number of bytes.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// A backend that is not there is no reason not to start, and is found when it comes.
func TestE6_RetriesUntilTheBackendIsThere(t *testing.T) {
	reserved := listen(t)
	address := reserved.Addr().String()
	if err := reserved.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Endpoint, cfg.TLS.Insecure = address, true
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
	b := startOn(t, listener, nil)
	if books := rig.Settled(wire.Metrics); books.Exported != 10 || len(b.received()) != 1 {
		t.Errorf("%+v", books)
	}
}

func TestE10_ThrottlingPausesTheWholeExporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		b := start(t, func(_ context.Context, n int, _ *call) (proto.Message, error) {
			c.tick()
			if n == 1 {
				return nil, withRetryInfo(t, codes.ResourceExhausted, durationpb.New(time.Minute)).Err()
			}
			return nil, nil
		})
		cfg := b.config()
		e, pool := b.exporter(t, cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		rig.Send(wire.Traces, otlptest.Traces(1), 1)
		synctest.Wait()
		for range 20 { // more than there are consumers
			rig.Send(wire.Logs, otlptest.Logs(1), 1)
		}
		time.Sleep(59 * time.Second)
		if n := len(c.times()); n != 1 {
			t.Errorf("%d calls while the backend had asked for a pause", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(c.times()); n != 22 {
			t.Errorf("%d calls after the pause", n)
		}
	})
}

func TestE11_ConcurrencyIsConfigurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := start(t, func(ctx context.Context, _ int, _ *call) (proto.Message, error) {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil, nil
		})
		cfg := b.config()
		cfg.SendingQueue.NumConsumers = 3
		e, pool := b.exporter(t, cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		for range 8 {
			rig.Send(wire.Traces, otlptest.Traces(1), 1)
		}
		synctest.Wait()
		if n := len(b.received()); n != 3 {
			t.Errorf("%d requests at a time", n)
		}
		close(release)
		if books := rig.Settled(wire.Traces); books.Exported != 8 {
			t.Errorf("%+v", books)
		}
	})
}

func TestE11_ShutdownWaitsAndRecordsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(ctx context.Context, n int, _ *call) (proto.Message, error) {
			if n == 1 {
				time.Sleep(3 * time.Second)
				return nil, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		})
		cfg := b.config()
		cfg.SendingQueue.NumConsumers = 1
		e, pool := b.exporter(t, cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		for range 3 {
			rig.Send(wire.Traces, otlptest.Traces(1), 1)
		}
		synctest.Wait()
		go func() {
			time.Sleep(10 * time.Second) // how long the shutdown may take
			rig.Abort()
		}()
		rig.Dest.Drain()
		if books := rig.Books(wire.Traces); books.Exported != 1 || books.Dropped["shutdown"] != 2 {
			t.Errorf("%+v", books)
		}
	})
}

func TestE12_AStuckBackendHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := start(t, func(ctx context.Context, _ int, _ *call) (proto.Message, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		working := start(t, nil)
		pool := new(buftest.Pool)
		var lanes []*pipeline.Lane
		var dests []*pipeline.Destination
		for _, b := range []*backend{stuck, working} {
			cfg := b.config()
			cfg.SendingQueue.QueueSize = 5
			e, own := b.exporter(t, cfg)
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
		stop()
		for _, d := range dests {
			d.Drain()
		}
		running.Wait()
		if books := dests[0].State().Books[wire.Traces]; books.Dropped["queue_full"] != 45 || books.Dropped["shutdown"] != 5 {
			t.Errorf("the stuck exporter's books: %+v", books)
		}
		pool.AllFreed(t)
	})
}

// At least once: a batch whose answer was lost is sent again, and booked once.
func TestE16_ALostAnswerMakesADuplicate(t *testing.T) {
	b := start(t, func(ctx context.Context, n int, _ *call) (proto.Message, error) {
		if n == 1 {
			<-ctx.Done() // taken, but the answer comes too late
		}
		return nil, nil
	})
	cfg := b.config()
	cfg.Timeout = 50 * time.Millisecond
	e, pool := b.exporter(t, cfg)
	rig := exporttest.Start(t, e, quick(cfg), pool)
	rig.Send(wire.Traces, otlptest.Traces(3), 3)
	books := rig.Settled(wire.Traces)
	if calls := b.received(); books.Exported != 3 || len(calls) != 2 || !proto.Equal(calls[0].request, calls[1].request) {
		t.Errorf("%+v after %d calls", books, len(calls))
	}
}

// The transport may hold on to a request longer than the attempt that sent it:
// here attempts end in the middle of a transfer, and what arrives is whole.
func TestBuffersOutliveTheAttempt(t *testing.T) {
	const requests, spans = 40, 100
	encoded := otlptest.Encode(otlptest.Traces(spans))
	member := exporttest.Gzip(t, encoded)
	f := func(t *testing.T, compression string) {
		t.Helper()
		var slow atomic.Int32
		slow.Store(300)
		b := startOn(t, &slowListener{Listener: bufconn.Listen(16 << 10), reads: &slow}, nil)
		cfg := b.config()
		cfg.Compression, cfg.Timeout, cfg.GzipMultiMember = compression, 10*time.Millisecond, true
		e, pool := b.exporter(t, cfg)
		rig := exporttest.StartBatching(t, e, quick(cfg), pool, pipeline.Limits{Timeout: time.Millisecond, MinItems: 4 * spans})
		for i := range requests {
			var gzip []byte
			if i%2 == 0 {
				gzip = member
			}
			if _, err := rig.Offer(wire.Traces, encoded, gzip, spans); err != nil {
				t.Fatal(err)
			}
		}
		rig.Settled(wire.Traces)
		arrived := 0
		for _, c := range b.received() {
			report, err := wire.Scan(wire.Traces, c.encoded)
			if err != nil {
				t.Fatalf("%s: a damaged request arrived: %v", compression, err)
			}
			arrived += report.Items
		}
		if retries := rig.Dest.State().Retries; arrived < requests*spans || retries == 0 {
			t.Errorf("%s: %d spans arrived, %d retries", compression, arrived, retries)
		}
	}
	for _, compression := range []string{"none", "gzip"} {
		synctest.Test(t, func(t *testing.T) { f(t, compression) })
	}
}

// slowListener makes the first reads from its connections take time.
type slowListener struct {
	*bufconn.Listener
	reads *atomic.Int32
}

func (l *slowListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return &slowConn{Conn: conn, reads: l.reads}, err
}

type slowConn struct {
	net.Conn
	reads *atomic.Int32
}

func (c *slowConn) Read(b []byte) (int, error) {
	if c.reads.Add(-1) > 0 {
		time.Sleep(2 * time.Millisecond)
	}
	return c.Conn.Read(b)
}
