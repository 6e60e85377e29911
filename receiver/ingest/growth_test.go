package ingest

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Arrays of numbers are four times as long in protobuf as in JSON: the limit
// holds for what they become, too.
func TestR18_JSONIsHeldToTheLimitAsProtobuf(t *testing.T) {
	r := newRig(t, setup{config: func(c *Config) { c.Protocols.HTTP.MaxRequestBodySize = 1 << 20 }})
	f := func(numbers, want int) {
		t.Helper()
		body := `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"explicitBounds":[` +
			strings.Repeat("0,", numbers-1) + `0]}]}}]}]}]}`
		if a := r.post("/v1/metrics", jsonType, []byte(body)); a.code != want {
			t.Errorf("%d numbers in %d bytes: %d %.200q", numbers, len(body), a.code, a.body)
		}
		for _, p := range r.backend.take() {
			if report, err := wire.Scan(wire.Metrics, p.Data.ReadOnlyData()); err != nil || report.Items != 1 || p.Data.Len() < 8*numbers {
				t.Errorf("%d numbers became %+v in %d bytes, %v", numbers, report, p.Data.Len(), err)
			}
		}
		if n := r.budget.Used(); n != 0 {
			t.Errorf("%d bytes of the budget are still in use", n)
		}
	}
	f(10, 200)
	f(10_000, 200)
	f(130_000, 200)
	f(140_000, 413)
	f(500_000, 413)
}

// A decoder takes its window before it has seen any data: that counts as well.
func TestZstdWindowsCountAsMemory(t *testing.T) {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3, 1, 0, 0} // 8 MiB of window, one empty block
	for capacity, want := range map[int64]int{4 << 20: 413, 64 << 20: 200} {
		r := newRig(t, setup{capacity: capacity})
		if a := r.post("/v1/logs", protobufType, frame, "Content-Encoding", "zstd"); a.code != want {
			t.Errorf("with %d MiB for requests: %d %.200q", capacity>>20, a.code, a.body)
		}
		if n := r.budget.Used(); n != 0 {
			t.Errorf("%d bytes of the budget are still in use", n)
		}
	}
}

func TestWindowsOfZstdLevels(t *testing.T) {
	r := newRig(t, setup{})
	body := bytes.Repeat(sample(wire.Logs, 100), 200)
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
		var packed bytes.Buffer
		w, err := zstd.NewWriter(&packed, zstd.WithEncoderLevel(level))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if a := r.post("/v1/logs", protobufType, packed.Bytes(), "Content-Encoding", "zstd"); a.code != 200 {
			t.Errorf("%s: %d %.200q", level, a.code, a.body)
		}
	}
}
