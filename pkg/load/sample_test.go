package load

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

//nolint:gochecknoglobals // how a test binary defines a flag
var update = flag.Bool("update", false, "write the golden files anew")

// testSample is always the same.
func testSample(t *testing.T) Sample {
	t.Helper()
	random := strings.NewReader(strings.Repeat("0123456789abcdef", 8))
	s, err := NewSample("shop", time.Unix(1_790_000_000, 0), random)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is sent is always the same, but for IDs and times.
func TestSample(t *testing.T) {
	s := testSample(t)
	for sig, want := range map[wire.Signal]int{wire.Traces: 4, wire.Metrics: 3, wire.Logs: 1} {
		request, items, err := s.Request(sig)
		if err != nil || items != want {
			t.Fatalf("%s: %d items, %v", sig, items, err)
		}
		found, err := wire.Scan(sig, request)
		if err != nil || !found.Clean() || found.Items != want {
			t.Errorf("%s: %+v, %v", sig, found, err)
		}
		text, err := otlpjson.AppendJSON(nil, sig, request)
		if err != nil {
			t.Fatal(err)
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, text, "", "  "); err != nil {
			t.Fatal(err)
		}
		pretty.WriteByte('\n')
		golden(t, "sample-"+sig.String()+".json", pretty.Bytes())
	}
	if _, _, err := s.Request(wire.Profiles); err == nil {
		t.Error("a sample of profiles")
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs, write it anew with -update:\n%s", name, got)
	}
}

func TestSampleNeedsIDs(t *testing.T) {
	if _, err := NewSample("shop", time.Unix(0, 0), strings.NewReader("short")); err == nil {
		t.Error("no error without enough random bytes")
	}
	s, err := NewSample("shop", time.Unix(0, 0), bytes.NewReader(make([]byte, 100)))
	if err != nil || strings.Trim(s.TraceID, "0") == "" || strings.Trim(s.SpanIDs[3], "0") == "" {
		t.Errorf("%+v, %v: identifiers of zeros alone are invalid", s, err)
	}
}
