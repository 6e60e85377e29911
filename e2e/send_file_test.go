package e2e_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// record writes a recording of many items, requests behind their length.
func record(t *testing.T, documents, items uint64) (path string) {
	t.Helper()
	var all []byte
	for n := range documents {
		for _, sig := range signal.All() {
			request, err := proto.Marshal(numbered.Request(sig, 1+n*items, items))
			if err != nil {
				t.Fatal(err)
			}
			all = append(binary.BigEndian.AppendUint32(all, uint32(len(request))), request...)
		}
	}
	path = filepath.Join(t.TempDir(), "recorded.binpb")
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whether all of a recording has arrived is said item by item: of ten thousand one is missed.
func TestSentFileIsFoundInPostgres(t *testing.T) {
	t.Parallel()
	const documents, items = 20, 500
	db := postgres.Own(t)
	url := db.URL(postgres.Database)
	kept := serve(t, "database:\n  url: '"+url+"'\n"+forwarding("  database: {}\n", "database"))
	lost := serve(t, forwarding("  nop: {}\n", "nop"))
	file := record(t, documents, items)
	send := func(endpoint string, more ...string) (document sent, got outcome) {
		t.Helper()
		args := slices.Concat([]string{"send", endpoint, "--file", file, "--check", "--database", url, "-o", "json"}, more)
		got = run(t, process.Spec{Name: "send", Path: otlpctl(t), Args: args})
		if err := json.Unmarshal([]byte(got.stdout), &document); err != nil || len(document.Signals) != 3 {
			t.Fatalf("%v: %s%s", err, got.stdout, got.stderr)
		}
		return document, got
	}
	for _, more := range [][]string{{}, {"--protocol", "http/json"}} { // the second time, all of it is there
		endpoint := kept.grpc
		if len(more) > 0 {
			endpoint = "http://" + kept.http
		}
		document, got := send(endpoint, more...)
		for _, s := range document.Signals {
			if s.Found != documents*items || s.Accepted != s.Found || got.code != 0 {
				t.Errorf("%+v, exit code %d: %s", s, got.code, got.stderr)
			}
		}
	}
	db.MustExec(t, postgres.Database, "DELETE FROM otlp_logs WHERE key = (SELECT key FROM otlp_logs LIMIT 1)")
	document, got := send(lost.grpc, "--check-timeout", "1s")
	for _, s := range document.Signals {
		want := documents * items
		if s.Signal == "logs" {
			want--
		}
		if s.Found != want {
			t.Errorf("%+v, want %d", s, want)
		}
	}
	if got.code != 1 || !strings.Contains(got.stderr, "missing are 1 of 10000 log records (") {
		t.Errorf("exit code %d: %s", got.code, got.stderr)
	}
	wantCleanExit(t, kept)
	wantCleanExit(t, lost)
}
