package inspect

import (
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// Comparison is what differs between two images. The names of its JSON fields are API. Sizes are in bytes.
type Comparison struct {
	A    string `json:"a"`
	B    string `json:"b"`
	Same bool   `json:"same"`
	// Platforms are those that both are for.
	Platforms []Difference `json:"platforms"`
	OnlyA     []string     `json:"only_a"`
	OnlyB     []string     `json:"only_b"`
}

// Difference is what differs between two images for one platform.
type Difference struct {
	Platform string `json:"platform"`
	A        Side   `json:"a"`
	B        Side   `json:"b"`
	// SharedLayers counts the layers with the same content.
	SharedLayers int      `json:"shared_layers"`
	Config       []Field  `json:"config"`
	Files        []Change `json:"files"`
	// Times counts the files that differ in nothing but their time.
	Times int `json:"times"`
}

// Side is one of two images.
type Side struct {
	Digest   string `json:"digest"`
	ID       string `json:"id"`
	Size     int64  `json:"size"`
	Unpacked int64  `json:"unpacked"`
	Layers   int    `json:"layers"`
}

// Field is a value of the configuration that differs. One that is missing is nil.
type Field struct {
	Name string  `json:"field"`
	A    *string `json:"a"`
	B    *string `json:"b"`
	// Secret says that the values are hidden.
	Secret bool `json:"secret,omitempty"`
}

// Change is a file or folder that differs, as a container sees it. The path of a folder ends with a slash.
type Change struct {
	Path string `json:"path"`
	// Kind is added, removed or changed, from A to B.
	Kind string `json:"change"`
	// What is what has changed: type, content, target, mode, owner.
	What  []string `json:"what,omitempty"`
	ASize *int64   `json:"a_size,omitempty"`
	BSize *int64   `json:"b_size,omitempty"`
}

// Compare compares two images, platform by platform. If each is for one only, these are compared whatever
// they are.
func Compare(aName string, a *image.Built, bName string, b *image.Built) (Comparison, error) {
	c := Comparison{A: aName, B: bName, Platforms: []Difference{}, OnlyA: []string{}, OnlyB: []string{}}
	single := len(a.Variants) == 1 && len(b.Variants) == 1
	for _, va := range a.Variants {
		at := slices.IndexFunc(b.Variants, func(vb image.BuiltVariant) bool { return single || va.Platform.Equals(vb.Platform) })
		if at < 0 {
			c.OnlyA = append(c.OnlyA, va.Platform.String())
			continue
		}
		d, err := compareVariants(aName, va, bName, b.Variants[at])
		if err != nil {
			return c, err
		}
		c.Platforms = append(c.Platforms, d)
	}
	for _, vb := range b.Variants {
		if !single && !slices.ContainsFunc(a.Variants, func(va image.BuiltVariant) bool { return va.Platform.Equals(vb.Platform) }) {
			c.OnlyB = append(c.OnlyB, vb.Platform.String())
		}
	}
	c.Same = len(c.OnlyA)+len(c.OnlyB) == 0 && !slices.ContainsFunc(c.Platforms, Difference.differs)
	return c, nil
}

// differs says whether there is a difference that a container could notice, or that keeps a layer from
// being shared.
func (d Difference) differs() bool {
	return len(d.Config)+len(d.Files)+d.Times > 0 || d.SharedLayers != d.A.Layers || d.SharedLayers != d.B.Layers
}

func compareVariants(aName string, va image.BuiltVariant, bName string, vb image.BuiltVariant) (Difference, error) {
	d := Difference{Platform: va.Platform.String()}
	same, err := sameLayers(va.Image, vb.Image)
	if err != nil {
		return d, err
	}
	a, err := flatten(va, !same)
	if err != nil {
		return d, fmt.Errorf("%s: %w", aName, err)
	}
	b, err := flatten(vb, !same)
	if err != nil {
		return d, fmt.Errorf("%s: %w", bName, err)
	}
	if d.A, err = a.side(); err != nil {
		return d, fmt.Errorf("%s: %w", aName, err)
	}
	if d.B, err = b.side(); err != nil {
		return d, fmt.Errorf("%s: %w", bName, err)
	}
	d.SharedLayers = shared(a.config.RootFS.DiffIDs, b.config.RootFS.DiffIDs)
	d.Config = compareConfigs(a, b)
	d.Files, d.Times = compareFiles(a.tree, b.tree)
	return d, nil
}

// sameLayers says whether the layers are the same, so that their files need no comparison.
func sameLayers(a, b v1.Image) (bool, error) {
	ca, err := a.ConfigFile()
	if err != nil {
		return false, err
	}
	cb, err := b.ConfigFile()
	if err != nil {
		return false, err
	}
	return slices.Equal(ca.RootFS.DiffIDs, cb.RootFS.DiffIDs), nil
}

func (f *flat) side() (Side, error) {
	var r Report
	if err := r.identify(f.image); err != nil {
		return Side{}, err
	}
	if err := r.addLayers(f, newHider()); err != nil {
		return Side{}, err
	}
	return Side{Digest: r.Digest, ID: r.ID, Size: r.Size, Unpacked: r.Unpacked, Layers: len(f.layers)}, nil
}

// shared counts the layers that are in both.
func shared(a, b []v1.Hash) int {
	count := map[v1.Hash]int{}
	for _, h := range a {
		count[h]++
	}
	n := 0
	for _, h := range b {
		if count[h] > 0 {
			count[h]--
			n++
		}
	}
	return n
}
