package sqlite

import (
	"math"
	"time"
)

// stepRows is how many rows are deleted at a time: what is to be written waits for so long.
const stepRows = 1000

// mostTrims is how many times rows are deleted when a batch was written. They are few if the batches of signals
// take turns.
const mostTrims = 64

// itemTables are the tables of items. Their rows have numbers in the order in which they were written.
func itemTables() []string { return []string{"otlp_spans", "otlp_points", "otlp_logs"} }

// The statements of retention. None of them looks at more rows than it concerns.
func firstOf(table string) string {
	return "SELECT rowid, received FROM " + table + " ORDER BY rowid LIMIT 1"
}

func lastOf(table string) string { return "SELECT max(rowid) FROM " + table }

func deleteFrom(table string) string {
	return "DELETE FROM " + table + " WHERE rowid >= ? AND rowid < ? AND received < ?"
}

// end is the first row of a table, or the last.
type end struct{ number, received int64 }

// first returns the row of a table that was written first; there may be none.
func (c *connection) first(table string) (end, bool, error) {
	s, err := c.Prepare(firstOf(table))
	if err != nil {
		return end{}, false, err
	}
	some, err := s.Step()
	if err != nil || !some {
		return end{}, false, err
	}
	return end{number: s.ColumnInt64(0), received: s.ColumnInt64(1)}, true, s.Reset()
}

// delete deletes of the next rows from one on, so many, those that were received before a time.
func (c *connection) delete(table string, from, rows, before int64) error {
	_, err := c.number(deleteFrom(table), from, from+rows, before)
	return err
}

// expire deletes some rows that were received before a time, and reports whether there may be more.
func (c *connection) expire(before int64) (more bool, err error) {
	for _, table := range itemTables() {
		oldest, some, err := c.first(table)
		if err != nil {
			return false, err
		}
		if some && oldest.received < before {
			return true, c.within(func() error { return c.delete(table, oldest.number, stepRows, before) })
		}
	}
	return false, nil
}

// trim deletes what was received first until the file is as small as it must be. Of what was too large before, it
// deletes about as much as was written; the rest is deleted in the background.
func (e *Exporter) trim(written int) error {
	if e.conf.MaxBytes == 0 {
		return nil
	}
	deleted := 0
	for range mostTrims {
		some, err := e.conn.trim(e.conf.most())
		if err != nil || !some {
			return err
		}
		if deleted += e.conn.Changes(); deleted > 2*written+stepRows {
			return nil
		}
	}
	return nil
}

// trim deletes some rows if the file holds more than it may, and reports whether it did. They are as many as it
// holds too much, by an estimate that is near unless rows are of very different sizes.
func (c *connection) trim(most int64) (some bool, err error) {
	s, err := c.size()
	if err != nil || s.used <= most {
		return false, err
	}
	t, err := c.oldest()
	if err != nil || t.name == "" {
		return false, err
	}
	share := float64(s.used-most) / float64(s.used)
	rows := min(max(int64(math.Ceil(share*float64(t.all))), 1), stepRows)
	err = c.within(func() error { return c.delete(t.name, t.first.number, rows, t.until) })
	return err == nil && c.Changes() > 0, err
}

// oldestTable is the table whose first row was received before those of others.
type oldestTable struct {
	name  string // empty if there are no rows
	first end
	all   int64 // rows of all tables
	until int64 // how far its rows may go, since another table has rows that were received then
}

// abreast is how much further the rows of one table are deleted than those of another.
const abreast = int64(time.Second)

func (c *connection) oldest() (t oldestTable, err error) {
	t.until = math.MaxInt64
	for _, table := range itemTables() {
		first, some, err := c.first(table)
		if err != nil {
			return t, err
		}
		if !some {
			continue
		}
		last, err := c.number(lastOf(table))
		if err != nil {
			return t, err
		}
		t.all += last - first.number + 1
		switch {
		case t.name == "":
			t.name, t.first = table, first
		case first.received < t.first.received:
			t.until = min(t.until, t.first.received+abreast)
			t.name, t.first = table, first
		default:
			t.until = min(t.until, first.received+abreast)
		}
	}
	return t, nil
}
