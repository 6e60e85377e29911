package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// maxTries bounds how often a query is asked.
const maxTries = 3

// query asks again when a standby has given up before the answer began: what its primary does goes first there.
func (p *postgresServer) query(ctx context.Context, text string, args []any, row func(columns) error) error {
	for tries := 1; ; tries++ {
		began := false
		err := p.ask(ctx, text, args, func(c columns) error {
			began = true
			return row(c)
		})
		if err == nil || began || tries == maxTries || stateOf(err) != serializationFailure {
			return err
		}
	}
}

// stateOf returns the SQLSTATE of an error, which is empty if no server has said it.
func stateOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// serverTime is the time of the last commit that a standby has from its primary, NULL if it has had none since it was
// started, or a primary's clock; and the clock.
const serverTime = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() ELSE clock_timestamp() END, clock_timestamp()"

// mark is the time by the server's clock: receivers are not asked for theirs. At a standby, however far it is behind,
// nothing has come yet that was committed after its mark.
func (p *postgresServer) mark(ctx context.Context, _ string) (int64, error) {
	err := p.query(ctx, serverTime, nil, func(c columns) error {
		switch {
		case !c.null(0):
			p.marked = c.integer(0)
		case p.marked == 0:
			p.marked = c.integer(1)
		}
		return nil
	})
	return p.marked, err
}
