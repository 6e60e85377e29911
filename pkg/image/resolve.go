package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// What a registry may answer instead of an image.
var (
	// ErrMissing says that the registry knows of no such image, in its own words: a page of a proxy that is
	// not found does not count.
	ErrMissing = errors.New("the registry has no such image")
	// ErrDenied says that the registry does not tell, at least not to who has these credentials.
	ErrDenied = errors.New("the registry does not give the image away")
)

// Resolve asks a registry for the digest of what a name stands for now, and pulls nothing. Its errors are
// ErrMissing, ErrDenied, or whatever keeps the registry from answering.
func Resolve(ctx context.Context, text string, insecure bool) (digest string, err error) {
	ref, err := parseReference(text, insecure)
	if err != nil {
		return "", err
	}
	options := append(registryOptions(insecure), remote.WithContext(ctx))
	found, err := remote.Head(ref, options...) // which registries do not count as a pull
	if err == nil {
		return found.Digest.String(), nil
	}
	if _, answered := errors.AsType[*transport.Error](err); answered {
		var got *remote.Descriptor
		if got, err = remote.Get(ref, options...); err == nil { // and which not every registry answers
			return got.Digest.String(), nil
		}
	}
	return "", cancelledOr(ctx, explainRegistry("pull", ref, answered(err)))
}

// answered tells a registry that says no from one that says nothing.
func answered(err error) error {
	answer, ok := errors.AsType[*transport.Error](err)
	if !ok {
		return err
	}
	said := func(codes ...transport.ErrorCode) bool {
		return slices.ContainsFunc(answer.Errors, func(d transport.Diagnostic) bool { return slices.Contains(codes, d.Code) })
	}
	switch {
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: %w", ErrDenied, err)
	case answer.StatusCode == http.StatusNotFound && said(transport.ManifestUnknownErrorCode, transport.NameUnknownErrorCode, "NOT_FOUND"):
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return err
}

// Parts returns the digests of what an image in a registry consists of for each of its platforms. The image is
// the one with a digest, wherever its tag is by now.
func Parts(ctx context.Context, text, digest string, insecure bool) ([]string, error) {
	ref, err := parseReference(text, insecure)
	if err != nil {
		return nil, err
	}
	got, err := remote.Get(ref.Context().Digest(digest), append(registryOptions(insecure), remote.WithContext(ctx))...)
	if err != nil {
		return nil, cancelledOr(ctx, explainRegistry("pull", ref, err))
	}
	if !got.MediaType.IsIndex() {
		return nil, nil
	}
	index, err := got.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var parts []string
	for _, d := range manifest.Manifests {
		parts = append(parts, d.Digest.String())
	}
	return parts, nil
}
