package kube

import (
	"fmt"
	"slices"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/manifest"
)

// Complete returns the revision that is deployed. After a deployment that was cut off it is the one before,
// which was the last to be complete; after an undo that was cut off it is the one that was to be restored.
func (h *History) Complete() (Revision, error) {
	if h.Unfinished && h.inventory.Restores != 0 {
		return h.Find(h.inventory.Restores)
	}
	return h.Find(h.Current)
}

// WithImage returns what has to be applied for the revision to run another image. What rendering derives from
// an image follows; all else is as it was.
func (r Revision) WithImage(t Target, image string) (Set, error) {
	set := r.Set(t)
	set.Restores = 0
	set.Objects = slices.Clone(set.Objects)
	for i, u := range set.Objects {
		if !refOf(u).same(t.deployment()) {
			continue
		}
		changed := u.DeepCopy()
		if err := manifest.Reimage(changed, image); err != nil {
			return Set{}, fmt.Errorf("%s of revision %d: %w", t.deployment(), r.Number, err)
		}
		set.Objects[i] = changed
		return set, nil
	}
	return Set{}, hinted.New(fmt.Errorf("revision %d of %s has no Deployment", r.Number, t), "otlpctl deploy k8s --image deploys the configuration with another image")
}
