package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// Tables have the time that an item gives itself, which is more precise than the column of a database by which it is found.
func TestItemTimes(t *testing.T) {
	const own, column, observed = 1_769_999_999_123_456_789, 1_769_999_999_123_457_000, 1_770_000_000_987_654_321
	f := func(item row.Item, raw, seen uint64, want string) {
		t.Helper()
		var stdout bytes.Buffer
		streams := term.Plain(nil, &stdout, nil)
		logs := logLines{streams: streams, options: &queryOptions{}}
		if err := logs.cells([]*row.Log{{Item: item, TimeRaw: raw, Observed: seen}}); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := strings.Cut(stdout.String(), "\t"); got != want {
			t.Errorf("a log record: %s, want %s", got, want)
		}
		if seen != 0 {
			return // data points have no such time
		}
		points := pointList{streams: streams, options: &queryOptions{}}
		rows := points.rows([]store.Point{{Point: &row.Point{Item: item, TimeRaw: raw}, Of: &row.Metric{}}}, momentOf(own))
		if got := rows[0][3].full; got != want {
			t.Errorf("a data point: %s, want %s", got, want)
		}
	}
	f(row.Item{PrimaryKey: row.PrimaryKey{Time: column}}, own, 0, "2026-02-02T02:39:59.123456789Z")
	f(row.Item{PrimaryKey: row.PrimaryKey{Time: column}}, own, observed, "2026-02-02T02:39:59.123456789Z")
	f(row.Item{PrimaryKey: row.PrimaryKey{Time: column}}, 0, observed, "2026-02-02T02:40:00.987654321Z")
	f(row.Item{PrimaryKey: row.PrimaryKey{Time: column}}, 0, 0, "2026-02-02T02:39:59.123457Z")
}
