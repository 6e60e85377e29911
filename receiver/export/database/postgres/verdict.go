package postgres

import (
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/receiver/export/database/internal/refusal"
)

// verdict counts the items that a database refuses, by SQLSTATE.
type verdict struct {
	refusal.Tally

	target *target
}

func (v *verdict) refuse(why *pgconn.PgError) {
	v.Add(reasonOf(why), why.Code, v.target.shown.Line(describeOne(why)))
}
