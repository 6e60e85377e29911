package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// onlyInto is a configuration that writes everything to a database, in small batches.
func onlyInto(url string) string {
	return fmt.Sprintf(`receivers: {otlp: {protocols: {grpc: {endpoint: $GRPC}, http: {endpoint: $HTTP}}}}
processors: {batch: {timeout: 50ms}}
exporters: {database: {url: '%s', retry_on_failure: {initial_interval: 200ms, max_interval: 500ms}}}
service:
  pipelines:
    logs: {receivers: [otlp], processors: [batch], exporters: [database]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [database]}
`, url)
}

// following is a query that goes on.
type following struct {
	*process.Process

	t   *testing.T
	sig signal.Signal
}

// follow starts one. The numbered items are from long ago.
func follow(t *testing.T, sig signal.Signal, url string) *following {
	t.Helper()
	args := []string{"query", sig.String(), "--follow", "--since", "2025-01-01T00:00:00Z", "-o", "json", "--database", url}
	p := process.Run(t, process.Spec{Name: "follow-" + sig.String(), Path: otlpctl(t), Args: args})
	return &following{p, t, sig}
}

// numbers returns those of the items in all whole lines that were printed.
func (f *following) numbers() []uint64 {
	f.t.Helper()
	text, err := os.ReadFile(f.StdoutPath())
	if err != nil {
		f.t.Fatal(err)
	}
	var all []uint64
	for line := range bytes.Lines(text) {
		if document, whole := bytes.CutSuffix(line, []byte("\n")); whole {
			all = append(all, numbered.Numbers(fromJSON(f.t, f.sig, document))...)
		}
	}
	return all
}

// end interrupts the query, which it must take well.
func (f *following) end() {
	f.t.Helper()
	if err := f.Signal(unix.SIGINT); err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), startLimit)
	defer cancel()
	if code, err := f.Wait(ctx); code != 130 || err != nil {
		f.t.Errorf("an interrupted query ends with %d, %v", code, err)
	}
}

// primed returns a receiver that writes to the database of a URL, which has a log record and a data point when the server
// that will be asked has them.
func primed(t *testing.T, url string, asked *postgres.Server) *server {
	t.Helper()
	s := serve(t, onlyInto(url))
	deliver(t, s, numbered.Request(signal.Logs, 1, 1), signal.Logs)
	deliver(t, s, numbered.Request(signal.Metrics, 1, 1), signal.Metrics)
	wait.For(t, arrivalLimit, "the tables", func() bool {
		rows, err := asked.Rows(t.Context(), postgres.Database, "SELECT count(*) FROM otlp_logs, otlp_points")
		return err == nil && rows[0][0] == "1"
	})
	return s
}

// All that is acknowledged while a query follows is shown, and nothing is shown twice, through a restart of the server.
func TestPostgresFollowMissesNothing(t *testing.T) {
	db := postgres.Own(t)
	url := db.URL(postgres.Database)
	s := primed(t, url, db)
	followed(t, s, url, func() {
		if err := db.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := db.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}, func(f *following) {
		log, err := os.ReadFile(f.StderrPath())
		if err != nil || !strings.Contains(string(log), "warning: ") || !strings.Contains(string(log), "note: the database answers again") {
			t.Errorf("an outage of the database is not told: %v\n%s", err, log)
		}
	})
}

func TestSQLiteFollowMissesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "telemetry.db")
	s := serve(t, onlyInto("sqlite:"+path))
	deliver(t, s, numbered.Request(signal.Logs, 1, 1), signal.Logs)
	deliver(t, s, numbered.Request(signal.Metrics, 1, 1), signal.Metrics)
	followed(t, s, "sqlite:"+path, func() {}, func(*following) {})
}

func deliver(t *testing.T, s *server, request proto.Message, sig signal.Signal) {
	t.Helper()
	if err := s.client(t, signal.GRPC, "").Export(t.Context(), sig, request); err != nil {
		t.Fatal(err)
	}
}

// followed sends items while queries follow them. meanwhile happens in the middle, and after looks at a query in the end.
func followed(t *testing.T, s *server, url string, meanwhile func(), after func(*following)) {
	t.Helper()
	for _, sig := range []signal.Signal{signal.Logs, signal.Metrics} {
		f := follow(t, sig, url)
		wait.For(t, startLimit, "what is there already", func() bool { return len(f.numbers()) > 0 })
		before := f.numbers()
		l := &numbered.Load{
			Signal: sig, Items: 20, Timeout: 10 * time.Second, Every: 20 * time.Millisecond, After: 1,
			Clients: []client.Client{s.client(t, signal.GRPC, ""), s.client(t, signal.HTTPJSON, "")},
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			l.Run(ctx)
			close(done)
		}()
		half := func() bool { return len(l.Acked()) > 1000 }
		wait.For(t, arrivalLimit, "half of the load", half)
		meanwhile()
		sent := len(l.Acked())
		wait.For(t, arrivalLimit, "the other half", func() bool { return len(l.Acked()) > sent+1000 })
		cancel()
		<-done
		acked := slices.Concat(before, l.Acked())
		wait.For(t, arrivalLimit, "all that was acknowledged", func() bool { return len(numbered.Hold(acked, f.numbers()).Missing) == 0 })
		if v := numbered.Hold(acked, f.numbers()); v.Duplicates > 0 {
			t.Errorf("%s: %s", sig, v)
		}
		f.end()
		after(f)
	}
}
