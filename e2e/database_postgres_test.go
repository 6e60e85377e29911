package e2e_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/random"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// toPostgres returns an exporter to a database, which is closed when the test ends, and its log.
func toPostgres(t *testing.T, c pgexport.Config) (*pgexport.Exporter, *lines) {
	t.Helper()
	if c.MaxConnections == 0 {
		c.MaxConnections = 4
	}
	log := new(lines)
	e, err := pgexport.New(c, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closeNow(t, e)
		if t.Failed() {
			t.Logf("log of the exporter:\n%s", log)
		}
	})
	return e, log
}

// closeNow closes an exporter, as often as it likes.
func closeNow(t *testing.T, e *pgexport.Exporter) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), arrivalLimit)
	defer cancel()
	if err := e.Close(ctx); err != nil {
		t.Error(err)
	}
}

// batchOf returns a request as an exporter gets it.
func batchOf(t *testing.T, sig signal.Signal, request proto.Message) *pipeline.Batch {
	t.Helper()
	encoded, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	of, ok := wire.ParseSignal(sig.String())
	if !ok {
		t.Fatalf("no signal %s", sig)
	}
	return &pipeline.Batch{
		Signal: of, Items: signal.Items(request), Bytes: len(encoded), Parts: []pipeline.Part{{Data: mem.SliceBuffer(encoded)}},
	}
}

// mustExport exports a request of which nothing is to be refused.
func mustExport(t *testing.T, e *pgexport.Exporter, sig signal.Signal, request proto.Message) {
	t.Helper()
	partial, err := e.Export(t.Context(), batchOf(t, sig, request))
	if err != nil || partial != (pipeline.Partial{}) {
		t.Fatalf("%s: %+v, %v", sig, partial, err)
	}
}

// itemTable is where the items of a signal are.
func itemTable(sig signal.Signal) string {
	return map[signal.Signal]string{signal.Traces: "otlp_spans", signal.Metrics: "otlp_points", signal.Logs: "otlp_logs"}[sig]
}

func TestPostgresTakesEverythingOnce(t *testing.T) {
	db := postgres.Own(t)
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database), MaxConnections: 2})
	for _, sig := range signal.All() {
		var all []proto.Message
		for seed := range uint64(20) {
			all = append(all, random.Request(sig, seed))
		}
		all = append(all, numbered.Request(sig, 1, 5000))
		items := 0
		for _, request := range all {
			items += signal.Items(request)
		}
		for range 2 { // the second time nothing is new
			for _, request := range all {
				mustExport(t, e, sig, request)
			}
			if got := db.Value(t, postgres.Database, "SELECT count(*) FROM "+itemTable(sig)); got != fmt.Sprint(items) {
				t.Errorf("%s: %s items, want %d", sig, got, items)
			}
		}
		dangling := fmt.Sprintf("SELECT count(*) FROM %s i WHERE NOT EXISTS (SELECT FROM otlp_resources r WHERE r.id = i.resource_id) "+
			"OR NOT EXISTS (SELECT FROM otlp_scopes s WHERE s.id = i.scope_id)", itemTable(sig))
		if got := db.Value(t, postgres.Database, dangling); got != "0" {
			t.Errorf("%s: %s items refer to nothing", sig, got)
		}
	}
	if e.Duplicates() == 0 {
		t.Error("no duplicates were counted")
	}
	if got := db.Value(t, postgres.Database, "SELECT count(*) FROM otlp_points i WHERE NOT EXISTS (SELECT FROM otlp_metrics m WHERE m.id = i.metric_id)"); got != "0" {
		t.Errorf("%s points without a metric", got)
	}
}

// lines is a log that can be read while it is pgexport to.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
