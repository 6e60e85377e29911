package image

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// ParseTags checks names for an image, and returns them complete with their tag, each once.
func ParseTags(texts []string) ([]string, error) {
	var tags []string
	for _, text := range texts {
		ref, err := parseReference(text, false)
		if err != nil {
			return nil, err
		}
		tag, ok := ref.(name.Tag)
		if !ok {
			return nil, hinted.New(fmt.Errorf("%q has a digest, which an image does not have before it is built", text), "leave out what begins with @")
		}
		if !strings.HasSuffix(text, ":"+tag.TagStr()) {
			text += ":" + tag.TagStr()
		}
		if !slices.Contains(tags, text) {
			tags = append(tags, text)
		}
	}
	return tags, nil
}

// DefaultTags are the names of an image of the given version that nobody has named.
func DefaultTags(version string) []string {
	// A plus sign, as in v1.2.3+dirty, is not for tags.
	return []string{Repository + ":" + strings.ReplaceAll(version, "+", "-"), Repository + ":latest"}
}

// splitTag returns a name with its registry, as containerd writes it, and the tag alone.
func splitTag(text string) (complete, tag string, err error) {
	ref, err := parseReference(text, false)
	if err != nil {
		return "", "", err
	}
	complete = ref.Name()
	if rest, ok := strings.CutPrefix(complete, name.DefaultRegistry+"/"); ok {
		complete = "docker.io/" + rest
	}
	return complete, ref.Identifier(), nil
}
