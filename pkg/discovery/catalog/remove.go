package catalog

import (
	"context"
	"fmt"
)

// Removed is what has become of a registration that was to be removed. The names of its fields are API.
type Removed struct {
	Entry

	Done bool `json:"done"`
	// Why is why it is still there; Next is what to do.
	Why  string `json:"why,omitempty"`
	Next string `json:"next,omitempty"`
}

// Remove removes registrations that nobody is behind, each at the agent that has it, or out of the catalog if that agent is gone. One
// that has changed since it was read stays, and so does one that another agent has which lives: it would put the registration back.
func (c *Catalog) Remove(ctx context.Context, zombies []Instance) ([]Removed, error) {
	now := map[string]Instance{}
	read := map[string]bool{}
	for _, z := range zombies {
		if read[z.Service] {
			continue
		}
		read[z.Service] = true
		all, err := c.Instances(ctx, z.Service)
		if err != nil {
			return nil, err
		}
		for _, i := range all {
			now[i.key()] = i
		}
	}
	own := c.own(ctx)
	var all []Removed
	for _, z := range zombies {
		r := Removed{Entry: Entry{ID: z.ID, Service: z.Service, Node: z.Node, Addr: z.Addr}}
		found, there := now[z.key()]
		switch {
		case !there:
			r.Done = true
		case found.changed != z.changed, found.Status != z.Status:
			r.Why, r.Next = "it has changed meanwhile", "look again: otlpctl consul doctor "+z.Service
		case own(z), z.abandoned():
			if err := c.removeOne(ctx, r.Entry, own(z)); err != nil {
				return append(all, r), fmt.Errorf("deregister %s: %w", z.ID, err)
			}
			r.Done = true
		default:
			r.Why, r.Next = "the agent of "+z.Node+" would register it again", removal(z)
		}
		all = append(all, r)
	}
	return all, nil
}

func (c *Catalog) removeOne(ctx context.Context, e Entry, own bool) error {
	if own {
		e.Node = ""
	}
	return c.Deregister(ctx, e)
}

// Cases makes cases of instances that have not been asked yet.
func (c *Catalog) Cases(ctx context.Context, all []Instance) []Case {
	here := func(Instance) bool { return false }
	if c.agent.OnThisMachine {
		here = c.own(ctx)
	}
	cases := make([]Case, len(all))
	for n, i := range all {
		cases[n] = Case{Instance: i, Here: here(i)}
	}
	return cases
}
