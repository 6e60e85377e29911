package sqlite

import (
	"fmt"
	"maps"
	"slices"

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
	text := fmt.Sprintf("the database refused %d %s:", r.rows, sig.ItemNoun())
	separator := " "
	for _, code := range slices.Sorted(maps.Keys(r.reasons)) {
		text += fmt.Sprintf("%s%d for %s", separator, r.reasons[code], code.Message())
		separator = ", "
	}
	return pipeline.Partial{Rejected: r.rows, Message: text}
}
