package image

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// nameDescriptor returns the descriptor of an image once for each of its names, as layouts have them.
func nameDescriptor(d v1.Descriptor, tags []string) ([]v1.Descriptor, error) {
	if len(tags) == 0 {
		return []v1.Descriptor{d}, nil
	}
	var named []v1.Descriptor
	for _, text := range tags {
		complete, tag, err := splitTag(text)
		if err != nil {
			return nil, err
		}
		one := d
		one.Annotations = maps.Clone(d.Annotations)
		if one.Annotations == nil {
			one.Annotations = map[string]string{}
		}
		one.Annotations[containerdName], one.Annotations[refName] = complete, tag
		named = append(named, one)
	}
	return named, nil
}

// replaceNames returns the index of a layout with an image and what is attached to it, and the entries of
// which it took the names.
func replaceNames(index v1.IndexManifest, named, attached []v1.Descriptor) (v1.IndexManifest, []v1.Descriptor) {
	taken := func(old v1.Descriptor) bool {
		return slices.ContainsFunc(named, func(d v1.Descriptor) bool {
			complete, hasName := old.Annotations[containerdName]
			switch {
			case hasName:
				return complete == d.Annotations[containerdName]
			case old.Annotations[refName] != "":
				return old.Annotations[refName] == d.Annotations[refName]
			}
			return old.Digest == d.Digest // without a name
		})
	}
	again := func(old v1.Descriptor) bool {
		return slices.ContainsFunc(attached, func(d v1.Descriptor) bool { return d.Digest == old.Digest })
	}
	var kept, dropped []v1.Descriptor
	for _, d := range index.Manifests {
		switch {
		case taken(d):
			dropped = append(dropped, d)
		case !again(d):
			kept = append(kept, d)
		}
	}
	index.Manifests = slices.Concat(kept, named, attached)
	return index, dropped
}

// detach drops what is attached to images that have lost their last name.
func (l *layoutWriter) detach(index v1.IndexManifest, dropped []v1.Descriptor) v1.IndexManifest {
	lost, kept := map[v1.Hash]bool{}, map[v1.Hash]bool{}
	for _, d := range dropped {
		l.reach(d.Digest, lost)
	}
	for _, d := range index.Manifests {
		l.reach(d.Digest, kept)
	}
	index.Manifests = slices.DeleteFunc(index.Manifests, func(d v1.Descriptor) bool {
		subject := l.parts(d.Digest).Subject.Digest
		return lost[subject] && !kept[subject]
	})
	return index
}

// prune removes what only images consist of that have lost their last name. A layout that is built into
// again and again would otherwise grow without end.
func (l *layoutWriter) prune(before, after v1.IndexManifest) error {
	kept := map[v1.Hash]bool{}
	for _, d := range after.Manifests {
		l.reach(d.Digest, kept)
	}
	var lost []v1.Hash
	for _, d := range before.Manifests {
		old := map[v1.Hash]bool{}
		l.reach(d.Digest, old)
		for h := range old {
			if !kept[h] {
				lost = append(lost, h)
			}
		}
	}
	var failed error
	for _, h := range lost {
		if err := l.folder.root.Remove(blobName(h)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// reach adds a blob to those that are needed, and all that it consists of.
func (l *layoutWriter) reach(h v1.Hash, needed map[v1.Hash]bool) {
	if needed[h] || h.Algorithm == "" {
		return
	}
	needed[h] = true
	p := l.parts(h)
	for _, d := range slices.Concat(p.Layers, p.Manifests, []v1.Descriptor{p.Config}) {
		l.reach(d.Digest, needed)
	}
}

// parts is what a manifest or an index refers to.
type parts struct {
	Config    v1.Descriptor   `json:"config"`
	Layers    []v1.Descriptor `json:"layers"`
	Manifests []v1.Descriptor `json:"manifests"`
	Subject   v1.Descriptor   `json:"subject"`
}

// parts returns what a blob refers to: nothing, unless it is a manifest or an index.
func (l *layoutWriter) parts(h v1.Hash) (p parts) {
	raw, err := readDocument(l.folder, blobName(h))
	if err != nil || json.Unmarshal(raw, &p) != nil {
		return parts{}
	}
	return p
}
