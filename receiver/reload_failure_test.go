package receiver

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// What cannot be built changes nothing.
func TestReloadThatFails(t *testing.T) {
	r := start(t, local(), io.Discard)
	before := r.now.Load()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	f := func(want string, edit func(*Config)) {
		t.Helper()
		c := local()
		edit(&c)
		err := r.Reload(t.Context(), c, "bad")
		r.Reloaded(err)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if s := (view{r.Receiver}).Snapshot(); r.now.Load() != before || s.Config.Generation != 1 || s.Config.Problem == "" || s.Config.Hash != "abc" {
			t.Errorf("%+v", s.Config)
		}
		r.post(t, "/v1/traces", protobuf, spans)
	}
	f("address already in use", func(c *Config) { c.Receivers["otlp"].Protocols.HTTP.Endpoint = taken.Addr().String() })
	f("exporters.file: ", func(c *Config) { *c = toFile(filepath.Join(t.TempDir(), "no", "such", "folder"), nil) })
	f("no such file", func(c *Config) {
		e := NewExporterConfig("otlp")
		setEndpoint(t, e, "127.0.0.1:1")
		c.Exporters["otlp"] = e
		caFile(t, e, "/nowhere/ca.pem")
		c.Service.Pipelines["traces"] = PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"otlp"}}
	})
	r.deps.ChangeLogs = func(LogsConfig) error { return errors.New("no room for a log") }
	f("service.telemetry.logs: no room for a log", func(c *Config) { c.Receivers["otlp"].Protocols.HTTP.Endpoint = "127.0.0.1:0" })
	r.end(t, 4)
	if err := r.Reload(context.WithoutCancel(t.Context()), local(), "late"); !errors.Is(err, ErrNotRunning) {
		t.Errorf("reload after the end: %v", err)
	}
}

// A change that fails late gives up what was built for it, whose goroutines would
// pile up with every attempt.
func TestReloadThatFailsLeavesNothing(t *testing.T) {
	r := start(t, local(), io.Discard)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	f := func(edit func(*Config)) {
		t.Helper()
		c := local()
		edit(&c)
		before := runtime.NumGoroutine()
		for range 20 {
			if r.Reload(t.Context(), c, "bad") == nil {
				t.Fatal("it has not failed")
			}
		}
		for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+10; {
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
			}
			runtime.Gosched()
		}
	}
	f(func(c *Config) { c.Receivers["otlp"].Protocols.HTTP.Endpoint = taken.Addr().String() })
	f(func(c *Config) {
		c.Receivers["otlp"].Protocols.HTTP.TLS = &tlsconf.Server{Common: tlsconf.Common{CertFile: "/nowhere", KeyFile: "/nowhere"}}
	})
	f(func(c *Config) {
		c.Receivers["otlp"].Protocols.GRPC.MaxConcurrentStreams = 7
		c.Admin.Endpoint = taken.Addr().String()
	})
	r.end(t, 0)
}

// Whoever looks while a reload fails sees it as a whole, or not at all: /metrics
// takes the difference of the counts for those that succeeded.
func TestReloadHistoryIsOfOneMoment(t *testing.T) {
	r := start(t, local(), io.Discard)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 10_000 {
			r.Reloaded(errors.New("invalid"))
		}
	}()
	for looking := true; looking; {
		select {
		case <-ended:
			looking = false
		default:
		}
		if c := (view{r.Receiver}).Snapshot().Config; c.Reloads != c.Failed || (c.Problem == "") != (c.Failed == 0) {
			t.Errorf("%+v", c)
			break
		}
	}
	<-ended
	r.end(t, 0)
}
