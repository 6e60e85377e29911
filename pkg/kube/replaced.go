package kube

import (
	"context"
	"slices"
	"strings"
)

// findReplaced compares a new object of those that never change with the one that it takes the place of,
// which is what the deployment has now: otherwise nobody would see what is new in a configuration.
func (c *Client) findReplaced(ctx context.Context, p *Plan) error {
	words := map[string]bool{}
	for _, change := range p.Changes {
		if change.same(p.deployment()) && change.now != nil {
			collectWords(words, change.now.Object["spec"])
		}
	}
	for i, change := range p.Changes {
		if change.Action != Created || !isVersioned(change.then) {
			continue
		}
		at := slices.IndexFunc(p.inventory.Objects, func(e entry) bool {
			return e.Versioned && e.Kind == change.Kind && words[e.Name] && !p.set.has(e.Ref)
		})
		if at < 0 {
			continue
		}
		before := p.inventory.Objects[at].Ref
		now, err := c.read(ctx, before)
		if err != nil {
			return err
		}
		if now != nil {
			p.Changes[i].Replaces = before.Name
			p.Changes[i].Differences = ofData(differences(now, change.then))
		}
	}
	return nil
}

// ofData leaves out what differs because the name does, and what others have noted on the object.
func ofData(all []Difference) []Difference {
	return slices.DeleteFunc(all, func(d Difference) bool { return !strings.HasPrefix(d.Path, "data") })
}
