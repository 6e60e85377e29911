package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Record is what the cluster remembers of a deployment. In JSON it is API.
type Record struct {
	// Revision is the one that is deployed; nil if none is kept.
	Revision *Revision `json:"revision"`
	// Mode is how pods get their configuration: versioned or live.
	Mode string `json:"config_mode,omitempty"`
	// Unfinished says that something else has been begun since, and was cut off, or goes on.
	Unfinished bool `json:"unfinished"`
	// Objects are those that otlpctl has made, in the order in which they are applied, those aside that only
	// earlier revisions need.
	Objects []RecordedObject `json:"objects"`
}

// RecordedObject is an object that otlpctl has made, as it is now. In JSON it is API.
type RecordedObject struct {
	Ref
	// State is whether it is there.
	State   ObjectState `json:"state"`
	Created *time.Time  `json:"created,omitempty"`
	// ChangedBy are others who have set fields since.
	ChangedBy []Changer `json:"changed_by,omitempty"`
}

// ObjectState is whether an object is there. In JSON it is API.
type ObjectState string

// The states of an object.
const (
	Present  ObjectState = "there"
	Absent   ObjectState = "missing"
	Deleting ObjectState = "being deleted"
	// Hidden objects may not be read by who asks.
	Hidden ObjectState = "hidden"
)

// Changer is somebody who has set fields of an object. In JSON it is API.
type Changer struct {
	Manager string     `json:"manager"`
	Time    *time.Time `json:"time,omitempty"`
}

// Record returns what there is of a deployment. It is empty if otlpctl has deployed nothing.
func (c *Client) Record(ctx context.Context, t Target) (*Record, error) {
	in, revisions, err := c.remembered(ctx, t)
	if err != nil {
		return nil, err
	}
	r := &Record{Objects: []RecordedObject{}}
	set := Set{Target: t}
	if h := historyOf(t, in, revisions); len(revisions) > 0 {
		r.Unfinished = h.Unfinished
		if deployed, err := h.Find(h.Current); err == nil {
			r.Revision, set = &deployed, deployed.Set(t)
			r.Mode = configMode(set)
		}
	}
	refs := in.shown(set)
	r.Objects = make([]RecordedObject, len(refs))
	return r, together(refs, func(i int, ref Ref) error {
		now, err := c.read(ctx, ref)
		r.Objects[i] = recorded(ref, now)
		if isForbidden(err) { // the others are worth telling
			r.Objects[i].State = Hidden
			return nil
		}
		return err
	})
}

// IsEmpty reports whether otlpctl has deployed nothing.
func (r *Record) IsEmpty() bool { return r.Revision == nil && len(r.Objects) == 0 }

func configMode(s Set) string {
	if s.LiveHash() != "" {
		return "live"
	}
	return "versioned"
}

// shown returns the objects of the inventory that belong to a set, or that may not be there for others only.
func (in inventory) shown(s Set) []Ref {
	var refs []Ref
	for _, e := range in.Objects {
		if !e.Versioned || s.has(e.Ref) {
			refs = append(refs, e.Ref)
		}
	}
	return refs
}

func recorded(r Ref, now *unstructured.Unstructured) RecordedObject {
	o := RecordedObject{Ref: r, State: Present}
	switch {
	case now == nil:
		o.State = Absent
		return o
	case now.GetDeletionTimestamp() != nil:
		o.State = Deleting
	}
	o.Created, o.ChangedBy = new(now.GetCreationTimestamp().UTC()), changers(now)
	return o
}

// changers returns who has set fields but otlpctl and the controllers of the cluster, the latest last.
func changers(u *unstructured.Unstructured) []Changer {
	var found []Changer
	for _, entry := range u.GetManagedFields() {
		ours := entry.Manager == FieldManager || strings.HasPrefix(entry.Manager, FieldManager+"-")
		if ours || entry.Manager == autoscalerManager || entry.Subresource == "status" {
			continue
		}
		found = append(found, Changer{entry.Manager, changedAt(entry)})
	}
	slices.SortStableFunc(found, func(a, b Changer) int {
		if a.Time == nil || b.Time == nil {
			return 0
		}
		return a.Time.Compare(*b.Time)
	})
	return found
}

func changedAt(entry metav1.ManagedFieldsEntry) *time.Time {
	if entry.Time == nil {
		return nil
	}
	return new(entry.Time.UTC())
}

// NoDeployment is the error of who needs a Deployment, whoever has made it, that is not there.
func NoDeployment(t Target) error {
	return hinted.New(fmt.Errorf("there is no %s in %s", t.deployment(), t.Namespace), "-n and --name say which deployment is meant")
}

// NothingDeployed is the error of who asks about a deployment that is not there.
func NothingDeployed(t Target) error {
	return hinted.New(fmt.Errorf("nothing is deployed as %s", t), "-n and --name say which deployment is meant; otlpctl deploy k8s makes one")
}
