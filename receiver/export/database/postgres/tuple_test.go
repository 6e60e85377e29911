package postgres

import (
	"encoding/hex"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// The binary formats are those of the send functions of PostgreSQL's types.
func TestFields(t *testing.T) {
	f := func(name string, write func(*tuples), want string) {
		t.Helper()
		var got tuples
		write(&got)
		if have := hex.EncodeToString(got.buf); have != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: %s, want %s", name, have, want)
		}
	}
	nano := func(text string) uint64 {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return uint64(at.UnixNano())
	}
	f("begin", func(u *tuples) { u.begin(24) }, "0018")
	f("NULL", (*tuples).null, "ffffffff")
	f("uuid", func(u *tuples) { u.uuid(row.ID{0xa0, 0xee, 15: 0x11}) }, "00000010 a0ee0000000000000000000000000011")
	f("timestamp: its epoch", func(u *tuples) { u.timestamp(nano("2000-01-01T00:00:00Z")) }, "00000008 0000000000000000")
	f("timestamp: before it", func(u *tuples) { u.timestamp(nano("1999-12-31T23:59:59.999999Z")) }, "00000008 ffffffffffffffff")
	f("timestamp: cut to microseconds", func(u *tuples) { u.timestamp(nano("2000-01-01T00:00:01.000001999Z")) }, "00000008 00000000000f4241")
	f("timestamp: 1970", func(u *tuples) { u.timestamp(0) }, "00000008"+hexOf(-epochMicros))
	f("timestamp: the last", func(u *tuples) { u.timestamp(math.MaxUint64) }, "00000008"+hexOf(math.MaxUint64/1000-epochMicros))
	f("int2", func(u *tuples) { u.int2(-2) }, "00000002 fffe")
	f("int4", func(u *tuples) { u.int4(-2) }, "00000004 fffffffe")
	f("int8", func(u *tuples) { u.int8(1 << 40) }, "00000008 0000010000000000")
	f("bits", func(u *tuples) { u.bits(math.MaxUint64) }, "00000008 ffffffffffffffff")
	f("count", func(u *tuples) { u.count(math.MaxUint32) }, "00000008 00000000ffffffff")
	f("count of nothing", func(u *tuples) { u.count(0) }, "ffffffff")
	f("float8", func(u *tuples) { u.float8(1) }, "00000008 3ff0000000000000")
	f("float8: NaN", func(u *tuples) { u.float8(math.NaN()) }, "00000008 7ff8000000000001")
	f("text", func(u *tuples) { u.bytes([]byte("é")) }, "00000002 c3a9")
	f("text without any", func(u *tuples) { u.bytes(nil) }, "00000000")
	f("optional text without any", func(u *tuples) { u.optional(nil) }, "ffffffff")
	f("jsonb", func(u *tuples) { u.json([]byte("{}")) }, "00000003 01 7b7d")
	f("jsonb without any", func(u *tuples) { u.json(nil) }, "ffffffff")
}

func hexOf(v int64) string {
	var u tuples
	u.int8(v)
	return hex.EncodeToString(u.buf[4:])
}

func TestRows(t *testing.T) {
	r := rows{received: 1_750_000_000_000_000_000}
	value, count := 1.5, uint64(3)
	r.addPoint(&row.Point{
		Item: row.Item{PrimaryKey: row.PrimaryKey{Time: uint64(day(3).begin().UnixNano()), Key: row.ID{1}}, Resource: row.ID{2}, Scope: row.ID{3}}, Metric: row.ID{4}, Value: &value, Count: &count,
	})
	r.addPoint(&row.Point{Item: row.Item{PrimaryKey: row.PrimaryKey{Time: uint64(day(4).begin().UnixNano()) - 1}, Resource: row.ID{5}}, Metric: row.ID{6}})
	r.addPoint(&row.Point{Item: row.Item{PrimaryKey: row.PrimaryKey{Time: math.MaxUint64}, Resource: row.ID{7}}})
	if r.table != pointsTable || r.len() != 3 {
		t.Fatalf("%d rows of %v", r.len(), r.table)
	}
	if r.day(0) != 3 || r.day(1) != 3 || r.day(2).String() != "2554-07-21" {
		t.Errorf("days %s %s %s", r.day(0), r.day(1), r.day(2))
	}
	if r.referred(0, 0) != (row.ID{2}) || r.referred(0, 1) != (row.ID{3}) || r.referred(0, 2) != (row.ID{4}) || r.referred(1, 2) != (row.ID{6}) {
		t.Error("what a row refers to is not where it should be")
	}
	rest := r.without(func(i int) bool { return i == 1 })
	if rest.len() != 2 || rest.referred(1, 0) != (row.ID{7}) {
		t.Errorf("%d rows are left", rest.len())
	}
	whole, err := io.ReadAll(r.reader(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	if want := copyHeader + string(r.between(1, 2)) + string(r.between(2, 3)) + copyTrailer; string(whole) != want {
		t.Errorf("COPY of %d bytes, want %d", len(whole), len(want))
	}
}

// A tuple has as many fields as its table has columns.
func TestTuplesHaveTheirTablesFields(t *testing.T) {
	var r rows
	f := func(table *table, add func()) {
		t.Helper()
		r.reset()
		add()
		if n := len(strings.Split(table.columns, ", ")); n != table.fields {
			t.Errorf("%s: %d columns, %d fields", table.name, n, table.fields)
		}
		fields, at := 0, 2
		for at < len(r.buf) {
			size := int(int32(uint32(r.buf[at])<<24 | uint32(r.buf[at+1])<<16 | uint32(r.buf[at+2])<<8 | uint32(r.buf[at+3])))
			at += 4 + max(size, 0)
			fields++
		}
		if fields != table.fields || at != len(r.buf) {
			t.Errorf("%s: a tuple has %d fields, its table %d", table.name, fields, table.fields)
		}
	}
	f(spansTable, func() { r.addSpan(&row.Span{}) })
	f(pointsTable, func() { r.addPoint(&row.Point{}) })
	f(logsTable, func() { r.addLog(&row.Log{}) })
}

func TestArray(t *testing.T) {
	got := array([]referred{{[]byte("a")}, {nil}}, 0, textColumn("x"))
	want := "00000001" + "00000000" + "00000019" + "00000002" + "00000001" + "00000001" + "61" + "00000000"
	if hex.EncodeToString(got) != want {
		t.Errorf("%x, want %s", got, want)
	}
	list := sorted(map[row.ID]referred{{2}: {{2}}, {1}: {{1}}, {3}: {{3}}})
	if !slices.EqualFunc(list, []byte{1, 2, 3}, func(r referred, b byte) bool { return r[0][0] == b }) {
		t.Errorf("%v is not sorted", list)
	}
}

func TestSeen(t *testing.T) {
	var s seen
	a, b := row.ID{1}, row.ID{2}
	s.add(resources, []referred{{a[:]}}, 10, 0)
	if !s.has(resources, a, 10) || s.has(scopes, a, 10) || s.has(resources, b, 10) || s.has(resources, a, 11) {
		t.Error("it has not what was added")
	}
	s.add(resources, []referred{{b[:]}}, 11, 0)
	if s.has(resources, a, 11) || !s.has(resources, b, 11) {
		t.Error("a day later it has not what was added since")
	}
	before := s.forgotten()
	s.forget()
	if s.has(resources, b, 11) || s.forgotten() == before {
		t.Error("it has not forgotten")
	}
	s.add(resources, []referred{{b[:]}}, 11, before)
	if s.has(resources, b, 11) {
		t.Error("it remembers what another database was told")
	}
	for n := range maxSeen + 10 {
		id := row.ID{byte(n), byte(n >> 8), byte(n >> 16)}
		s.add(metrics, []referred{{id[:]}}, 11, s.forgotten())
	}
	if n := len(s.ids[metrics]); n > maxSeen {
		t.Errorf("it remembers %d", n)
	}
}
