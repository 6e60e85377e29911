// Package refusal counts what a database does not take of a batch.
package refusal

import (
	"fmt"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Tally counts refused items by the code of the reason. The zero value is ready.
type Tally struct{ reasons []reason }

type reason struct {
	code, text string
	why        pipeline.Refusal
	items      int64
}

// Add counts one item. Of those with the same code, the first text stands for all.
func (t *Tally) Add(why pipeline.Refusal, code, text string) {
	for i := range t.reasons {
		if t.reasons[i].code == code {
			t.reasons[i].items++
			return
		}
	}
	t.reasons = append(t.reasons, reason{code, text, why, 1})
}

// Partial returns what the pipeline is told of the batch; who refused is the name of the database.
func (t *Tally) Partial(sig wire.Signal, who string) pipeline.Partial {
	if len(t.reasons) == 0 {
		return pipeline.Partial{}
	}
	var p pipeline.Partial
	var texts []string
	for _, r := range t.reasons {
		p.Rejected += r.items
		p.Reasons[r.why] += r.items
		texts = append(texts, fmt.Sprintf("%d for %s", r.items, r.text))
	}
	noun := strings.ReplaceAll(sig.ItemNoun(), "_", " ")
	if p.Rejected == 1 {
		noun = strings.TrimSuffix(noun, "s")
	}
	p.Message = fmt.Sprintf("%s: %d %s refused: %s", who, p.Rejected, noun, strings.Join(texts, "; "))
	return p
}
