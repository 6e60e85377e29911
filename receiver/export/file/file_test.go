package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// batch makes a batch whose parts are the given requests.
func batch(sig wire.Signal, requests ...proto.Message) *pipeline.Batch {
	b := &pipeline.Batch{Signal: sig}
	for _, r := range requests {
		data := otlptest.Encode(r)
		b.Bytes += len(data)
		b.Parts = append(b.Parts, pipeline.Part{Data: mem.SliceBuffer(data)})
	}
	return b
}

// same reports whether an encoded request means the same as a batch.
func same(t *testing.T, request []byte, b *pipeline.Batch) bool {
	t.Helper()
	message := func() proto.Message {
		switch b.Signal {
		case wire.Traces:
			return &coltrace.ExportTraceServiceRequest{}
		case wire.Metrics:
			return &colmetrics.ExportMetricsServiceRequest{}
		default:
			return &collogs.ExportLogsServiceRequest{}
		}
	}
	got, want := message(), message()
	if err := errors.Join(proto.Unmarshal(request, got), proto.Unmarshal(b.Encoded().Materialize(), want)); err != nil {
		t.Fatal(err)
	}
	return proto.Equal(got, want)
}

// settings returns the defaults for a file in a new directory.
func settings(t *testing.T) Config {
	t.Helper()
	c := DefaultConfig()
	c.Path = filepath.Join(t.TempDir(), "telemetry.json")
	return c
}

func start(t *testing.T, c Config) *Exporter {
	t.Helper()
	e, err := New(c, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func export(t *testing.T, e *Exporter, b *pipeline.Batch) {
	t.Helper()
	if partial, err := e.Export(t.Context(), b); err != nil || partial != (pipeline.Partial{}) {
		t.Fatalf("partial %+v, error %v", partial, err)
	}
}

func finish(t *testing.T, e *Exporter) {
	t.Helper()
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path) //nolint:gosec // G304: a file of the test
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// lines reads OTLP/JSON lines of a signal back to encoded requests.
func lines(t *testing.T, sig wire.Signal, content []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for line := range bytes.Lines(content) {
		request, err := otlpjson.AppendWire(nil, sig, line)
		if err != nil || line[len(line)-1] != '\n' {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, request)
	}
	return all
}

// frames takes records behind their lengths apart.
func frames(t *testing.T, content []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for len(content) > 0 {
		n := int(binary.BigEndian.Uint32(content))
		all = append(all, content[4:4+n])
		content = content[4+n:]
	}
	return all
}

// What the file holds is what came in, in every format.
func TestFormats(t *testing.T) {
	batches := []*pipeline.Batch{
		batch(wire.Traces, otlptest.Traces(3), otlptest.Traces(100)),
		batch(wire.Traces, otlptest.Traces(1)),
	}
	f := func(format, compression string) {
		t.Helper()
		c := settings(t)
		c.Format, c.Compression = format, compression
		e := start(t, c)
		for _, b := range batches {
			export(t, e, b)
		}
		finish(t, e)
		content := read(t, c.Path)
		var records [][]byte
		switch {
		case format == formatJSON && compression == "":
			records = lines(t, wire.Traces, content)
		default:
			records = frames(t, content)
		}
		decoder, err := zstd.NewReader(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer decoder.Close()
		for i, record := range records {
			if compression != "" {
				if record, err = decoder.DecodeAll(record, nil); err != nil {
					t.Fatal(err)
				}
				if format == formatJSON {
					record = lines(t, wire.Traces, append(record, '\n'))[0]
				}
			}
			if !same(t, record, batches[i]) {
				t.Errorf("%s %s: batch %d came back changed", format, compression, i)
			}
		}
		if len(records) != len(batches) {
			t.Errorf("%s %s: %d records, want %d", format, compression, len(records), len(batches))
		}
	}
	f("json", "")
	f("proto", "")
	f("json", "zstd")
	f("proto", "zstd")
}

// All signals share a file, each in lines of its own.
func TestSignals(t *testing.T) {
	c := settings(t)
	e := start(t, c)
	batches := []*pipeline.Batch{batch(wire.Traces, otlptest.Traces(2)), batch(wire.Metrics, otlptest.Metrics(25)), batch(wire.Logs, otlptest.Logs(2))}
	for _, b := range batches {
		export(t, e, b)
	}
	finish(t, e)
	all := bytes.SplitAfter(read(t, c.Path), []byte("\n"))
	for i, b := range batches {
		if got := lines(t, b.Signal, all[i]); !same(t, got[0], b) {
			t.Errorf("%s came back changed", b.Signal)
		}
	}
}

// Without append the file is emptied at the start.
func TestAppend(t *testing.T) {
	f := func(keep bool, want int) {
		t.Helper()
		c := settings(t)
		c.Append = keep
		for range 2 {
			e := start(t, c)
			export(t, e, batch(wire.Logs, otlptest.Logs(1)))
			finish(t, e)
		}
		if got := len(lines(t, wire.Logs, read(t, c.Path))); got != want {
			t.Errorf("append %t: %d lines, want %d", keep, got, want)
		}
	}
	f(true, 2)
	f(false, 1)
}

// A file that a crash has left torn is set aside instead of being continued.
func TestTornStart(t *testing.T) {
	f := func(format, content string, aside bool) {
		t.Helper()
		c := settings(t)
		c.Append, c.Format = true, format
		if err := os.WriteFile(c.Path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		e := start(t, c)
		export(t, e, batch(wire.Logs, otlptest.Logs(1)))
		finish(t, e)
		old, err := filepath.Glob(filepath.Join(filepath.Dir(c.Path), "telemetry-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		switch got := string(read(t, c.Path)); {
		case aside && (len(old) != 1 || string(read(t, old[0])) != content || strings.HasPrefix(got, content)):
			t.Errorf("%s %q: old files %q, now %q", format, content, old, got)
		case !aside && (len(old) != 0 || !strings.HasPrefix(got, content)):
			t.Errorf("%s %q: old files %q, now %q", format, content, old, got)
		}
	}
	f("json", "{}\n", false)
	f("json", "{}\n{\"resourceLo", true)
	f("proto", "\x00\x00\x00\x01a\x00\x00\x00\x00", false)
	f("proto", "\x00\x00\x00\x01a\x00\x00\x00\x02a", true)
	f("proto", "\x00\x00\x00\x01a\x00\x00", true)
	f("proto", "{}\n{}\n", true) // lines of another configuration
}

func TestDirectory(t *testing.T) {
	c := settings(t)
	c.Path = filepath.Join(filepath.Dir(c.Path), "a", "b", "telemetry.json")
	if _, err := New(c, quiet()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), c.Path) {
		t.Errorf("without the directory: %v", err)
	}
	c.CreateDirectory, c.DirectoryPermissions = true, "0700"
	finish(t, start(t, c))
	info, err := os.Stat(filepath.Dir(c.Path))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

// Devices and pipes can be written to as well; there is nothing to cut, rotate or flush.
func TestDevice(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	name := filepath.Join("/dev/fd", strconv.Itoa(int(w.Fd())))
	if _, err := os.Stat(name); err != nil {
		t.Skipf("no names for open files here: %v", err)
	}
	c := settings(t)
	c.Path, c.FlushInterval, c.Rotation = name, 0, &Rotation{MaxMegabytes: 1}
	e := start(t, c)
	done := make(chan []byte)
	go func() {
		content, _ := io.ReadAll(r)
		done <- content
	}()
	b := batch(wire.Logs, otlptest.Logs(1))
	export(t, e, b)
	finish(t, e)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, wire.Logs, <-done); len(got) != 1 || !same(t, got[0], b) {
		t.Errorf("%d lines", len(got))
	}
}

func TestValidate(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		c := settings(t)
		change(&c)
		err := c.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.CreateDirectory = true }, "")
	f(func(c *Config) { c.CreateDirectory, c.DirectoryPermissions = true, "0750" }, "")
	f(func(c *Config) { c.Path = "" }, "path: must name the file")
	f(func(c *Config) { c.DirectoryPermissions = "0755" }, "directory_permissions: only matters with create_directory")
	f(func(c *Config) { c.CreateDirectory, c.DirectoryPermissions = true, "0788" }, "directory_permissions: \"0788\" are no permissions")
	f(func(c *Config) { c.CreateDirectory, c.DirectoryPermissions = true, "4755" }, "directory_permissions: \"4755\" are no permissions")

	c := DefaultConfig()
	s := c.Settings()
	if !s.Queue.Enabled || s.Queue.NumConsumers != 1 || !s.Retry.Enabled {
		t.Errorf("settings %+v", s)
	}
	var r Rotation
	r.SetDefaults()
	if r != (Rotation{MaxMegabytes: 100, MaxBackups: 100}) || r.maxBytes() != 100<<20 || (&Rotation{}).maxBytes() != 100<<20 {
		t.Errorf("rotation %+v", r)
	}
}
