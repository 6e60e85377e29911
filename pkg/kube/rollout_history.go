package kube

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// History is what has been deployed under one name, as far as it is kept. In JSON it is API.
type History struct {
	Target
	// Current is the revision that was applied last.
	Current int `json:"revision"`
	// Entries are the revisions, the latest last.
	Entries []HistoryEntry `json:"revisions"`
	// Outside is what somebody else has rolled out, the latest last.
	Outside []Outside `json:"outside"`
	// Unfinished says that something else has been begun since, and was cut off.
	Unfinished bool `json:"unfinished"`

	inventory inventory
}

// HistoryEntry is a revision among others.
type HistoryEntry struct {
	Revision

	IsCurrent bool `json:"current"`
	// Changes are against the revision before; nil if that is not kept.
	Changes []Change `json:"changes"`
}

// History returns what is kept. That there is nothing is an error.
func (c *Client) History(ctx context.Context, t Target) (*History, error) {
	in, revisions, err := c.remembered(ctx, t)
	if err != nil {
		return nil, err
	}
	if len(revisions) == 0 {
		return nil, hinted.New(fmt.Errorf("%s has no revisions: otlpctl has deployed nothing there", t), "-n and --name say which deployment is meant")
	}
	h := historyOf(t, in, revisions)
	h.Outside, err = c.outside(ctx, t, revisions)
	return h, err
}

func historyOf(t Target, in inventory, revisions []Revision) *History {
	h := &History{Target: t, Current: in.Revision, Unfinished: in.Digest == "", inventory: in}
	if h.Current == 0 && len(revisions) > 0 { // somebody has deleted the inventory
		h.Current = revisions[len(revisions)-1].Number
	}
	for i, r := range revisions {
		entry := HistoryEntry{Revision: r, IsCurrent: r.Number == h.Current}
		if i > 0 {
			entry.Changes = changesBetween(revisions[i-1], r)
		}
		h.Entries = append(h.Entries, entry)
	}
	return h
}

// Find returns a revision that is kept.
func (h *History) Find(number int) (Revision, error) {
	for _, e := range h.Entries {
		if e.Number == number {
			return e.Revision, nil
		}
	}
	return Revision{}, hinted.New(fmt.Errorf("revision %d of %s is not kept", number, h.Target), "kept are "+h.numbers())
}

func (h *History) numbers() string {
	all := make([]string, len(h.Entries))
	for i, e := range h.Entries {
		all[i] = strconv.Itoa(e.Number)
	}
	return strings.Join(all, ", ")
}

// Previous returns the latest revision before the current one that is something else, and was not given up. After a
// deployment or an undo that was cut off it is that which is Complete.
func (h *History) Previous() (Revision, error) {
	current, err := h.Complete()
	if err != nil || h.Unfinished {
		return current, err
	}
	digest, err := current.Set(h.Target).digest()
	if err != nil {
		return Revision{}, err
	}
	for _, e := range slices.Backward(h.Entries) {
		if e.Number >= h.Current || h.isGivenUp(e.Number) {
			continue
		}
		if other, err := e.Set(h.Target).digest(); err != nil || other != digest {
			return e.Revision, err
		}
	}
	hint := "otlpctl deploy k8s makes a revision"
	if failed := current.GaveUp; failed != 0 {
		hint = fmt.Sprintf("revision %[1]d failed: --to-revision %[1]d applies it all the same", failed)
	}
	return Revision{}, hinted.New(fmt.Errorf("there is nothing to go back to: no other revision of %s is kept from before %d", h.Target, h.Current), hint)
}

// isGivenUp reports whether a revision failed, and the one before it was applied again without being asked for.
func (h *History) isGivenUp(number int) bool {
	return slices.ContainsFunc(h.Entries, func(e HistoryEntry) bool { return e.GaveUp == number })
}

// Against returns what the records say would change if a revision took the place of the current one.
func (h *History) Against(r Revision) ([]Change, error) {
	current, err := h.Find(h.Current)
	if err != nil {
		return nil, err
	}
	return changesBetween(current, r), nil
}

// Unrestored returns the Secrets that pods of a revision have, and that going back to it leaves with
// what is in them now: those that somebody else has made, and those that change in place.
func (h *History) Unrestored(r Revision) []Ref {
	var found []Ref
	for _, name := range secretsOf(r.Set(h.Target)) {
		ref := Ref{"v1", secretKind, h.Namespace, name}
		if i := h.inventory.find(ref); i < 0 || !h.inventory.Objects[i].Versioned {
			found = append(found, ref)
		}
	}
	return found
}

// secretsOf returns the names of the Secrets that the pods of a set have.
func secretsOf(s Set) []string {
	names := map[string]bool{}
	for _, u := range s.Objects {
		if refOf(u).same(s.deployment()) {
			pod, _, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "template", "spec")
			collectSecrets(names, pod)
		}
	}
	var all []string
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// collectSecrets finds the names of Secrets in the specification of a pod, whatever refers to them.
func collectSecrets(names map[string]bool, value any) {
	switch value := value.(type) {
	case map[string]any:
		if name, ok := value["secretName"].(string); ok {
			names[name] = true
		}
		for key, field := range value {
			inner, _ := field.(map[string]any)
			if name, ok := inner["name"].(string); ok && slices.Contains([]string{"secret", "secretRef", "secretKeyRef"}, key) {
				names[name] = true
			}
			collectSecrets(names, field)
		}
	case []any:
		for _, element := range value {
			collectSecrets(names, element)
		}
	}
}

// Revision returns the number of the revision that was applied last; 0 is none.
func (c *Client) Revision(ctx context.Context, t Target) (int, error) {
	in, err := c.readInventory(ctx, t)
	return in.Revision, err
}
