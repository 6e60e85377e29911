package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// follower tells how following a database goes.
type follower struct{ streams term.Streams }

// outage says that the database is away, and that it is back.
func (f follower) outage(err error) {
	e := f.streams.Err
	if err == nil {
		_, _ = fmt.Fprintln(e, e.Paint(term.OK, "note:"), "the database answers again")
		return
	}
	_, _ = fmt.Fprintln(e, e.Paint(term.Warn, "warning:"), "the database does not answer, and is asked again:", e.Printable(err.Error()))
	for _, hint := range hints(err) {
		printHint(e, hint)
	}
}

// ended is the outcome of following.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return reported{coded{ctx.Err(), exitInterrupted}} // whoever ends it this way needs not be told
	}
	return err
}

// documents writes OTLP/JSON. Of those that follow each other, each JSON document is a line.
type documents struct {
	out    *term.Output
	format output.Format
	follow bool
}

func (d documents) write(document []byte) error {
	switch {
	case d.follow && d.format == output.JSON:
		_, err := d.out.Write(output.Shown(d.out, append(document, '\n')))
		return err
	case d.follow:
		if _, err := d.out.Write([]byte("---\n")); err != nil {
			return err
		}
	}
	return d.format.Write(d.out, json.RawMessage(document), nil)
}

// noteNothing says on standard error that nothing matches.
func noteNothing(s term.Streams, o *queryOptions, noun string) {
	recent := !o.until.given() && o.since.at.IsZero()
	text := "there are no "
	if o.narrowed || !recent {
		text += "such "
	}
	text += noun
	if recent {
		text += " of the last " + cmp.Or(o.since.text, "hour") + "; --since looks further back"
	}
	if recent && o.embedded && !o.narrowed {
		text += ", and otlpctl send sends some"
	}
	_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "note:"), text)
}

// noteLimit says on standard error, after so many of noun, that there may be more than the limit that nobody has asked
// for: who sends them on would lack the rest.
func noteLimit(s term.Streams, o *queryOptions, shown int, noun string) {
	if o.limited || shown < o.limit {
		return
	}
	note(s.Err, "%s these are the newest %d %s, and there may be more: --limit shows them", s.Err.Paint(term.Warn, "note:"), o.limit, noun)
}

// withStore opens the database of a query, and closes it when it has been asked.
func withStore(ctx context.Context, o *queryOptions, ask func(*store.Store) error) error {
	db, err := o.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(ask(db), db.Close())
}
