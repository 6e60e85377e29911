package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Probe returns why Export would fail: it connects and asks for versions and rights, and changes
// nothing. The tables need not be there if they can be made.
func (e *Exporter) Probe(ctx context.Context, _ wire.Signal) error {
	err := e.use(ctx, func(ctx context.Context, conn *session) error {
		return transaction(ctx, conn, func() error { return probe(ctx, conn) }) // not every pooler has transactions
	})
	if err != nil {
		return e.target.explain(err)
	}
	return nil
}

func probe(ctx context.Context, conn *session) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	done, err := applied(ctx, conn)
	if err != nil {
		return err
	}
	if err := checkHistory(all, done); err != nil {
		return err
	}
	for _, c := range checks(len(done) == len(all), len(done) > 0) {
		answer, err := query(ctx, conn, "SELECT "+c.sql)
		if err != nil {
			return err
		}
		if string(answer[0][0]) != "t" {
			return reply.Advise(errors.New(c.problem), c.hint)
		}
	}
	return nil
}

// check is a condition in SQL, and what is wrong where it does not hold.
type check struct{ sql, problem, hint string }

// checks returns what must hold for tables that are up to date, older, or not there at all.
func checks(current, there bool) []check {
	all := []check{{
		"current_setting('transaction_read_only') = 'off'",
		"the server takes no writes", hints["25006"],
	}}
	if !current {
		all = append(all, check{
			"current_schema() IS NOT NULL", "there is no schema to make tables in", hints["3F000"],
		}, check{
			"has_schema_privilege(current_schema(), 'CREATE')", "the user may not create tables in the schema",
			"GRANT CREATE, USAGE ON SCHEMA to the user, or let another user make the tables first",
		})
	}
	if there {
		for _, t := range itemTables {
			all = append(all, mayWrite(t.name, "SELECT", "INSERT"))
		}
		for _, t := range referenceTables {
			all = append(all, mayWrite(t.name, "SELECT", "INSERT", "UPDATE"))
		}
	}
	return append(all, check{
		"has_database_privilege(current_database(), 'TEMPORARY')",
		"the user may make no temporary tables, by which rows that are there already are told from new ones",
		"GRANT TEMPORARY ON DATABASE to the user",
	})
}

// mayWrite is the condition that the user has all of these privileges on a table.
func mayWrite(table string, privileges ...string) check {
	conditions := make([]string, len(privileges))
	for i, privilege := range privileges {
		conditions[i] = fmt.Sprintf("has_table_privilege('%s', '%s')", table, privilege)
	}
	return check{strings.Join(conditions, " AND "), "the user may not write to the table " + table, hints["42501"]}
}
