package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Holds reports of each of these items of a signal whether it is there. In a database that nothing has been written to,
// none is.
func (s *Store) Holds(ctx context.Context, sig wire.Signal, items []row.PrimaryKey) ([]bool, error) {
	table, err := tableOf(sig)
	if err != nil {
		return nil, err
	}
	found := make(map[row.ID]bool, len(items))
	for some := range slices.Chunk(items, chunk) {
		q := from(s.db, "SELECT key FROM "+table)
		q.and(s.db.keys(q, some))
		err := s.run(ctx, q, func(c columns) error {
			found[(&scan{columns: c}).id()] = true
			return nil
		})
		if err != nil && !errors.Is(err, ErrNothing) {
			return nil, err
		}
	}
	there := make([]bool, len(items))
	for i, item := range items {
		there[i] = found[item.Key]
	}
	return there, nil
}

// tableOf returns the table of a signal's items.
func tableOf(sig wire.Signal) (string, error) {
	switch sig {
	case wire.Traces:
		return "otlp_spans", nil
	case wire.Metrics:
		return "otlp_points", nil
	case wire.Logs:
		return "otlp_logs", nil
	default:
		return "", fmt.Errorf("%s have no table", sig)
	}
}
