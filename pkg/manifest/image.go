package manifest

import (
	"fmt"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/util/validation"
)

// imageReference is what the name of an image says.
type imageReference struct {
	tag string
	// moves says that the name may stand for another image tomorrow, by custom.
	moves bool
}

// readImage reads the name of an image as engines and registries do.
func readImage(name string) (imageReference, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return imageReference{}, fmt.Errorf("%s is no name of an image: %w", quoted(name), err)
	}
	var i imageReference
	if tagged, ok := named.(reference.Tagged); ok {
		i.tag = tagged.Tag()
	}
	_, fixed := named.(reference.Digested)
	i.moves = !fixed && (i.tag == "" || i.tag == "latest")
	return i, nil
}

const (
	imageHint = "names look like registry.example.com/otlp-receiver:1.0.0"

	movingImage     = "has a tag that moves: pods of one rollout may run different programs, and undo cannot go back"
	movingImageHint = "name a version or a digest"
)

func (r *renderer) checkImage() {
	image, err := readImage(r.deploy.Image)
	if err != nil {
		r.fault("deploy.image", err.Error(), imageHint)
		return
	}
	r.image = image
}

// version returns the version in the tag, if it can be a label.
func (i imageReference) version() string {
	if len(validation.IsValidLabelValue(i.tag)) > 0 {
		return ""
	}
	return i.tag
}

// versionText is a version as the label of that name has it.
func versionText(version string) string {
	if version[0] >= '0' && version[0] <= '9' && len(version) < validation.LabelValueMaxLength {
		return "v" + version
	}
	return version
}

// versions returns the labels that tell the version of an image, as far as its name does.
func (i imageReference) versions() map[string]string {
	version := i.version()
	if version == "" {
		return map[string]string{}
	}
	return map[string]string{versionLabel: versionText(version), standardLabels + "version": version}
}
