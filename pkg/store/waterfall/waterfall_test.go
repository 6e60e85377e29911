package waterfall

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// span makes a span out of "id parent start end", where - is no parent, and ! at the end a failure.
func span(t *testing.T, text string) *row.Span {
	t.Helper()
	var id, parent string
	var start, end int64
	text, failed := strings.CutSuffix(text, "!")
	if _, err := fmt.Sscan(text, &id, &parent, &start, &end); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	s := &row.Span{SpanID: []byte(id), Start: uint64(start), Duration: end - start}
	s.Service = []byte("service-" + id)
	if parent != "-" {
		s.ParentSpanID = []byte(parent)
	}
	if failed {
		s.StatusCode = statusError
	}
	return s
}

func spans(t *testing.T, text string) []*row.Span {
	t.Helper()
	var all []*row.Span
	for one := range strings.SplitSeq(text, ",") {
		all = append(all, span(t, strings.TrimSpace(one)))
	}
	return all
}

// drawn returns lines as text: "a b[1-2 5-6] .c" is a root a, its child b with two intervals of the critical path,
// and b's child c.
func drawn(all []Line) string {
	var words []string
	for _, l := range all {
		word := strings.Repeat(".", len(l.Guides)-1)
		if l.Node == nil {
			words = append(words, fmt.Sprintf("%s+%d/%d", word, l.Hidden, l.HiddenErrors))
			continue
		}
		word += string(l.Node.Span.SpanID)
		if l.Node.Orphan {
			word += "?"
		}
		var critical []string
		for _, i := range l.Node.Critical {
			critical = append(critical, fmt.Sprintf("%d-%d", i.Start, i.End))
		}
		if len(critical) > 0 {
			word += "[" + strings.Join(critical, " ") + "]"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestTree(t *testing.T) {
	f := func(name, text, want string) {
		t.Helper()
		if got := drawn(New(spans(t, text)).Lines(1000)); got != want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", name, text, got, want)
		}
	}
	f("one span", "a - 10 20", "a[10-20]")
	f("children in the order of time", "c a 15 18, b a 11 14, a - 10 20", "a[10-11 14-15 18-20] .b[11-14] .c[15-18]")
	f("at the same time the last to end counts", "a - 10 20, b a 11 14, c a 11 18", "a[10-11 18-20] .c[11-18] .b")
	f("what overlaps the last one is not waited for", "a - 10 20, b a 11 16, c a 15 19, d a 11 13", "a[10-11 13-15 19-20] .b .d[11-13] .c[15-19]")
	f("down several levels", "a - 10 20, b a 12 18, c b 13 18", "a[10-12 18-20] .b[12-13] ..c[13-18]")
	f("a child outlives its parent", "a - 10 20, b a 15 90", "a[10-15] .b[15-20]")
	f("a clock that is behind", "a - 10 20, b a 1 5", "a[10-20] .b")
	f("a clock that is a little behind", "a - 10 20, b a 8 12", "a[12-20] .b[10-12]")
	f("no time at all", "a - 10 10, b a 10 10", "a .b")
	f("an end before the start", "a - 10 5", "a")
	f("an orphan", "b x 12 30, a - 10 20", "a[10-20] b?")
	f("orphans only", "b x 12 30, c y 11 20", "c? b?[12-30]")
	f("two roots: the last to end", "a - 10 20, b - 11 30", "a b[11-30]")
	f("its own parent", "a a 10 20", "a[10-20]")
	f("a circle", "a c 10 20, b a 11 19, c b 12 18", "a[10-11 19-20] .b[11-12 18-19] ..c[12-18]")
	f("below a circle", "d c 13 15, a b 10 20, b a 11 19, c b 12 18", "a[10-11 19-20] .b[11-12 18-19] ..c[12-13 15-18] ...d[13-15]")
	f("the same ID twice", "a - 10 20, b a 11 19, b a 12 18, c b 13 15", "a[10-11 19-20] .b[11-13 15-19] ..c[13-15] .b")
}

func TestNoSpans(t *testing.T) {
	tree := New(nil)
	if got := tree.Lines(10); len(got) > 0 || len(tree.Shares()) > 0 {
		t.Errorf("a waterfall of nothing: %v", got)
	}
}

func TestTimesAtTheEdge(t *testing.T) {
	last := &row.Span{SpanID: []byte("a"), Start: math.MaxInt64, Duration: math.MaxInt64}
	none := &row.Span{Item: row.Item{PrimaryKey: row.PrimaryKey{Time: 7}}, SpanID: []byte("b"), Duration: 5}
	tree := New([]*row.Span{last, none})
	if tree.Start != 7 || tree.End != math.MaxInt64 {
		t.Errorf("from %d to %d", tree.Start, tree.End)
	}
}

func TestLimit(t *testing.T) {
	const all = "a - 10 90, b a 11 20, c a 30 31!, d a 40 80, e d 41 42, f d 50 51!, g a 60 61"
	f := func(limit int, want string) {
		t.Helper()
		if got := drawn(New(spans(t, all)).Lines(limit)); got != want {
			t.Errorf("limit %d\ngot  %s\nwant %s", limit, got, want)
		}
	}
	f(7, "a[10-11 20-30 31-40 80-90] .b[11-20] .c[30-31] .d[40-41 42-50 51-80] ..e[41-42] ..f[50-51] .g")
	f(4, "a[10-11 20-30 31-40 80-90] .c[30-31] .d[40-41 42-50 51-80] ..f[50-51] ..+1/0 .+2/0")
	f(1, "a[10-11 20-30 31-40 80-90] .+6/2")
	f(0, "+7/2")
}

func TestDeep(t *testing.T) {
	const depth = 10_000
	all := make([]*row.Span, depth)
	for i := range all {
		all[i] = span(t, fmt.Sprintf("s%d s%d %d %d", i, i-1, 1000+i, 200_000-i))
	}
	all[0].ParentSpanID = nil
	lines := New(all).Lines(10)
	if len(lines) != 11 || lines[10].Hidden != depth-10 {
		t.Errorf("%d lines, the last one hides %d spans", len(lines), lines[len(lines)-1].Hidden)
	}
}

func TestShares(t *testing.T) {
	got := fmt.Sprint(New(spans(t, "a - 10 20, b a 11 19, c a 12 14")).Shares())
	if want := "[{service-b 8} {service-a 2}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A trace may be one chain. What is not shown of it takes no memory for its place.
func TestDeepChain(t *testing.T) {
	const depth = 10_000
	chain := make([]*row.Span, depth)
	for i := range chain {
		chain[i] = span(t, fmt.Sprintf("%d %d %d %d", i+1, i, i, 2*depth-i))
	}
	tree := New(chain)
	if failed, services := tree.Count(); failed != 0 || services != depth {
		t.Errorf("%d failed, %d services", failed, services)
	}
	lines := tree.Lines(3)
	if last := lines[len(lines)-1]; len(lines) != 4 || last.Hidden != depth-3 {
		t.Errorf("%d lines, %d hidden", len(lines), last.Hidden)
	}
}
