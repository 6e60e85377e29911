package manifest

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// CheckImage reads the name of an image. A doubt is why it can be deployed, but should not stay that way;
// empty is none.
func CheckImage(name string) (doubt string, err error) {
	image, err := readImage(name)
	switch {
	case err != nil:
		return "", hinted.New(err, imageHint)
	case image.moves:
		return fmt.Sprintf("the image %s %s", name, movingImage), nil
	}
	return "", nil
}

// Reimage gives a Deployment that Render has made another image, in its place. Labels with the version follow as
// in Render; those that a patch has set to something else stay.
func Reimage(deployment *unstructured.Unstructured, name string) error {
	to, err := readImage(name)
	if err != nil {
		return hinted.New(err, imageHint)
	}
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil {
		return err
	}
	receiver := receiverIn(containers)
	if receiver == nil {
		return errors.New("has no container called " + containerName + ", which is the receiver")
	}
	before, _ := receiver["image"].(string)
	receiver["image"] = name
	if err := unstructured.SetNestedSlice(deployment.Object, containers, "spec", "template", "spec", "containers"); err != nil {
		return err
	}
	from, err := readImage(before)
	if err != nil {
		from = imageReference{} // whoever patched that in has no version
	}
	for _, meta := range [][]string{{"metadata"}, {"spec", "template", "metadata"}} {
		if err := relabel(deployment, append(meta, "labels"), from.versions(), to.versions()); err != nil {
			return err
		}
	}
	return nil
}

func receiverIn(containers []any) map[string]any {
	for _, c := range containers {
		if fields, ok := c.(map[string]any); ok && fields["name"] == containerName {
			return fields
		}
	}
	return nil
}

// relabel replaces the labels that are as from has them, and those that neither has.
func relabel(u *unstructured.Unstructured, path []string, from, to map[string]string) error {
	labels, _, err := unstructured.NestedStringMap(u.Object, path...)
	if err != nil {
		return err
	}
	if labels == nil {
		labels = map[string]string{}
	}
	for _, key := range []string{versionLabel, standardLabels + "version"} {
		if labels[key] != from[key] {
			continue
		}
		delete(labels, key)
		if version, ok := to[key]; ok {
			labels[key] = version
		}
	}
	if len(labels) == 0 {
		unstructured.RemoveNestedField(u.Object, path...)
		return nil
	}
	return unstructured.SetNestedStringMap(u.Object, labels, path...)
}
