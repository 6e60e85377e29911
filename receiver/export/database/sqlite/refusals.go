package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// refusals counts the rows of a batch that SQLite did not take, by its reason.
type refusals struct {
	rows    int64
	reasons map[sqlite.ResultCode]int64
}

// unless counts an error that is one row's, and returns any other.
func (r *refusals) unless(err error) error {
	if err == nil || !ofRow(err) {
		return err
	}
	if r.reasons == nil {
		r.reasons = map[sqlite.ResultCode]int64{}
	}
	r.rows++
	r.reasons[sqlite.ErrCode(err)]++
	return nil
}

// partial says so of a batch.
func (r *refusals) partial(sig wire.Signal) pipeline.Partial {
	if r.rows == 0 {
		return pipeline.Partial{}
	}
	var reasons []string
	for _, code := range slices.Sorted(maps.Keys(r.reasons)) {
		reasons = append(reasons, fmt.Sprintf("%d for %s", r.reasons[code], code.Message()))
	}
	return pipeline.Partial{Rejected: r.rows, Message: "the database refused " + sig.ItemNoun() + ": " + strings.Join(reasons, ", ")}
}
