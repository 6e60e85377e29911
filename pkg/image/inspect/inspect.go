package inspect

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// topLost is how many of the files that are lost are named.
const topLost = 5

// maxConfig is how large a configuration of otlpctl may be to be looked at, in bytes.
const maxConfig = 4 << 20

// Image looks into an image. If it is for several platforms, that is the one for this machine, or else
// the first. name is how it was asked for. listens returns the ports that a configuration of otlpctl
// listens on, as images expose them.
func Image(name string, built *image.Built, listens func(config []byte) []string) (Report, error) {
	var platforms []string
	chosen := built.Variants[0]
	for _, v := range built.Variants {
		platforms = append(platforms, v.Platform.String())
	}
	for _, v := range built.Variants {
		if v.Platform.OS == "linux" && v.Platform.Architecture == runtime.GOARCH {
			chosen = v
			break
		}
	}
	r, err := describe(chosen, listens)
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	r.Name, r.Platforms = name, platforms
	return r, nil
}

// flat is an image for one platform whose layers have been read.
type flat struct {
	platform v1.Platform
	image    v1.Image
	config   *v1.ConfigFile
	layers   []v1.Layer
	scanned  []scanned
	tree     *tree
}

// flatten reads all layers. With sums, the content of files counts as well.
func flatten(v image.BuiltVariant, sums bool) (*flat, error) {
	f := &flat{platform: v.Platform, image: v.Image, tree: newTree()}
	var err error
	if f.config, err = v.Image.ConfigFile(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if f.layers, err = v.Image.Layers(); err != nil {
		return nil, err
	}
	ids := f.config.RootFS.DiffIDs
	if len(ids) != len(f.layers) {
		return nil, fmt.Errorf("it has %d layers, but its configuration has %d", len(f.layers), len(ids))
	}
	read := scanner{sums: sums}
	for i, layer := range f.layers {
		found, err := read.scan(layer, ids[i])
		if err == nil {
			err = f.tree.apply(found, i)
		}
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i+1, err)
		}
		f.scanned = append(f.scanned, found)
	}
	return f, nil
}

func describe(v image.BuiltVariant, listens func([]byte) []string) (Report, error) {
	f, err := flatten(v, false)
	if err != nil {
		return Report{}, err
	}
	hide := newHider()
	r := Report{Platform: v.Platform.String(), Config: describeConfig(f.config.Config, hide)}
	if created := f.config.Created.Time; !created.IsZero() {
		created = created.UTC()
		r.Created = &created
	}
	if err := r.identify(v.Image); err != nil {
		return r, err
	}
	if err := r.addLayers(f, hide); err != nil {
		return r, err
	}
	if r.Program, err = describeProgram(f.tree, f.config.Config, f.layers); err != nil {
		return r, err
	}
	if r.SBOM, err = describeSBOM(v.SBOM, r.Program); err != nil {
		return r, err
	}
	ports, err := f.ports(listens)
	if err != nil {
		return r, err
	}
	r.Wasted = waste(f.tree.lost)
	r.Checks = lint(linted{f, r.Program, hide, ports})
	return r, nil
}

// ports returns what the configuration in the image listens on.
func (f *flat) ports(listens func([]byte) []string) ([]string, error) {
	at := f.tree.resolve(image.ConfigPath)
	if at == nil || at.content == nil || at.content.size > maxConfig {
		return image.Ports(), nil
	}
	data, err := readFile(f.layers[at.content.layer], at.content.path, maxConfig)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", image.ConfigPath, err)
	}
	return listens(data), nil
}

func (r *Report) identify(img v1.Image) error {
	digest, digestErr := img.Digest()
	id, idErr := img.ConfigName()
	r.Digest, r.ID = digest.String(), id.String()
	return errors.Join(digestErr, idErr)
}

func (r *Report) addLayers(f *flat, hide hider) error {
	made := image.CreatedBy(f.config.History, len(f.layers))
	for i, layer := range f.layers {
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		size, err := layer.Size()
		if err != nil {
			return err
		}
		by, _ := hide.hide(made[i])
		r.Layers = append(r.Layers, Layer{
			Digest: digest.String(), DiffID: f.config.RootFS.DiffIDs[i].String(), CreatedBy: by,
			Size: size, Unpacked: f.scanned[i].unpacked, Files: f.scanned[i].files,
		})
		r.Size += size
		r.Unpacked += f.scanned[i].unpacked
	}
	return nil
}

// waste sums up what is lost, the largest first.
func waste(lost []Lost) Wasted {
	w := Wasted{Files: len(lost), Top: []Lost{}}
	for _, l := range lost {
		w.Size += l.Size
	}
	sorted := slices.SortedFunc(slices.Values(lost), func(a, b Lost) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer))
	})
	w.Top = append(w.Top, sorted[:min(topLost, len(sorted))]...)
	return w
}

// latest returns the time of the newest file.
func (f *flat) latest() time.Time {
	var newest time.Time
	for _, s := range f.scanned {
		for _, e := range s.entries {
			if e.time.After(newest) {
				newest = e.time
			}
		}
	}
	return newest
}
