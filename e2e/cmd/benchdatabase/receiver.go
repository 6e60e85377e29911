package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	startLimit = 30 * time.Second
	drainLimit = 2 * time.Minute
	asked      = 50 * time.Millisecond // between two questions how far the exporter is
)

// configuration is the receiver's: all defaults but for a queue with room for twice the batches that are written at a time.
// Clients wait for room in it, and so they send as fast as the database takes it.
const configuration = `receivers:
  otlp:
    protocols:
      grpc:
        endpoint: $GRPC
processors:
  batch:
exporters:
  database:
    url: ${env:DATABASE_URL}
    sending_queue:
      queue_size: 8
      block_on_overflow: true
$SETTINGS
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [database]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [database]}
    logs: {receivers: [otlp], processors: [batch], exporters: [database]}
admin:
  endpoint: $ADMIN
  pprof: true
`

// receiver is a running otlpctl that writes to a database.
type receiver struct {
	*process.Process

	grpc, admin string
}

// serve starts a receiver. settings are of its exporter.
func (r *runner) serve(ctx context.Context, url, settings string) (*receiver, error) {
	addrs, err := loopback.Addrs(ctx, 2)
	if err != nil {
		return nil, err
	}
	grpc, admin := addrs[0], addrs[1]
	text := strings.NewReplacer("$GRPC", grpc, "$ADMIN", admin, "$SETTINGS\n", settings).Replace(configuration)
	path := filepath.Join(r.dir, "otel.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	p, err := process.Start(ctx, process.Spec{
		Name: "otlpctl", Path: r.otlpctl, Args: []string{"serve", "--config", path}, Env: []string{"DATABASE_URL=" + url}, Dir: r.dir,
	})
	if err != nil {
		return nil, err
	}
	if err := p.WaitListening(ctx, startLimit, grpc, admin); err != nil {
		_, _ = p.Stop() // the reason is in err
		return nil, err
	}
	return &receiver{p, grpc, admin}, nil
}

// books are what the exporter has done with a signal, as /status has them.
type books struct {
	Exported int64            `json:"exported"`
	Rejected int64            `json:"rejected_by_backend"`
	Dropped  map[string]int64 `json:"dropped"`
}

// exported returns how many items of a signal are in the database. One that will never be is an error.
func (r *receiver) exported(ctx context.Context, sig signal.Signal) (int64, error) {
	var status struct {
		Exporters []struct {
			Error string           `json:"error"`
			Books map[string]books `json:"books"`
		} `json:"exporters"`
	}
	text, err := r.page(ctx, "/status")
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(text, &status); err != nil {
		return 0, fmt.Errorf("/status: %w", err)
	}
	if len(status.Exporters) != 1 {
		return 0, fmt.Errorf("/status has %d exporters, not one", len(status.Exporters))
	}
	e := status.Exporters[0]
	b := e.Books[sig.String()]
	if e.Error != "" || b.Rejected > 0 || len(b.Dropped) > 0 {
		return 0, fmt.Errorf("%s: %+v %s", sig, b, e.Error)
	}
	return b.Exported, nil
}

// page returns a page of the admin server.
func (r *receiver) page(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.admin+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(path + ": " + response.Status)
	}
	return text, err
}

// drain waits until so many items of a signal are in the database.
func (r *receiver) drain(ctx context.Context, sig signal.Signal, items int64) error {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	ticker := time.NewTicker(asked)
	defer ticker.Stop()
	for {
		n, err := r.exported(ctx, sig)
		if err != nil {
			return fmt.Errorf("wait for %d items of %s in the database: %w\n%s", items, sig, err, r.Tail(2000))
		}
		if n >= items {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d items of %s are in the database: %w\n%s", n, items, sig, ctx.Err(), r.Tail(2000))
		case <-ticker.C:
		}
	}
}
