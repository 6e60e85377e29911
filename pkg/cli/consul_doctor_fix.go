package cli

import (
	"context"
	"fmt"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// fix deregisters zombies once that is confirmed. They have been shown, unless the report is a document.
func (d *diagnosis) fix(ctx context.Context, s term.Streams, c *catalog.Catalog, o consulDoctorOptions) error {
	zombies := catalog.Zombies(d.Findings)
	if len(zombies) == 0 {
		_, _ = fmt.Fprintln(s.Err, "there is nothing to deregister")
		return nil
	}
	if !o.yes {
		if err := confirm(ctx, s, fmt.Sprintf("deregister %s: %s? [y/N]", counted(len(zombies), "zombie"), instanceNames(zombies))); err != nil {
			return err
		}
	}
	var err error
	d.Removed, err = c.Remove(ctx, zombies)
	if o.format == output.Table {
		if shown := d.printRemoved(s); err == nil {
			err = shown
		}
	}
	return err
}

func instanceNames(all []catalog.Instance) string {
	entries := make([]catalog.Entry, len(all))
	for n, i := range all {
		entries[n] = catalog.Entry{ID: i.ID, Service: i.Service, Node: i.Node, Addr: i.Addr}
	}
	return entryNames(entries)
}

// printRemoved says what has become of the zombies.
func (d *diagnosis) printRemoved(s term.Streams) error {
	format := output.Table
	return format.Write(s.Out, nil, func(r *output.Rows) {
		for _, one := range d.Removed {
			if one.Done {
				r.Add(actionDeregistered, one.Service, one.ID, one.Node, one.Addr)
			} else if one.Why != "" {
				r.Add(actionKept, one.Service, one.ID, one.Node, one.Addr, one.Why, one.Next)
			}
		}
	})
}
