package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	engineimage "github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image"
)

// titleLabel is the label by which an image of ours is known, whatever its name.
const titleLabel = "org.opencontainers.image.title"

// ListedImage is a name of an image on the engine. The names of its JSON fields are API.
type ListedImage struct {
	// Repository and Tag are empty if the image has lost its name to a newer one.
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	ID         string `json:"id"`
	// Platform is os/architecture, perhaps with a variant.
	Platform string    `json:"platform"`
	Created  time.Time `json:"created"`
	// Size is what its layers take on the disk, in bytes. Images share layers.
	Size int64 `json:"size"`
}

// Images lists the images of otlpctl that the engine has, the newest first.
func (e *Engine) Images(ctx context.Context) ([]ListedImage, error) {
	all, err := e.api.ImageList(ctx, engineimage.ListOptions{})
	if err != nil {
		return nil, e.explain(ctx, "list the images", err)
	}
	found := []ListedImage{}
	for _, summary := range all {
		if !isOurs(summary) {
			continue
		}
		listed, err := e.listed(ctx, summary)
		if err != nil {
			return nil, e.explain(ctx, "list the images", err)
		}
		found = append(found, listed...)
	}
	slices.SortFunc(found, newerFirst)
	return found, nil
}

// newerFirst orders images, and those of one time, as of one source, by name.
func newerFirst(a, b ListedImage) int {
	return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.ID, b.ID))
}

func isOurs(summary engineimage.Summary) bool {
	return summary.Labels[titleLabel] == image.Repository || slices.ContainsFunc(summary.RepoTags, func(tag string) bool {
		repository, _ := splitTag(tag)
		return repository == image.Repository
	})
}

// listed returns an image once for each of its names. One that has vanished since is none.
func (e *Engine) listed(ctx context.Context, summary engineimage.Summary) ([]ListedImage, error) {
	details, err := e.api.ImageInspect(ctx, summary.ID)
	if errdefs.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	platform := details.Os + "/" + details.Architecture
	if details.Variant != "" {
		platform += "/" + details.Variant
	}
	one := ListedImage{ID: summary.ID, Platform: platform, Created: time.Unix(summary.Created, 0).UTC(), Size: summary.Size}
	var found []ListedImage
	for _, tag := range summary.RepoTags {
		one.Repository, one.Tag = splitTag(tag)
		found = append(found, one)
	}
	if len(found) == 0 {
		return []ListedImage{one}, nil
	}
	return found, nil
}

// splitTag returns the parts of a name. Engines write <none> where there is nothing.
func splitTag(name string) (repository, tag string) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", ""
	}
	if tagged, ok := named.(reference.Tagged); ok {
		tag = tagged.Tag()
	}
	return reference.FamiliarName(named), tag
}

// Load gives the engine the images of an archive as docker save writes them, with their tags.
func (e *Engine) Load(ctx context.Context, archive io.Reader) error {
	answer, err := e.api.ImageLoad(ctx, archive, client.ImageLoadWithQuiet(true))
	if err != nil {
		return e.explain(ctx, "load the image", err)
	}
	defer func() { _ = answer.Body.Close() }()
	messages := json.NewDecoder(answer.Body)
	for {
		var m message
		err := messages.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return e.explain(ctx, "load the image", err)
		case m.problem() != "":
			return e.explain(ctx, "load the image", errors.New(m.problem()))
		}
	}
}

// Save returns the archive of an image of the engine, as docker save writes it. The error for an image
// that the engine does not have is image.ErrNotFound.
func (e *Engine) Save(ctx context.Context, ref string) (io.ReadCloser, error) {
	_, err := e.api.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return nil, fmt.Errorf("%s: %w", ref, image.ErrNotFound)
	}
	if err != nil {
		return nil, e.explain(ctx, "read the image "+ref, err)
	}
	archive, err := e.api.ImageSave(ctx, []string{ref})
	if err != nil {
		return nil, e.explain(ctx, "read the image "+ref, err)
	}
	return archive, nil
}

// explain says what the engine did not do, and what to do about it.
func (e *Engine) explain(ctx context.Context, what string, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case client.IsErrConnectionFailed(err):
		return fmt.Errorf("%s: %w", what, e.unreachable(ctx, err))
	case strings.Contains(err.Error(), "no space left on device"):
		return hinted.New(fmt.Errorf("%s: %w", what, err), buildHint(err.Error()))
	}
	return fmt.Errorf("%s: %w", what, err)
}
