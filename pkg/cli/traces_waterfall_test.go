package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/store/waterfall"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// checkout is a trace in which a payment failed; a span has lost its parent, and another outlives it.
func checkout() []*row.Span {
	noon := uint64(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).UnixNano())
	var all []*row.Span
	add := func(id, parent byte, service, name string, start, end int64) *row.Span {
		s := &row.Span{
			TraceID: bytes.Repeat([]byte{0xab}, 16), SpanID: []byte{id}, Name: []byte(name),
			Start: noon + uint64(start)*1e6, Duration: (end - start) * 1e6,
		}
		s.Service = []byte(service)
		if parent != 0 {
			s.ParentSpanID = []byte{parent}
		}
		all = append(all, s)
		return s
	}
	failed := func(s *row.Span, message string) {
		s.StatusCode, s.StatusMessage = 2, []byte(message)
	}
	failed(add(1, 0, "frontend", "POST /checkout", 0, 812), "")
	failed(add(2, 1, "checkout", "PlaceOrder", 8, 803), "payment was\ndeclined \x1b[31m")
	add(3, 2, "cart", "GetCart", 12, 96)
	add(4, 3, "cart", "HGETALL cart:42", 15, 90)
	add(5, 2, "shipping", "Quote for 世界 and a destination whose name is long", 98, 310)
	charge := add(6, 2, "payment", "Charge", 320, 790)
	failed(charge, "")
	charge.Events = fmt.Appendf(nil, `[{"name": "retry"}, {"time_unix_nano": %d, "name": "exception", "attributes": {"exception.type": "Declined", "exception.message": "no funds"}},
		{"name": "retry"}, {"name": "retry"}, {"name": "retry"}]`, noon+700e6)
	add(7, 6, "payment", "POST bank", 425, 760)
	add(8, 2, "mail", "Enqueue", 795, 1400)
	add(9, 0x99, "fraud", "Score", 500, 640)
	return all
}

// drawn returns a waterfall in so many columns.
func drawn(spans []*row.Span, width, limit int) string {
	var b bytes.Buffer
	s := term.Plain(nil, &b, &b)
	p := waterfallPage{out: s.Out, tree: waterfall.New(spans), colors: newPalette(s.Out), width: width}
	p.draw(limit, time.Now())
	return p.b.String()
}

func TestWaterfall(t *testing.T) {
	for _, width := range []int{40, 80, 160} {
		text := drawn(checkout(), width, 100)
		golden(t, fmt.Sprintf("waterfall_%d.txt", width), text)
		for line := range strings.Lines(text) {
			if n := term.Width(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns in %d: %s", n, width, line)
			}
		}
	}
	golden(t, "waterfall_few.txt", drawn(checkout(), 80, 4))
}

func TestWaterfallOfADeepTrace(t *testing.T) {
	var all []*row.Span
	for i := range 10_000 {
		s := &row.Span{TraceID: make([]byte, 16), SpanID: fmt.Append(nil, i), Name: []byte("step"), Start: uint64(1000 + i), Duration: int64(50_000 - 2*i)}
		if i > 0 {
			s.ParentSpanID = fmt.Append(nil, i-1)
		}
		all = append(all, s)
	}
	text := drawn(all, 80, waterfallLimit)
	if lines := strings.Count(text, "\n"); lines > waterfallLimit+10 || !strings.Contains(text, "… 9800 more spans") {
		t.Errorf("%d lines:\n%s", lines, text)
	}
	for line := range strings.Lines(text) {
		if n := term.Width(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestWaterfallOfNothing(t *testing.T) {
	if got := drawn(nil, 80, 10); strings.Contains(got, "span") {
		t.Errorf("got %q", got)
	}
}

func TestWaterfallWithoutTime(t *testing.T) {
	s := &row.Span{TraceID: make([]byte, 16), SpanID: []byte{1}, Name: []byte("now"), Start: 5}
	if got := drawn([]*row.Span{s}, 80, 10); !strings.Contains(got, "now") {
		t.Errorf("got %q", got)
	}
}
