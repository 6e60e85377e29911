package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"
)

// session is a connection.
type session = pgconn.PgConn

// run runs SQL without results. Several statements are one transaction.
func run(ctx context.Context, conn *session, sql string) error {
	_, err := conn.Exec(ctx, sql).ReadAll()
	return err
}

// query returns the rows of a statement with their values as text, nil for NULL.
func query(ctx context.Context, conn *session, sql string) ([][][]byte, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results[0].Rows, nil
}

// transaction runs f in a transaction, which is undone if f fails. What others have done while it waited for
// a lock is seen in it, whatever isolation the user has by default.
func transaction(ctx context.Context, conn *session, f func() error) error {
	if err := run(ctx, conn, "BEGIN ISOLATION LEVEL READ COMMITTED"); err != nil {
		return err
	}
	if err := f(); err != nil {
		if !conn.IsClosed() {
			_ = run(ctx, conn, "ROLLBACK") // a connection that stays in a transaction is closed
		}
		return err
	}
	return run(ctx, conn, "COMMIT")
}
