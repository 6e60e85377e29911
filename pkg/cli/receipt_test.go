package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestReceipt(t *testing.T) {
	f := func(books pipeline.Books, line, fault string) {
		t.Helper()
		receipt := receiver.Receipt{Entries: []pipeline.Entry{{Exporter: "otlp", Signal: wire.Logs, Books: books}}}
		var stdout, stderr bytes.Buffer
		err := printReceipt(term.Plain(strings.NewReader(""), &stdout, &stderr).Out, receipt)
		if err != nil || stdout.String() != line+"\n" {
			t.Errorf("printed %q, %v, want %q", stdout.String(), err, line)
		}
		got := ""
		if err := balance(receipt); err != nil {
			got = err.Error()
		}
		if got != fault {
			t.Errorf("balance(%+v) = %q, want %q", books, got, fault)
		}
	}
	f(pipeline.Books{Accepted: 7, Exported: 7}, "otlp\tlogs\t7\t7\t0\t0\t0\t0", "")
	f(pipeline.Books{Accepted: 7, Exported: 5, Spooled: 2}, "otlp\tlogs\t7\t5\t0\t2\t0\t0", "")
	f(pipeline.Books{Accepted: 7, Exported: 1, Rejected: 1, RejectedReasons: map[string]int64{"invalid": 1}, Dropped: map[string]int64{"too_large": 3, "shutdown": 2}},
		"otlp\tlogs\t7\t1\t0\t0\t1 (invalid 1)\t5 (shutdown 2, too_large 3)",
		"6 accepted items were not delivered")
	f(pipeline.Books{Accepted: 7, Exported: 6}, "otlp\tlogs\t7\t6\t0\t0\t0\t0",
		"the books do not balance by 1 items: this is a bug, please report it")
}
