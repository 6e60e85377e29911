package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// verdict counts the items that a database refuses, by reason.
type verdict struct {
	reasons []reason
}

type reason struct {
	code, text string // the first text of those with this SQLSTATE
	items      int64
}

func (v *verdict) refuse(why *pgconn.PgError) {
	for i := range v.reasons {
		if v.reasons[i].code == why.Code {
			v.reasons[i].items++
			return
		}
	}
	v.reasons = append(v.reasons, reason{why.Code, describeOne(why), 1})
}

// partial returns what the pipeline is told.
func (v *verdict) partial(sig wire.Signal, t *target) pipeline.Partial {
	if len(v.reasons) == 0 {
		return pipeline.Partial{}
	}
	var p pipeline.Partial
	var texts []string
	for _, r := range v.reasons {
		p.Rejected += r.items
		texts = append(texts, fmt.Sprintf("%d for %s", r.items, t.shown.Line(r.text)))
	}
	p.Message = fmt.Sprintf("%s: %d %s refused: %s", t.name, p.Rejected, sig.ItemNoun(), strings.Join(texts, "; "))
	return p
}
