package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// duplicates finds IDs that several agents have, and addresses that several IDs have, of one service. The newest of each is right.
func (j *judge) duplicates(all []Case) {
	j.repeated(all, func(i Instance) string { return i.ID }, func(old, newest Instance) {
		j.add(SeverityWarning, KindDuplicateID, old, fmt.Sprintf("the node %s has the same ID for %s, which is newer", newest.Node, newest.Addr),
			"give each instance an ID of its own, or deregister the one that is no more")
	})
	j.repeated(j.right(all), func(i Instance) string { return i.Addr }, func(old, newest Instance) {
		if old.ID == newest.ID {
			return // said already
		}
		j.add(SeverityWarning, KindDuplicateAddress, old, fmt.Sprintf("%s has the same address, and is newer: some clients send there twice as much", newest.ID), removal(old))
	})
}

// right returns the instances whose address and port are not wrong in themselves.
func (j *judge) right(all []Case) []Case {
	wrong := map[string]bool{}
	for _, f := range j.findings {
		if f.Severity == SeverityError && (f.Kind == KindWrongAddress || f.Kind == KindWrongPort) {
			wrong[f.instance.key()] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c Case) bool { return wrong[c.Instance.key()] })
}

// repeated calls found for each instance that shares a feature with a newer one of its service.
func (j *judge) repeated(all []Case, feature func(Instance) string, found func(old, newest Instance)) {
	groups := map[string][]Instance{}
	for _, c := range all {
		k := c.Instance.Service + "\x00" + feature(c.Instance)
		groups[k] = append(groups[k], c.Instance)
	}
	for _, k := range slices.Sorted(maps.Keys(groups)) {
		group := groups[k]
		slices.SortFunc(group, func(a, b Instance) int {
			return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(a.key(), b.key()))
		})
		for _, old := range group[1:] {
			found(old, group[0])
		}
	}
}

// stale finds instances that differ from most of their service. Versions do so also if no half of them is the same: the newest instance
// is right then. Configurations do not, for they may be meant to differ from each other.
func (j *judge) stale(all []Case) {
	said := map[string]bool{}
	for _, f := range j.findings {
		said[string(f.Kind)+f.instance.key()] = true
	}
	differs := func(kind Kind, noun string, split bool, feature func(Instance) string) {
		common := mostCommon(all, feature)
		for _, c := range all {
			i := c.Instance
			most := common[i.Service]
			if own := feature(i); (split || most.is()) && own != "" && own != most.value && !said[string(kind)+i.key()] {
				j.add(SeverityWarning, kind, i, fmt.Sprintf("has the %s %s, while %s", noun, own, most),
					"wait for a rollout that is under way, or replace it")
			}
		}
	}
	differs(KindStaleVersion, "version", true, func(i Instance) string { return i.Version })
	differs(KindStaleConfig, "configuration", false, func(i Instance) string { return i.ConfigHash })
}

// majority is the value that more than half of the instances have or, if there is none, that the newest has.
type majority struct {
	value     string
	count, of int
	newest    uint64 // when the newest instance with the value was made
}

func (m majority) is() bool { return 2*m.count > m.of }

// String says who has the value.
func (m majority) String() string {
	if m.is() {
		return fmt.Sprintf("%d of %d have %s", m.count, m.of, m.value)
	}
	return "the newest instance has " + m.value
}

// mostCommon returns it for each service. Instances without a value do not count.
func mostCommon(all []Case, feature func(Instance) string) map[string]majority {
	counts := map[string]map[string]majority{}
	of := map[string]int{}
	for _, c := range all {
		value, service := feature(c.Instance), c.Instance.Service
		if value == "" {
			continue
		}
		if counts[service] == nil {
			counts[service] = map[string]majority{}
		}
		m := counts[service][value]
		counts[service][value] = majority{value: value, count: m.count + 1, newest: max(m.newest, c.Instance.created)}
		of[service]++
	}
	most := map[string]majority{}
	for service, values := range counts {
		for _, value := range slices.Sorted(maps.Keys(values)) {
			m := values[value]
			m.of = of[service]
			if best, found := most[service]; !found || m.is() || !best.is() && m.newest >= best.newest {
				most[service] = m
			}
		}
	}
	return most
}
