package cli

import (
	"math"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

func TestSpanTime(t *testing.T) {
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := spanTime(d); got != want {
			t.Errorf("spanTime(%d) = %q, want %q", d, got, want)
		}
	}
	f(-1, "0")
	f(0, "0")
	f(999, "999ns")
	f(1000, "1µs")
	f(1234*time.Nanosecond, "1.23µs")
	f(99_960*time.Nanosecond, "100µs")
	f(12_345*time.Microsecond, "12.3ms")
	f(812*time.Millisecond, "812ms")
	f(9_999*time.Millisecond, "10s")
	f(1400*time.Millisecond, "1.4s")
	f(59*time.Second, "59s")
	f(90*time.Second+time.Millisecond, "1m30s")
	f(100*time.Hour, "100h0m0s")
}

func TestAttributesText(t *testing.T) {
	f := func(object, want string) {
		t.Helper()
		if got := attributesText([]byte(object)); got != want {
			t.Errorf("%s: %q, want %q", object, got, want)
		}
	}
	f(`{}`, "")
	f(``, "")
	f(`{"b": "x", "a": 1.50}`, "a=1.50 b=x")
	f(`{"text": "a b", "empty": "", "null": null, "quote": "a\"b"}`, `empty="" null=null quote="a\"b" text="a b"`)
	f(`{"list": [1, "x"], "ok": true}`, `list=[1,"x"] ok=true`)
}

func TestPointText(t *testing.T) {
	f := func(p row.Point, want string) {
		t.Helper()
		if got := pointText(&p, numberText); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	number := func(v float64) *float64 { return &v }
	whole, count, none := int64(-5), uint64(4), uint64(0)
	f(row.Point{ValueInt: &whole}, "-5")
	f(row.Point{Value: number(1234567.5)}, "1234567.5")
	f(row.Point{Value: number(1e300)}, "1e+300")
	f(row.Point{Value: number(0)}, "0")
	f(row.Point{Flags: 1}, "no value")
	f(row.Point{}, "")
	f(row.Point{Count: &none, Sum: number(0)}, "count 0, sum 0")
	f(row.Point{Count: &count, Sum: number(10), Min: number(1), Max: number(4)}, "count 4, sum 10, mean 2.5, min 1, max 4")
	f(row.Point{Count: &count, Detail: []byte(`{"quantiles": [[0.5, 2], [0.99, 4]]}`)}, "count 4, q0.5 2, q0.99 4")
}

func TestSeverities(t *testing.T) {
	f := func(text string, want int32, ok bool) {
		t.Helper()
		var flag severityFlag
		if err := flag.Set(text); (err == nil) != ok || int32(flag) != want {
			t.Errorf("%q: %d, %v", text, flag, err)
		}
	}
	f("trace", 1, true)
	f("INFO", 9, true)
	f("Warn2", 14, true)
	f("fatal4", 24, true)
	f("17", 17, true)
	f("0", 0, false)
	f("25", 0, false)
	f("", 0, false)
	g := func(number int32, text, want string) {
		t.Helper()
		if got := severityText(number, []byte(text)); got != want {
			t.Errorf("%d, %q: %q, want %q", number, text, got, want)
		}
	}
	g(9, "information", "INFO")
	g(0, "information", "information")
	g(99, "", "99")
	g(0, "", "")
}

func TestTimeFlag(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	f := func(text string, want time.Time) {
		t.Helper()
		var flag timeFlag
		err := flag.Set(text)
		if want.IsZero() {
			if err == nil {
				t.Errorf("%q is taken", text)
			}
			return
		}
		if err != nil || !flag.before(now).Equal(want) {
			t.Errorf("%q: %v, %v, want %v", text, flag.before(now), err, want)
		}
	}
	f("10m", now.Add(-10*time.Minute))
	f("0s", now)
	f("7d", now.AddDate(0, 0, -7))
	f("2026-11-25T10:00:00+01:00", now.Add(-3*time.Hour))
	f("2026-11-25", now.Add(-12*time.Hour))
	f("-10m", time.Time{})
	f("d", time.Time{})
	f("1.5d", time.Time{})
	f("tomorrow", time.Time{})
	f("0001-01-01T00:00:00Z", time.Time{})
	f("9999-01-01T00:00:00Z", time.Time{})
}

func TestWithin(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	f := func(since, until string, wantSince, wantUntil time.Duration) {
		t.Helper()
		var o queryOptions
		for flag, text := range map[*timeFlag]string{&o.since: since, &o.until: until} {
			if text != "" {
				if err := flag.Set(text); err != nil {
					t.Fatal(err)
				}
			}
		}
		r := o.within(now)
		if !r.Since.Equal(now.Add(-wantSince)) || r.Until.IsZero() != (until == "") || until != "" && !r.Until.Equal(now.Add(-wantUntil)) {
			t.Errorf("since %q until %q: %v to %v", since, until, r.Since, r.Until)
		}
	}
	f("", "", time.Hour, 0)
	f("5m", "", 5*time.Minute, 0)
	f("", "2h", 3*time.Hour, 2*time.Hour)
	f("1d", "2h", 24*time.Hour, 2*time.Hour)
}

func TestMoments(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.Local)
	f := func(at time.Time, wantFull, wantText string) {
		t.Helper()
		nanos := uint64(at.Unix())*1e9 + uint64(at.Nanosecond())
		if got := momentFull(nanos); got != wantFull {
			t.Errorf("%d: %s, want %s", nanos, got, wantFull)
		}
		if got := momentText(nanos, now); got != wantText {
			t.Errorf("%d: %s, want %s", nanos, got, wantText)
		}
	}
	today := now.Add(-time.Minute)
	f(today, today.UTC().Format(time.RFC3339Nano), "11:59:00.000")
	local := func(at time.Time) string { return at.Local().Format("2006-01-02 15:04:05.000") }
	for text, at := range map[string]time.Time{
		"1970-01-01T00:00:00Z":           time.Unix(0, 0),
		"2262-04-11T23:47:16.854775807Z": time.Unix(0, math.MaxInt64),
		"2262-04-11T23:47:16.854775808Z": time.Unix(0, math.MaxInt64).Add(1),
		"2554-07-21T23:34:33.709551615Z": time.Unix(18_446_744_073, 709_551_615),
	} {
		f(at, text, local(at))
	}
}

func TestRoundedText(t *testing.T) {
	f := func(v float64, want string) {
		t.Helper()
		if got := roundedText(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
	f(0, "0")
	f(0.25, "0.25")
	f(0.9555368227010044, "0.955537")
	f(-12.3456789, "-12.3457")
	f(999999.96, "1000000")
	f(1234567.5, "1234568")
	f(123456789, "123456789")
	f(0.000123456789, "0.000123457")
	f(1.23456789e-7, "1.23457e-07")
	f(1e300, "1e+300")
	f(5e-324, "5e-324")
	f(math.Inf(-1), "-Inf")
	f(math.NaN(), "NaN")
}
