package postgres

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/export/database/internal/portion"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// crowd is a batch of one request: so many records below one large resource.
func crowd(items int, record *logs.LogRecord) *pipeline.Batch {
	records := make([]*logs.LogRecord, items)
	for i := range records {
		records[i] = record
	}
	data := otlptest.Encode(&collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource:  &resource.Resource{Attributes: []*common.KeyValue{{Key: strings.Repeat("k", 1<<20)}}},
		ScopeLogs: []*logs.ScopeLogs{{LogRecords: records}},
	}}})
	return &pipeline.Batch{Signal: wire.Logs, Items: items, Bytes: len(data), Parts: []pipeline.Part{{Data: mem.SliceBuffer(data)}}}
}

// keys returns the keys of the rows of the part.
func (w *batch) keys() []row.ID {
	all := make([]row.ID, w.rows.len())
	for i := range all {
		all[i] = row.ID(w.rows.buf[w.rows.starts[i]+timeOffset+8+4:])
	}
	return all
}

// Whatever a request is made of, the rows that it becomes take a bounded part of the memory.
func TestBatchIsInMemoryInParts(t *testing.T) {
	f := func(name string, b *pipeline.Batch, want int) {
		t.Helper()
		w := &batch{seen: &seen{}, size: &portion.Size{}}
		got := 0
		before := heap()
		err := w.decode(b, 1, func() error {
			got++
			if w.rows.len() > portion.MaxItems || len(w.fresh[resources]) != 1 || len(w.fresh[scopes]) != 1 {
				t.Errorf("%s: a part of %d rows that refer to %d resources", name, w.rows.len(), len(w.fresh[resources]))
			}
			w.settle(w.rows.len())
			return nil
		})
		if err != nil || got != want || w.settled != b.Items {
			t.Errorf("%s: %d items in %d parts, want %d in %d; %v", name, w.settled, got, b.Items, want, err)
		}
		if cap(w.rows.buf) > maxKept {
			t.Errorf("%s: a buffer of %d bytes", name, cap(w.rows.buf))
		}
		if kept := heap() - before; kept > 2*maxKept {
			t.Errorf("%s: %d bytes kept", name, kept)
		}
		runtime.KeepAlive(w)
		runtime.KeepAlive(b)
	}
	f("tiny items", crowd(6*portion.MaxItems, &logs.LogRecord{}), 6)
	// Each is twelve times as large as a row as it is in the request: a list is in two columns.
	f("items that swell", crowd(100, &logs.LogRecord{
		Body: &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{
			{Value: &common.AnyValue_StringValue{StringValue: strings.Repeat("\x01", 100<<10)}},
		}}}},
	}), 9)
}

// heap returns how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far below
}

// After a failure, what is left has the rows that it had in the batch, and nothing is counted twice.
func TestWhatIsLeftOfABatch(t *testing.T) {
	lost := errors.New("lost")
	b := crowd(2*portion.MaxItems+10, &logs.LogRecord{}) // told apart by their places alone
	w := &batch{seen: &seen{}, size: &portion.Size{}}
	var all []row.ID
	if err := w.decode(b, 1, func() error { all = append(all, w.keys()...); return nil }); err != nil {
		t.Fatal(err)
	}
	var got []row.ID
	settled := 0
	for _, through := range []int{0, portion.MaxItems, 7, b.Items} {
		w.settled = 0
		left := through
		err := w.decode(b, 1, func() error {
			n := min(left, w.rows.len())
			got = append(got, w.keys()[:n]...)
			left -= n
			w.settle(n)
			if n < w.rows.len() {
				return lost
			}
			return nil
		})
		_, err = w.result(b, pipeline.Partial{Rejected: 1}, err)
		divided, ok := errors.AsType[*pipeline.DividedError](err)
		if ok != (through > 0 && through < b.Items) {
			t.Fatalf("%d items were written of %d: %v", through, b.Items, err)
		}
		if !ok {
			continue
		}
		if len(divided.Settled) != 1 || divided.Settled[0].Items != through || divided.Settled[0].Partial.Rejected != 1 || !errors.Is(err, lost) {
			t.Errorf("%+v, want %d items settled", divided, through)
		}
		settled += through
		b = divided.Rest
		if b.Items != len(all)-settled || b.Passed() != settled {
			t.Errorf("%d items are left behind %d, want %d", b.Items, b.Passed(), len(all)-settled)
		}
	}
	if len(got) != len(all) {
		t.Fatalf("%d rows, want %d", len(got), len(all))
	}
	for i := range got {
		if got[i] != all[i] {
			t.Fatalf("row %d is another", i)
		}
	}
}

// Rows that are left know where they were, as what is before them is settled with them.
func TestRowsKnowTheirPlace(t *testing.T) {
	var r rows
	for i := range 6 {
		r.addLog(&row.Log{Item: row.Item{PrimaryKey: row.PrimaryKey{Time: uint64(time.Hour)}, Resource: row.ID{byte(i % 2)}}})
	}
	rest := r.without(func(i int) bool { return i%2 == 1 })
	for i, want := range []int{0, 2, 4, 6} {
		if got := rest.place(i); got != want {
			t.Errorf("row %d had place %d, want %d", i, got, want)
		}
	}
	none := r.without(func(int) bool { return true })
	if none.len() != 0 || none.place(0) != 6 || r.place(3) != 3 {
		t.Errorf("%d rows, behind which is %d", none.len(), none.place(0))
	}
}
