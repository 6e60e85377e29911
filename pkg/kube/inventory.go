package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// inventory is what otlpctl has made under one name. It is in the cluster, and there before the
// first of the objects.
type inventory struct {
	Format int `json:"format"`
	// Revision is the number of the last revision; 0 is none.
	Revision int `json:"revision"`
	// Digest is that of the set which was applied last; empty while one is being applied.
	Digest string `json:"digest,omitempty"`
	// Restores is the revision that is being applied again, while it is; 0 is none.
	Restores int     `json:"restores,omitempty"`
	Objects  []entry `json:"objects"`
}

// entry is an object in the inventory.
type entry struct {
	Ref
	// Versioned says that an earlier revision may need the object.
	Versioned bool `json:"versioned,omitempty"`
	// Adopted says that somebody else has made the object.
	Adopted bool `json:"adopted,omitempty"`
}

const (
	inventoryFormat = 1
	inventoryKey    = "inventory.json"
	recordLabel     = "otlpctl.io/record"
	instanceLabel   = "app.kubernetes.io/instance"
)

func (t Target) inventory() Ref { return t.configMap(t.Name + "-inventory") }

// record returns a ConfigMap in which otlpctl remembers something.
func (t Target) record(r Ref, kind string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": r.APIVersion, "kind": r.Kind}}
	u.SetName(r.Name)
	u.SetNamespace(r.Namespace)
	u.SetLabels(map[string]string{recordLabel: kind, instanceLabel: t.Name, "app.kubernetes.io/managed-by": FieldManager})
	return u
}

// readInventory returns the inventory. One that is not there is empty.
func (c *Client) readInventory(ctx context.Context, t Target) (inventory, error) {
	found, err := c.read(ctx, t.inventory())
	if err != nil || found == nil {
		return inventory{}, err
	}
	text, _, _ := unstructured.NestedString(found.Object, "data", inventoryKey)
	in, err := decodeInventory(t, text)
	if err != nil {
		return in, hinted.New(fmt.Errorf("%s in %s: %w", t.inventory(), t.Namespace, err), "a newer otlpctl may have written it; otherwise delete it, and deploy again")
	}
	return in, nil
}

// decodeInventory reads what writeInventory has written.
func decodeInventory(t Target, text string) (inventory, error) {
	var in inventory
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return inventory{}, fmt.Errorf("is no inventory: %w", err)
	}
	if in.Format != inventoryFormat {
		return inventory{}, fmt.Errorf("has the format %d, and %d is known", in.Format, inventoryFormat)
	}
	if i := slices.IndexFunc(in.Objects, func(e entry) bool { return !t.owns(e.Ref) }); i >= 0 {
		return inventory{}, fmt.Errorf("names in its entry %d what is no object of %s: %q", i, t.Namespace, in.Objects[i].String())
	}
	return in, nil
}

func (c *Client) writeInventory(ctx context.Context, t Target, in inventory) error {
	in.Format = inventoryFormat
	text, err := json.MarshalIndent(in, "", " ")
	if err != nil {
		return err
	}
	u := t.record(t.inventory(), "inventory")
	u.Object["data"] = map[string]any{inventoryKey: string(text)}
	_, err = c.apply(ctx, u, writing{manager: FieldManager, force: true})
	return err
}

// with returns the inventory while a set is being applied: what is left of before, and then all that
// will be, in the order in which it is applied.
func (in inventory) with(s Set) inventory {
	left := in.left(s)
	slices.Reverse(left)
	return inventory{Revision: in.Revision, Restores: s.Restores, Objects: append(left, s.entries(in)...)}
}

// recorded returns the inventory while the plan is carried out.
func (p *Plan) recorded() inventory {
	all := p.inventory.with(p.set)
	for i, e := range all.Objects {
		if known := p.inventory.find(e.Ref); known >= 0 {
			all.Objects[i].Adopted = p.inventory.Objects[known].Adopted
			continue
		}
		all.Objects[i].Adopted = !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.same(e.Ref) && c.Action == Created })
	}
	return all
}

// find returns where an object is in the inventory, or -1.
func (in inventory) find(r Ref) int {
	return slices.IndexFunc(in.Objects, func(e entry) bool { return e.same(r) })
}

// entries returns the objects of the set as the inventory has them. Of those that are kept, it knows more
// than the set.
func (s Set) entries(known inventory) []entry {
	var all []entry
	for _, r := range s.Kept {
		e := entry{Ref: r}
		if i := known.find(r); i >= 0 {
			e = known.Objects[i]
		}
		all = append(all, e)
	}
	for _, u := range s.Objects {
		all = append(all, entry{Ref: refOf(u), Versioned: isVersioned(u)})
	}
	return all
}

// left returns what is in the inventory and not in the set, the last first: what refers to others
// goes before them.
func (in inventory) left(s Set) []entry {
	left := slices.DeleteFunc(slices.Clone(in.Objects), func(e entry) bool { return s.has(e.Ref) })
	slices.Reverse(left)
	return left
}

// without returns the inventory after objects have gone.
func (in inventory) without(gone []Ref) inventory {
	in.Objects = slices.DeleteFunc(slices.Clone(in.Objects), func(e entry) bool { return slices.ContainsFunc(gone, e.same) })
	return in
}
