package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	// writer is the user of receivers, who owns their databases and is no superuser.
	writer         = "writer"
	writerPassword = "w:riter/p@ss%word"
	// ownConnections bounds the connections of a receiver.
	ownConnections = 4
	// sampleSessions is how often the connections of receivers are counted.
	sampleSessions = 100 * time.Millisecond
)

// impatient makes an outage of a database felt soon, and its end too.
var impatient = []string{ //nolint:gochecknoglobals // a table
	"timeout: 1s", "sending_queue: {queue_size: 20, num_consumers: 4}",
	"retry_on_failure: {initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0s}",
}

// unqueued makes an answer mean that the database has it.
const unqueued = "sending_queue: {enabled: false}"

// keeping returns a configuration with all three pipelines, from the OTLP receiver into a database.
func keeping(url string, settings ...string) string {
	return fmt.Sprintf("database:\n  url: '%s'\n  max_connections: %d\n", url, ownConnections) +
		forwarding("  database:\n    "+strings.Join(settings, "\n    ")+"\n", "database")
}

// newWriter makes the user of receivers.
func newWriter(t *testing.T, db *postgres.Server) {
	t.Helper()
	db.MustExec(t, "postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", writer, writerPassword))
}

// newDatabase makes a database, and returns where receivers find it. options are those of CREATE DATABASE.
func newDatabase(t *testing.T, db *postgres.Server, name, options string) string {
	t.Helper()
	db.MustExec(t, "postgres", fmt.Sprintf("CREATE DATABASE %s OWNER %s %s", name, writer, options))
	return db.URLAs(writer, writerPassword, name)
}

// dated gives items the time of the test: only rows of these days have partitions.
type dated struct {
	client.Client

	at uint64
}

func (d dated) Export(ctx context.Context, sig signal.Signal, request proto.Message) error {
	switch r := request.(type) {
	case *coltrace.ExportTraceServiceRequest:
		signal.EachSpan(r, func(s *trace.Span) { s.StartTimeUnixNano, s.EndTimeUnixNano = d.at, d.at+1000 })
	case *colmetrics.ExportMetricsServiceRequest:
		signal.EachMetric(r, func(m *metrics.Metric) {
			for _, p := range m.GetGauge().GetDataPoints() {
				p.TimeUnixNano = d.at
			}
		})
	case *collogs.ExportLogsServiceRequest:
		signal.EachLog(r, func(l *logs.LogRecord) { l.TimeUnixNano = d.at })
	}
	return d.Client.Export(ctx, sig, request)
}

// sendNow starts clients for every signal and protocol, which send items of this time and do not try again.
func sendNow(t *testing.T, s *server) *loads {
	t.Helper()
	return sendAt(t, s, steady())
}

// sendAt is sendNow at another pace.
func sendAt(t *testing.T, s *server, pace pace) *loads {
	t.Helper()
	at := uint64(time.Now().UnixNano())
	return sendBy(t, pace, func() []client.Client {
		var all []client.Client
		for _, protocol := range signal.Protocols() {
			all = append(all, dated{s.client(t, protocol, ""), at})
		}
		return all
	})
}

// databaseState is what /status says of the exporter to a database.
type databaseState struct {
	Name    string `json:"name"`
	Healthy bool   `json:"healthy"`
	Error   string `json:"error"`
	Books   map[string]struct {
		Exported int64 `json:"exported"`
	} `json:"books"`
}

func (s *server) database(t *testing.T) databaseState {
	t.Helper()
	code, body, err := get(t.Context(), "http://"+s.admin+"/status")
	if err != nil || code != http.StatusOK {
		t.Fatalf("/status: %d %v", code, err)
	}
	var st struct {
		Exporters []databaseState `json:"exporters"`
	}
	if err := json.Unmarshal([]byte(body), &st); err != nil {
		t.Fatal(err)
	}
	for _, e := range st.Exporters {
		if e.Name == "database" {
			return e
		}
	}
	t.Fatalf("no database in /status: %s", body)
	return databaseState{}
}

// storing waits until more items of every signal have come into the database than are there now.
func (s *server) storing(t *testing.T) {
	t.Helper()
	before := s.database(t)
	wait.For(t, arrivalLimit, "items in the database", func() bool {
		now := s.database(t)
		for _, sig := range signal.All() {
			if now.Books[sig.String()].Exported < before.Books[sig.String()].Exported+20*itemsPerRequest {
				return false
			}
		}
		return true
	})
}

// wantTold checks that clients were either answered for or asked to come back.
func (l *loads) wantTold(t *testing.T) {
	t.Helper()
	for _, r := range l.refused() {
		if !r.Retryable() || r.RetryAfter <= 0 {
			t.Fatalf("a client was refused for good, or not told when to come back: %v", r)
		}
	}
	for sig, load := range l.each {
		if lost := load.Unanswered(); len(lost) > 0 {
			t.Errorf("%s: %d requests got no answer, the first: %v", sig, len(lost), lost[0])
		}
	}
}

// wantStored checks that the database has what was acknowledged, and nothing twice.
func (l *loads) wantStored(t *testing.T, stored map[signal.Signal][]uint64) {
	t.Helper()
	for sig, load := range l.each {
		v := numbered.Hold(load.Acked(), stored[sig])
		t.Logf("%s: %s", sig, v)
		if len(v.Missing) > 0 || v.Duplicates > 0 || v.Acked == 0 {
			t.Errorf("%s: %s", sig, v)
		}
	}
}

// wantReceipt holds the receipt of a receiver that has ended against what is in its database.
func wantReceipt(t *testing.T, s *server, stored map[signal.Signal][]uint64) {
	t.Helper()
	for _, a := range receiptOf(t, s) {
		if n := int64(len(stored[a.signal])); a.accepted != n || a.exported != n || a.unexplained() != 0 {
			t.Errorf("receipt %+v, but %d items are in the database", a, n)
		}
	}
}

// wantDiscreet checks that a log shows no password.
func wantDiscreet(t *testing.T, s *server) {
	t.Helper()
	log, err := os.ReadFile(s.StderrPath())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{writerPassword, "p%40ss", "p@ss"} {
		if strings.Contains(string(log), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}

// inPostgres returns the numbers of all items in a database, and checks that what they refer to is there.
func inPostgres(t *testing.T, db *postgres.Server, database string) map[signal.Signal][]uint64 {
	t.Helper()
	stored := make(map[signal.Signal][]uint64)
	for sig, column := range map[signal.Signal]string{signal.Traces: "encode(span_id, 'hex')", signal.Metrics: "value_int", signal.Logs: "body"} {
		for _, row := range db.Query(t, database, fmt.Sprintf("SELECT %s FROM %s", column, itemTable(sig))) {
			stored[sig] = append(stored[sig], numberOf(t, sig, row[0]))
		}
		dangling := fmt.Sprintf("SELECT count(*) FROM %s i WHERE NOT EXISTS (SELECT FROM otlp_resources r WHERE r.id = i.resource_id) "+
			"OR NOT EXISTS (SELECT FROM otlp_scopes s WHERE s.id = i.scope_id)", itemTable(sig))
		if n := db.Value(t, database, dangling); n != "0" {
			t.Errorf("%s: %s items refer to nothing", sig, n)
		}
	}
	return stored
}

// numberOf reads the number of an item: a span's is hexadecimal.
func numberOf(t *testing.T, sig signal.Signal, text string) uint64 {
	t.Helper()
	base := 10
	if sig == signal.Traces {
		base = 16
	}
	n, err := strconv.ParseUint(text, base, 64)
	if err != nil {
		t.Fatalf("%s: %v", sig, err)
	}
	return n
}

// countSessions counts the connections to a database, and returns a function that ends this and says how many there were
// at most at the same time. Those that are seen once only do not count: after a client has said goodbye and closed the
// connection, its process at the server takes a moment to end.
func countSessions(t *testing.T, db *postgres.Server, database string) (most func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	counted := make(chan int, 1)
	go func() {
		tick := time.NewTicker(sampleSessions)
		defer tick.Stop()
		peak := 0
		var before [][]string
		for ctx.Err() == nil {
			// There are times when nobody gets in.
			now, _ := db.Rows(ctx, "postgres", fmt.Sprintf("SELECT pid, backend_start FROM pg_stat_activity WHERE usename = '%s' AND datname = '%s'", writer, database))
			stay := slices.DeleteFunc(slices.Clone(now), func(session []string) bool {
				return !slices.ContainsFunc(before, func(other []string) bool { return slices.Equal(session, other) })
			})
			peak, before = max(peak, len(stay)), now
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		counted <- peak
	}()
	return func() int {
		cancel()
		return <-counted
	}
}
