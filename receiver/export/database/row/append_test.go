package row

import (
	"strings"
	"testing"
)

// What somebody else has written into a database is refused by the name of its column.
func TestAppendRefuses(t *testing.T) {
	f := func(want string, err error) {
		t.Helper()
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
	span := func(s Span) error { _, err := AppendSpan(nil, &s); return err }
	point := func(p Point) error { _, err := AppendPoint(nil, &p); return err }
	log := func(l Log) error { _, err := AppendLog(nil, &l); return err }
	attributes := func(column string) error { return log(Log{Item: Item{Attributes: JSON(column)}}) }

	f(`attributes: [ is not an object`, attributes(`[]`))
	f(`attributes: 5 is not an object`, attributes(`5`))
	f(`attributes: `, attributes(`{`))
	f(`attributes: `, attributes(`{"a":`))
	f(`attributes: `, attributes(`{"a":[`))
	f(`attributes: `, attributes(`{"a":{"b":1`))
	f(`attributes: `, attributes(`{"a":x}`))
	f(`attributes: `, attributes(`{"a":9223372036854775808}`))
	f(`attributes: `, attributes(`{"a":1e999}`))
	f(`attributes: `, span(Span{Item: Item{Attributes: JSON(`[]`)}}))
	f(`attributes: `, point(Point{Item: Item{Attributes: JSON(`[]`)}, Kind: Gauge}))
	f(`body_json: `, log(Log{BodyJSON: JSON(`[`)}))
	f(`events: `, span(Span{Events: JSON(`{}`)}))
	f(`events: attributes: `, span(Span{Events: JSON(`[{"attributes":[]}]`)}))
	f(`links: `, span(Span{Links: JSON(`[{"trace_id":"xy"}]`)}))
	f(`links: attributes: `, span(Span{Links: JSON(`[{"attributes":1}]`)}))
	f(`detail: `, point(Point{Kind: Histogram, Detail: JSON(`{"bounds":["x"]}`)}))
	f(`detail: `, point(Point{Kind: Histogram, Detail: JSON(`{"buckets":[-1]}`)}))
	f(`exemplars: `, point(Point{Kind: Sum, Exemplars: JSON(`[{"value":1e999}]`)}))
	f(`exemplars: attributes: `, point(Point{Kind: Sum, Exemplars: JSON(`[{"attributes":"a"}]`)}))
}

func TestAppendAppends(t *testing.T) {
	f := func(got []byte, err error, want string) {
		t.Helper()
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	got, err := AppendSpan([]byte("> "), &Span{Name: Text("n"), Start: 2, Duration: -2})
	f(got, err, "> *\x01n9\x02\x00\x00\x00\x00\x00\x00\x00")
	if got, err = AppendSpan([]byte("> "), &Span{Name: Text("n"), Events: JSON(`x`)}); err == nil || string(got) != "> " {
		t.Errorf("after an error: %q, %v", got, err)
	}
	got, err = AppendSpan([]byte("> "), &Span{Item: Item{Raw: []byte("raw")}, Name: Text("n")})
	f(got, err, "> raw")
	got, err = AppendPoint([]byte("> "), &Point{Kind: Sum, ValueInt: new(int64)})
	f(got, err, "> 1\x00\x00\x00\x00\x00\x00\x00\x00")
	got, err = AppendPoint([]byte("> "), &Point{Kind: Sum, Item: Item{Raw: []byte{}}})
	f(got, err, "> ")
	got, err = AppendLog([]byte("> "), &Log{Body: Text{}})
	f(got, err, "> *\x02\n\x00")
}
