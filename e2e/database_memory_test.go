package e2e_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	// crowdItems is how many items are below one resource. All of their rows together would take a quarter of a GiB.
	crowdItems = 600_000
	// crowdMemory is the most that a receiver may take for them.
	crowdMemory = 300 << 20
)

// crowded is a request that cannot be split without repeating the large resource that all of its items have.
func crowded() *collogs.ExportLogsServiceRequest {
	at := uint64(time.Now().UnixNano())
	records := make([]*logs.LogRecord, crowdItems)
	for i := range records {
		records[i] = &logs.LogRecord{TimeUnixNano: at + uint64(i)}
	}
	return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource: &resource.Resource{Attributes: []*common.KeyValue{
			stringAttribute("service.name", strings.Repeat("s", 250)), stringAttribute("large", strings.Repeat("x", 4<<20)),
		}},
		ScopeLogs: []*logs.ScopeLogs{{LogRecords: records}},
	}}}
}

// A request that is small on the wire and large in a database takes a bounded part of the receiver's memory, and it is
// stored although one attempt has no time for all of it. If the connection breaks off when a part is stored, the rest
// follows, and all of it is there once.
func TestDatabaseMemory(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t)
	newWriter(t, db)
	const database = "crowded"
	s := serve(t, keeping(newDatabase(t, db, database, ""), impatient...))
	c := s.client(t, signal.HTTPProtobuf, "")
	must(t, c.Export(t.Context(), signal.Logs, crowded()))
	count := func(of string) int {
		n, err := strconv.Atoi(db.Value(t, database, fmt.Sprintf("SELECT count(%s) FROM otlp_logs", of)))
		must(t, err)
		return n
	}
	wait.For(t, arrivalLimit, "the tables", func() bool { return db.Value(t, database, "SELECT to_regclass('otlp_logs') IS NULL") == "f" })
	wait.For(t, arrivalLimit, "some of it to be stored", func() bool { return count("*") > 0 })
	if n := count("*"); n >= crowdItems {
		t.Errorf("all of it was stored at once: %d items", n)
	}
	db.MustExec(t, "postgres", fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s'", writer))
	wait.For(t, 2*time.Minute, "all of it to be stored", func() bool { return s.status(t).queued("database") == 0 })
	if n, distinct := count("*"), count("DISTINCT time_unix_nano"); n != crowdItems || distinct != n {
		t.Errorf("%d items are stored, %d of them different, want %d", n, distinct, crowdItems)
	}
	if n := s.database(t).Books["logs"].Exported; n != crowdItems {
		t.Errorf("%d items are booked as exported, want %d", n, crowdItems)
	}
	if n := s.metric(t, `otlpctl_exporter_duplicate_items_total{exporter="database"}`); n > crowdItems/2 {
		t.Errorf("%.0f items were stored again, of which only those of broken transactions can have been", n)
	}
	u, err := s.Usage()
	must(t, err)
	t.Logf("peak: %d MiB", u.PeakRSS>>20)
	if u.PeakRSS > crowdMemory {
		t.Errorf("the receiver took %d MiB, want %d at most", u.PeakRSS>>20, crowdMemory>>20)
	}
	wantCleanExit(t, s)
}
