package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/export/file"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// readAll returns copies of the records in a recording.
func readAll(from io.Reader, signals ...wire.Signal) ([]Record, error) {
	if signals == nil {
		signals = Signals()
	}
	var all []Record
	for record, err := range Read(from, signals) {
		if err != nil {
			return all, err
		}
		record.Request = bytes.Clone(record.Request)
		all = append(all, record)
	}
	return all, nil
}

// Whatever the file exporter writes can be sent.
func TestReadsWhatTheFileExporterWrites(t *testing.T) {
	f := func(format, compression, place string) {
		t.Helper()
		conf := file.DefaultConfig()
		conf.Path, conf.Format, conf.Compression, conf.FlushInterval = filepath.Join(t.TempDir(), "out"), format, compression, 0
		e, err := file.New(conf, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		s := testSample(t)
		var want [][]byte
		for _, sig := range Signals() {
			request, items, err := s.Request(sig)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, request)
			b := &pipeline.Batch{Signal: sig, Items: items, Bytes: len(request), Parts: []pipeline.Part{{Data: mem.SliceBuffer(request)}}}
			if _, err := e.Export(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		written, err := os.Open(conf.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = written.Close() }()
		got, err := readAll(written)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s, %q: %d records, %v", format, compression, len(got), err)
		}
		for i, record := range got {
			if record.Signal != Signals()[i] || asJSON(t, record.Signal, record.Request) != asJSON(t, record.Signal, want[i]) || record.Place != place+string(rune('1'+i)) {
				t.Errorf("%s, %q: %s of %d items, %s", format, compression, record.Signal, record.Items, record.Place)
			}
		}
	}
	f("json", "", "line ")
	f("json", "zstd", "record ")
	f("proto", "", "record ")
	f("proto", "zstd", "record ")
}

func asJSON(t *testing.T, sig wire.Signal, request []byte) string {
	t.Helper()
	text, err := otlpjson.AppendJSON(nil, sig, request)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const (
	logsJSON  = `{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "a } \" {"}}]}]}]}`
	spansJSON = `{"resourceSpans": [{"scopeSpans": [{"spans": [
  {"traceId": "000102030405060708090a0b0c0d0e0f", "spanId": "0001020304050607", "name": "a"},
  {"traceId": "00", "spanId": "0001020304050607", "name": "an invalid one is sent, too"}
]}]}]}`
)

func TestReadJSON(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		records, err := readAll(strings.NewReader(text))
		var got []string
		for _, r := range records {
			got = append(got, r.Signal.String()+" "+string(rune('0'+r.Items))+" "+r.Place)
		}
		if err != nil || strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%.40q: %v, %v", text, got, err)
		}
	}
	f("")
	f(" \n")
	f("{}\n{\"resourceLogs\":[]}")
	f(logsJSON, "logs 1 line 1")
	f(logsJSON+"\r\n"+logsJSON, "logs 1 line 1", "logs 1 line 2")
	f(spansJSON+logsJSON, "traces 2 line 1", "logs 1 line 4")
	f("\ufeff\n"+spansJSON+"\n\n"+logsJSON+"\n", "traces 2 line 2", "logs 1 line 7")
	f(strings.TrimSuffix(logsJSON, "}")+`,"other":{"resourceMetrics":1},`+spansJSON[1:], "traces 2 line 1", "logs 1 line 1")
}

func TestReadProtobuf(t *testing.T) {
	s := testSample(t)
	for _, sig := range Signals() {
		request, items, err := s.Request(sig)
		if err != nil {
			t.Fatal(err)
		}
		for _, signals := range [][]wire.Signal{nil, {sig}} {
			got, err := readAll(bytes.NewReader(request), signals...)
			if err != nil || len(got) != 1 || got[0].Signal != sig || got[0].Items != items || !bytes.Equal(got[0].Request, request) {
				t.Errorf("%s, asked for %v: %d records, %v", sig, signals, len(got), err)
			}
		}
	}
	invalid, err := otlpjson.AppendWire(nil, wire.Traces, []byte(spansJSON))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(bytes.NewReader(invalid)); !errors.Is(err, ErrUnrecognized) {
		t.Errorf("spans that are invalid pass for some signal: %v", err)
	}
	if got, err := readAll(bytes.NewReader(invalid), wire.Traces); err != nil || len(got) != 1 || got[0].Items != 2 {
		t.Errorf("spans that are invalid are sent if they are said to be spans: %v, %v", got, err)
	}
}

func framed(records ...string) string {
	var b []byte
	for _, record := range records {
		b = binary.BigEndian.AppendUint32(b, uint32(len(record)))
		b = append(b, record...)
	}
	return string(b)
}

func TestReadErrors(t *testing.T) {
	f := func(recording, want string, before int) {
		t.Helper()
		got, err := readAll(strings.NewReader(recording))
		if err == nil || !strings.Contains(err.Error(), want) || len(got) != before {
			t.Errorf("%.30q: %d records, %v, want %q behind %d", recording, len(got), err, want, before)
		}
	}
	f("hello", `line 1, column 1: want an object of JSON, not 'h'`, 0)
	f(logsJSON+"\n\n  ]", `line 3, column 3: want an object of JSON, not ']'`, 1)
	f("\n["+logsJSON+"]", "line 2, column 1: this is a list", 0)
	f(logsJSON+"\n"+`{"resourceLogs": [{"scopeLogs": [`, "line 2, column 34: resourceLogs[0].scopeLogs[0]: the document ends too early", 1)
	f(logsJSON+"\n{\n  \"resourceLogs\": [\n    {\"é\": 1, \"scopeLogs\": 3}]}", "line 4, column 27: resourceLogs[0].scopeLogs: must be an array, not a number", 1)
	f(`{"data": []}`, `line 1: the document has none of resourceSpans, resourceMetrics and resourceLogs, but "data"`, 0)
	f(`{"resource_logs": []}`, `but "resource_logs"`, 0)
	f(`{"resourceProfiles": []}`, `line 1: profiles are not sent`, 0)
	f("\x1f\x8b\x08\x00", "compressed with gzip", 0)
	f("\x28\xb5\x2f\xfd\x00", "compressed with zstd as a whole", 0)
	f("\xde\xad\xbe\xef\x01", "neither OTLP/JSON nor encoded OTLP", 0)
	f("\x0a\x05garb", "this protobuf does not show", 0)
	whole := framed(logsJSON)
	f(whole+"\x00\x00", "record 2: the recording ends within the length of the record, of which it has 2 of 4 bytes", 1)
	f(whole+"\x00\x00\x01\x00abc", "record 2: the recording ends within the record, of which it has 3 of 256 bytes", 1)
	f(whole+"\xff\x00\x00\x00abc", "record 2: by its length, the record has 4278190080 bytes", 1)
	f(whole+framed("\x28\xb5\x2f\xfd\x00"), "record 2: zstd: ", 1)
	f(whole+framed(logsJSON[:20]), "record 2: resourceLogs[0]", 1)

	_, err := readAll(strings.NewReader("\x0a\x05garb"), wire.Logs)
	if bad, ok := errors.AsType[*RecordError](err); !ok || bad.Place != "the request" || !strings.Contains(err.Error(), "invalid protobuf at byte 0 (resourceLogs[0])") {
		t.Errorf("%v", err)
	}
}

// A recording is read as it comes: the first document is there before the second is written.
func TestReadStreams(t *testing.T) {
	out, in := io.Pipe()
	sent := make(chan struct{})
	go func() {
		_, _ = io.WriteString(in, logsJSON+"\n"+strings.Repeat(" ", looked))
		<-sent
		_, _ = io.WriteString(in, logsJSON)
		_ = in.Close()
	}()
	n := 0
	for _, err := range Read(out, Signals()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			close(sent)
		}
	}
	if n != 2 {
		t.Errorf("%d records", n)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(logsJSON + spansJSON))
	f.Add([]byte(framed(logsJSON, spansJSON)))
	s := Sample{TraceID: "000102030405060708090a0b0c0d0e0f", SpanIDs: [4]string{"0001020304050607", "01", "02", "03"}}
	for _, sig := range Signals() {
		if request, _, err := s.Request(sig); err == nil {
			f.Add(request)
			f.Add([]byte(framed(string(request))))
		}
	}
	f.Fuzz(func(t *testing.T, recording []byte) {
		for record, err := range Read(bytes.NewReader(recording), Signals()) {
			if err != nil {
				return
			}
			if found, err := wire.Scan(record.Signal, record.Request); err != nil || found.Items+found.Invalid != record.Items {
				t.Fatalf("%s %s: %d items, scanned %+v, %v", record.Place, record.Signal, record.Items, found, err)
			}
		}
	})
}
