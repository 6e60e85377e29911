package registry

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// Choice is which instances of a service are wanted. The zero value wants all.
type Choice struct {
	// Tags are those that an instance must have, all of them.
	Tags []string
	// Zone is where it must be; empty is anywhere.
	Zone string
}

// Choice returns what the URL wants.
func (t Target) Choice() Choice {
	return Choice{Tags: t.Query[paramTag], Zone: t.Query.Get(paramZone)}
}

func (c Choice) wants(i resolve.Instance) bool {
	for _, tag := range c.Tags {
		if !slices.Contains(i.Tags, tag) {
			return false
		}
	}
	return c.Zone == "" || c.Zone == i.Zone
}

// choose returns the instances that are wanted, in the order of their IDs, with each ID and address once. Those are left out that
// nobody could connect to, as their address is none.
func (c Choice) choose(all []resolve.Instance) []resolve.Instance {
	var chosen []resolve.Instance
	for _, i := range all {
		if _, err := Addr(i.Addr, ""); err == nil && c.wants(i) {
			chosen = append(chosen, i)
		}
	}
	slices.SortFunc(chosen, func(a, b resolve.Instance) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Addr, b.Addr))
	})
	chosen = distinct(chosen)
	slices.SortFunc(chosen, func(a, b resolve.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return chosen
}

// distinct leaves out repetitions, and makes IDs differ that two registrars have given to different instances. An address that
// stands under two IDs stays with the first: it is one instance that has been registered again.
func distinct(sorted []resolve.Instance) []resolve.Instance {
	ids, addrs := make(map[string]bool, len(sorted)), make(map[string]bool, len(sorted))
	kept := sorted[:0]
	for _, i := range sorted {
		if addrs[i.Addr] {
			continue
		}
		if ids[i.ID] {
			i.ID += "@" + i.Addr
		}
		ids[i.ID], addrs[i.Addr] = true, true
		kept = append(kept, i)
	}
	return kept
}

func same(a, b []resolve.Instance) bool {
	return slices.EqualFunc(a, b, func(a, b resolve.Instance) bool { return reflect.DeepEqual(a, b) })
}
