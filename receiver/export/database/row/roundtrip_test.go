package row

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// roundTrip checks that a request comes back out of its rows: each item once, with
// the same meaning and the same key.
func roundTrip(t testing.TB, sig wire.Signal, b []byte) *recorder {
	t.Helper()
	report, err := wire.Scan(sig, b)
	if err != nil {
		t.Fatal(err)
	}
	r := record(t, sig, b)
	if n := len(r.spans) + len(r.points) + len(r.logs); n != report.Items {
		t.Fatalf("%d rows of %d items", n, report.Items)
	}
	r.check(t)
	meanings := func(items []encoded) (all []string) {
		for _, i := range items {
			all = append(all, i.meaning(t))
		}
		slices.Sort(all)
		return all
	}
	want := meanings(itemsIn(sig.Request(), b))
	back := record(t, sig, b)
	for _, from := range []string{"text", "jsonb"} {
		for i, got := range meanings(back.items(t)) {
			if got != want[i] {
				t.Fatalf("from %s:\n got %q\nwant %q", from, got, want[i])
			}
		}
		r.checkKeys(t, sig, back)
		back.reread(t)
	}
	return r
}

// check checks what databases demand of every column.
func (r *recorder) check(t testing.TB) {
	t.Helper()
	texts := func(columns ...Text) {
		for _, c := range columns {
			if bytes.IndexByte(c, 0) >= 0 || !utf8.Valid(c) {
				t.Errorf("%q is no text", c)
			}
		}
	}
	item := func(i Item, columns ...JSON) {
		if i.Time == 0 || i.Key == (ID{}) {
			t.Errorf("an item at %d with key %s", i.Time, i.Key)
		}
		for _, c := range append(columns, i.Attributes) {
			if texts(c); bytes.Contains(c, []byte(`\u0000`)) {
				t.Errorf("%s is not for jsonb", c)
			}
		}
		unambiguous(t, i.Attributes)
	}
	for _, s := range r.resources {
		texts(s.Service, s.SchemaURL)
		unambiguous(t, s.Attributes)
	}
	for _, s := range r.scopes {
		texts(s.Name, s.Version, s.SchemaURL)
		unambiguous(t, s.Attributes)
	}
	for _, m := range r.metrics {
		texts(m.Name, m.Description, m.Unit)
	}
	for _, s := range r.spans {
		item(s.Item, s.Events, s.Links)
		texts(s.Service, s.TraceState, s.Name, s.StatusMessage)
	}
	for _, p := range r.points {
		item(p.Item, p.Detail, p.Exemplars)
		if p.Count != nil && *p.Count > math.MaxInt64 {
			t.Errorf("a count of %d", *p.Count)
		}
	}
	for _, l := range r.logs {
		item(l.Item, l.BodyJSON)
		texts(l.SeverityText, l.EventName, l.Body)
	}
}

// unambiguous checks that no key stands twice in an object, at any depth.
func unambiguous(t testing.TB, column JSON) {
	t.Helper()
	if column == nil {
		return
	}
	d := newReader(column)
	var value func()
	value = func() {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("%s: %v", column, err)
		}
		begin := fmt.Sprint(token)
		if token != json.Delim('{') && token != json.Delim('[') {
			return
		}
		keys := map[any]bool{}
		for d.More() {
			if begin == "{" {
				key, _ := d.Token()
				if keys[key] {
					t.Errorf("%q stands twice in %s", key, column)
				}
				keys[key] = true
			}
			value()
		}
		_, _ = d.Token()
	}
	value()
}

func TestRoundTrip(t *testing.T) {
	f := func(sig wire.Signal, m proto.Message) {
		t.Helper()
		r := roundTrip(t, sig, otlptest.Encode(m))
		for _, i := range r.rawOf() {
			if i != nil {
				t.Errorf("%s: ordinary telemetry has a column for all of it: %x", sig, i)
			}
		}
	}
	f(wire.Traces, otlptest.Traces(20))
	f(wire.Metrics, otlptest.Metrics(50))
	f(wire.Logs, otlptest.Logs(20))
	for sig, m := range wholeRequests() {
		f(sig, m)
	}
}

// rawOf returns the column raw of every row.
func (r *recorder) rawOf() (all [][]byte) {
	for _, s := range r.spans {
		all = append(all, s.Raw)
	}
	for _, p := range r.points {
		all = append(all, p.Raw)
	}
	for _, l := range r.logs {
		all = append(all, l.Raw)
	}
	return all
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(wire.Traces), otlptest.Encode(otlptest.Traces(2)))
	f.Add(uint8(wire.Metrics), otlptest.Encode(otlptest.Metrics(25)))
	f.Add(uint8(wire.Logs), otlptest.Encode(otlptest.Logs(2)))
	for sig, m := range wholeRequests() {
		f.Add(uint8(sig), otlptest.Encode(m))
	}
	f.Fuzz(func(t *testing.T, signal uint8, b []byte) {
		sig := wire.Signal(signal % 3)
		report, err := wire.Scan(sig, b)
		if err != nil {
			return
		}
		roundTrip(t, sig, wire.Clean(nil, sig, b, &report))
	})
}
