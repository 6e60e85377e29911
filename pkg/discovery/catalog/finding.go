package catalog

import (
	"cmp"
	"slices"
)

// Severity is how bad a finding is. The names are API.
type Severity string

// The severities: clients fail, or will, or what could not be found out.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityNote    Severity = "note"
)

// Kind is what kind of fault a finding is. The names are API.
type Kind string

// The kinds of faults.
const (
	// KindZombie is a registration that nobody is behind any more.
	KindZombie Kind = "zombie"
	// KindUnreachable is one whose checks pass, but whom nobody reaches from here.
	KindUnreachable Kind = "unreachable"
	// KindWrongAddress is one with an address that clients cannot use, or that is another's.
	KindWrongAddress Kind = "wrong_address"
	// KindWrongPort is one at whose port something else answers.
	KindWrongPort Kind = "wrong_port"
	// KindDuplicateID and KindDuplicateAddress are one instance that is registered twice, or two under one name.
	KindDuplicateID      Kind = "duplicate_id"
	KindDuplicateAddress Kind = "duplicate_address"
	// KindStaleVersion and KindStaleConfig are one that runs something else than the others, or than its registration says.
	KindStaleVersion Kind = "stale_version"
	KindStaleConfig  Kind = "stale_config"
	// KindExportFails is one whose checks pass, while it takes no telemetry.
	KindExportFails Kind = "export_fails"
	// KindCheckFails is one that takes telemetry, while its checks do not pass.
	KindCheckFails Kind = "check_fails"
	// KindUnhealthy is one that says itself that it is not well, or whose checks and exports fail.
	KindUnhealthy Kind = "unhealthy"
	// KindUntrusted and KindUnjudged are those of whom no more could be found out: without trust, or without credentials.
	KindUntrusted Kind = "untrusted"
	KindUnjudged  Kind = "unjudged"
)

// Finding is a fault of a registration. The names of its fields are API.
type Finding struct {
	Severity Severity `json:"severity"`
	Kind     Kind     `json:"kind"`
	Service  string   `json:"service"`
	ID       string   `json:"id"`
	Node     string   `json:"node"`
	Addr     string   `json:"addr"`
	// What is wrong, and what to do next.
	What string `json:"what"`
	Next string `json:"next"`

	instance Instance
}

// Zombies returns the instances that nobody is behind any more.
func Zombies(findings []Finding) []Instance {
	var all []Instance
	for _, f := range findings {
		if f.Kind == KindZombie {
			all = append(all, f.instance)
		}
	}
	return all
}

// sortFindings puts the worst first, and what belongs together beside each other.
func sortFindings(all []Finding) {
	rank := map[Severity]int{SeverityError: 0, SeverityWarning: 1, SeverityNote: 2}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.ID, b.ID), cmp.Compare(a.Node, b.Node),
		)
	})
}
