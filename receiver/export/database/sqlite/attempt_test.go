package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/export/database/internal/portion"
	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// records returns a request of so many records that are told apart by their places alone. Some have a long text.
func records(n int, long ...int) []byte {
	all := make([]*logs.LogRecord, n)
	for i := range all {
		all[i] = &logs.LogRecord{}
	}
	for _, i := range long {
		all[i] = &logs.LogRecord{SeverityText: strings.Repeat("x", 1<<17)}
	}
	return otlptest.Encode(&collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{{LogRecords: all}}}}})
}

// A disk that is full in the second of three transactions costs nothing: the third attempt goes on from there, and
// everything is counted once.
func TestLargeBatchGoesOn(t *testing.T) {
	path, half := place(t), place(t)
	e := opened(t, Config{Path: path})
	part := shrink(e)
	size := 2*part + 10
	export(t, open(t, Config{Path: half}), batch(wire.Logs, size*3/4, records(size*3/4)))
	e.conn.Limit(sqlite.LimitLength, 1<<16)
	limit(t, e, count(t, half, "PRAGMA page_count"))

	retry := pipeline.DefaultRetryConfig()
	retry.InitialInterval, retry.MaxInterval = time.Millisecond, time.Millisecond
	rig := exporttest.Start(t, e, pipeline.Settings{Queue: pipeline.DefaultQueueConfig(), Retry: retry}, &buftest.Pool{})
	if _, err := rig.Offer(wire.Logs, records(size, 7, part+7, size-1), nil, size); err != nil {
		t.Fatal(err)
	}
	exporttest.Until(t, "the file is full", func() bool { return rig.Dest.State().Failed > 1 })
	if n := items(t, path); n != int64(part)-1 {
		t.Errorf("%d items in the file that is full, want those of the first transaction but one", n)
	}
	limit(t, e, 1<<20)
	books := rig.Settled(wire.Logs)
	if books.Exported != int64(size)-3 || books.Rejected != 3 {
		t.Errorf("%+v, want all but 3 of %d", books, size)
	}
	if n := items(t, path); n != int64(size)-3 || e.Duplicates() != 0 {
		t.Errorf("%d items, %d duplicates, want %d and none", n, e.Duplicates(), size-3)
	}
}

// shrink makes transactions as small as they become, and returns how many items they have then at most.
func shrink(e *Exporter) int {
	for before := 0; ; {
		now := e.size.Of(portion.MaxItems)
		if now == before {
			return now
		}
		before = now
		e.size.Learn(0, errors.New("there was no time"))
	}
}

// limit bounds how many pages the file has.
func limit(t *testing.T, e *Exporter, pages int64) {
	t.Helper()
	if err := e.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer e.leave()
	if err := execute(e.conn.Conn, fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
		t.Fatal(err)
	}
}

// The bound of the file holds while a batch is written that would be larger by itself.
func TestLargeBatchStaysWithinTheBound(t *testing.T) {
	const size, bound = 20_000, 1 << 20
	path := place(t)
	e := open(t, Config{Path: path, MaxBytes: bound})
	part := shrink(e)
	export(t, e, batch(wire.Logs, size, records(size)))
	if n := items(t, path); n < int64(part) || n > size/2 {
		t.Errorf("%d items of %d are kept", n, size)
	}
	if n := disk(t, path); n > 2*bound {
		t.Errorf("%d bytes on the disk", n)
	}
}
