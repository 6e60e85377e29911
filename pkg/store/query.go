package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// query is the text of a query and its arguments.
type query struct {
	dialect dialect
	text    strings.Builder
	args    []any
	where   bool // there is a condition
}

// from begins a query.
func from(d dialect, text string) *query {
	q := &query{dialect: d}
	q.text.WriteString(text)
	return q
}

// arg adds an argument and returns what stands for it.
func (q *query) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// and adds a condition.
func (q *query) and(condition string) {
	if q.where {
		q.text.WriteString(" AND ")
	} else {
		q.text.WriteString(" WHERE ")
		q.where = true
	}
	q.text.WriteString(condition)
}

func (q *query) write(text string) { q.text.WriteString(text) }

// among returns the condition that a column has one of several values.
func (q *query) among(column string, n int, value func(i int) any) string {
	names := make([]string, n)
	for i := range names {
		names[i] = q.arg(value(i))
	}
	return column + " IN (" + strings.Join(names, ", ") + ")"
}

// within adds the bounds of a range of time.
func (q *query) within(r Range) {
	if !r.Since.IsZero() {
		q.and("time >= " + q.arg(nanos(r.Since)))
	}
	if !r.Until.IsZero() {
		q.and("time < " + q.arg(nanos(r.Until)))
	}
}

// with adds attributes, each of the item or of its resource.
func (q *query) with(attributes []Attribute) {
	for _, a := range attributes {
		q.and("(" + q.dialect.holds(q, "attributes", a) +
			" OR resource_id IN (SELECT id FROM otlp_resources WHERE " + q.dialect.holds(q, "attributes", a) + "))")
	}
}

// of adds the name of a service, unless it is empty.
func (q *query) of(service string) {
	if service != "" {
		q.and("service = " + q.arg(service))
	}
}

// before adds the condition that a row comes before another in the order of their primary keys, unless that is nil.
func (q *query) before(k *row.PrimaryKey) {
	if k != nil {
		q.and("(time, key) < (" + q.arg(instant(k.Time)) + ", " + q.arg(k.Key[:]) + ")")
	}
}

// nanos returns a time as it is kept: there is none before 1970.
func nanos(t time.Time) instant { return instant(max(0, t.UnixNano())) }

// glob is a pattern for the whole of a text, in which * stands for any characters and ? for one.
type glob string

// literal says whether the pattern is but the text itself.
func (g glob) literal() bool { return !strings.ContainsAny(string(g), "*?") }

// like returns the pattern as LIKE has it.
func (g glob) like() string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(string(g))
}

// unix returns the pattern as GLOB of SQLite has it, which knows [ as well.
func (g glob) unix() string { return strings.ReplaceAll(string(g), "[", "[[]") }
