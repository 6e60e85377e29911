package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// overlap is how long before a mark rows are looked for again: they are received, and then written. It is also how
// much the clocks of receivers and database may differ.
const overlap = time.Minute

// postgresServer is a connection to PostgreSQL. One that broke is made anew by the next query.
type postgresServer struct {
	url     string
	conn    *pgconn.PgConn
	goodbye func() error
	marked  int64 // what mark has returned last
}

func openPostgres(ctx context.Context, url string) (connection, error) {
	p := &postgresServer{url: url}
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *postgresServer) connect(ctx context.Context) error {
	conn, err := postgres.Connect(ctx, p.url)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		text, hint := hinted.Apart(err)
		return hinted.New(errors.New(text), hint)
	}
	p.conn = conn
	p.goodbye = func() error { // although its context may have ended, and whether the server answers or not
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		return conn.Close(ctx)
	}
	return nil
}

func (p *postgresServer) close() error { return p.goodbye() }

// ask is query without a second attempt.
func (p *postgresServer) ask(ctx context.Context, text string, args []any, row func(columns) error) error {
	if p.conn.IsClosed() {
		if err := p.connect(ctx); err != nil {
			return err
		}
	}
	values, formats := encode(args)
	answer := p.conn.ExecParams(ctx, text, values, nil, formats, []int16{binaryFormat})
	err := each(answer, row)
	if err != nil { // what is left of the answer is not read
		return errors.Join(err, p.goodbye())
	}
	_, err = answer.Close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return explained(err)
}

func each(answer *pgconn.ResultReader, row func(columns) error) error {
	r := postgresRow{fields: answer.FieldDescriptions()}
	for answer.NextRow() {
		r.values = answer.Values()
		if err := row(r); err != nil {
			return err
		}
	}
	return nil
}

// explained says what to do about the answers that a database gives which is not prepared for queries.
func explained(err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch e.Code {
	case undefinedTable:
		return hinted.New(fmt.Errorf("%w: %s", ErrNothing, e.Message), "start otlpctl serve with this database, which makes its tables")
	case insufficientPrivilege:
		return hinted.New(errors.New(e.Message), "grant the user SELECT on the tables otlp_*")
	case serializationFailure:
		return hinted.New(err, "ask the primary, or let queries of the standby take longer: max_standby_streaming_delay, hot_standby_feedback")
	}
	return err
}

// SQLSTATEs (PostgreSQL documentation, Appendix A).
const (
	undefinedTable        = "42P01"
	insufficientPrivilege = "42501"
	serializationFailure  = "40001" // of a query: a conflict of a standby with what its primary has done
)

// The formats of values on the wire.
const (
	textFormat   = 0
	binaryFormat = 1
)

// encode leaves it to the server to find the types of arguments. Bytes are in binary, as they are for uuid too.
func encode(args []any) (values [][]byte, formats []int16) {
	for _, arg := range args {
		format := int16(textFormat)
		var value []byte
		switch v := arg.(type) {
		case int64:
			value = strconv.AppendInt(nil, v, 10)
		case instant:
			value = moment(v).AppendFormat(nil, time.RFC3339Nano)
		case string:
			value = []byte(v)
		case []byte:
			value, format = v, binaryFormat
		default:
			panic(fmt.Sprintf("argument of type %T", arg))
		}
		values, formats = append(values, value), append(formats, format)
	}
	return values, formats
}

// moment returns a time with the precision that PostgreSQL has. Those after the year 2262 are no int64.
func moment(v instant) time.Time {
	nanos := uint64(v)
	return time.Unix(int64(nanos/uint64(time.Second)), int64(nanos%uint64(time.Second))).UTC().Truncate(time.Microsecond)
}

func (*postgresServer) holds(q *query, column string, a Attribute) string {
	return column + " ->> CAST(" + q.arg(a.Key) + " AS text) = " + q.arg(a.Value)
}

func (*postgresServer) matches(q *query, column string, g glob) string {
	if g.literal() {
		return column + " = " + q.arg(string(g))
	}
	return column + " LIKE " + q.arg(g.like())
}

func (*postgresServer) contains(q *query, column, part string) string {
	return "strpos(" + column + ", " + q.arg(part) + ") > 0"
}

// keys says the types of values, which are text otherwise, and which partitions are of no interest.
func (*postgresServer) keys(q *query, items []row.PrimaryKey) string {
	rows := make([]string, len(items))
	first, last := items[0].Time, items[0].Time
	for i := range items {
		first, last = min(first, items[i].Time), max(last, items[i].Time)
		rows[i] = "(CAST(" + q.arg(instant(items[i].Time)) + " AS timestamptz), CAST(" + q.arg(items[i].Key[:]) + " AS uuid))"
	}
	return "time BETWEEN " + q.arg(instant(first)) + " AND " + q.arg(instant(last)) +
		" AND (time, key) IN (VALUES " + strings.Join(rows, ", ") + ")"
}

// using is for the planner to say: it counts what is in indexes.
func (*postgresServer) using(table, _ string) string { return table }

func (*postgresServer) arrived(q *query, table string, mark int64, since instant) (from, condition string) {
	return table, "received >= " + q.arg(instant(mark-int64(overlap))) + " AND time >= " + q.arg(since)
}
