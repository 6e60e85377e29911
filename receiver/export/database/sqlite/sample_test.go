package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"path/filepath"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// encoded is a request whose items can be made others.
type encoded struct {
	sig   wire.Signal
	items int
	data  []byte
}

// sample returns a request of n items as they are in practice.
func sample(sig wire.Signal, n int) *encoded {
	messages := map[wire.Signal]proto.Message{wire.Traces: otlptest.Traces(n), wire.Metrics: otlptest.Metrics(n), wire.Logs: otlptest.Logs(n)}
	return &encoded{sig: sig, items: n, data: otlptest.Encode(messages[sig])}
}

// another returns the request with other times and identifiers of traces: an hour later for each.
func (e *encoded) another(hour uint64) *pipeline.Batch {
	data := bytes.Clone(e.data)
	const hourNano = 3_600_000_000_000
	shift(data, hour*hourNano)
	return batch(e.sig, e.items, data)
}

// shift adds to all fixed64 numbers that are times of otlptest's, and makes the identifiers of traces others, in no order.
func shift(data []byte, nanos uint64) {
	const year, from, spread = 31_536_000_000_000_000, 1_790_000_000_000_000_000, 0x9e3779b97f4a7c15
	for i := 1; i+8 <= len(data); i++ {
		if v := binary.LittleEndian.Uint64(data[i:]); data[i-1]&7 == 1 && v >= from && v < from+year {
			binary.LittleEndian.PutUint64(data[i:], v+nanos)
			i += 8
		} else if v == 0x5b && data[i-1] == 16 { // the first half of an identifier
			binary.LittleEndian.PutUint64(data[i:], 0x5b|(nanos+uint64(i))*spread<<8)
			i += 8
		}
	}
}

// batch returns encoded items as a Destination would hand them over.
func batch(sig wire.Signal, items int, data ...[]byte) *pipeline.Batch {
	parts := make([]pipeline.Part, len(data))
	for i := range data {
		parts[i] = pipeline.Part{Data: mem.SliceBuffer(data[i])}
	}
	return exporttest.Batch(sig, items, parts...)
}

// place returns the path of a database in a folder of the test's own.
func place(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "telemetry.db")
}

// open opens a database, which is closed at the end of the test.
func open(t testing.TB, c Config) *Exporter {
	t.Helper()
	e := opened(t, c)
	t.Cleanup(func() {
		if err := e.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return e
}

// opened opens a database, which the test closes. A test loses no power, and need not wait for the disk.
func opened(t testing.TB, c Config) *Exporter {
	t.Helper()
	e, err := New(c, discard())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer e.leave()
	if err := e.conn.run("PRAGMA synchronous = OFF"); err != nil {
		t.Fatal(err)
	}
	return e
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
