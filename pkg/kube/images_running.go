package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// imageDigestAnnotation is where a revision keeps the digest of its image. It is no part of what never changes
// about a revision: without a registry only the pods know it, and they begin later.
const imageDigestAnnotation = "otlpctl.io/image-digest"

// RunningDigests returns the digests of the image that the pods of a set run, as their nodes have pulled it.
// There are several if the tag has moved in between, or of several platforms, and none if it was not pulled.
func (c *Client) RunningDigests(ctx context.Context, s Set) ([]string, error) {
	list, err := c.pods(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	var found []string
	for i := range list.Items {
		digest, err := runningDigest(&list.Items[i], s.Image())
		if err != nil {
			return nil, err
		}
		if digest != "" {
			found = append(found, digest)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// runningDigest returns the digest of an image in a pod; empty is that it does not run it, or does not say. An
// image that was loaded into a node has an id instead, which no registry knows.
func runningDigest(u *unstructured.Unstructured, image string) (string, error) {
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &pod); err != nil {
		return "", fmt.Errorf("%s: %w", refOf(u), err)
	}
	if pod.DeletionTimestamp != nil {
		return "", nil
	}
	for _, c := range pod.Spec.Containers {
		if c.Image != image {
			continue
		}
		for _, status := range pod.Status.ContainerStatuses {
			if _, digest, pulled := strings.Cut(status.ImageID, "@"); pulled && status.Name == c.Name {
				return digest, nil
			}
		}
	}
	return "", nil
}

// RecordDigest has a revision tell the digest of its image.
func (c *Client) RecordDigest(ctx context.Context, t Target, revision int, digest string) error {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{imageDigestAnnotation: digest}}})
	if err != nil {
		return err
	}
	r := t.revision(revision)
	_, err = c.resource(r).Patch(ctx, r.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
	if err != nil {
		return fmt.Errorf("note the digest in %s: %w", r, c.Explain(err))
	}
	return nil
}

// digestIn returns the digest in the name of an image; empty is none.
func digestIn(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
