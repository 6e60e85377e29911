package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// The files of a configuration are copied into a volume of their own, which is named by their content. Mounted from
// the host, what runs would be what is in the file when a container happens to start: after a restart, or when it is
// to take the place of its failed successor. And an engine elsewhere has no such files.

// configVolume returns the name of the volume.
func (r *Run) configVolume() string {
	h := sha256.New()
	for i, f := range r.Files {
		// Writing to a hash does not fail.
		_, _ = fmt.Fprintf(h, "%s %s\n", f.path(i), f.hash())
	}
	return r.Name + "-config-" + hex.EncodeToString(h.Sum(nil))[:hashDigits]
}

// archive returns the files as a tar archive, for everybody to read and nobody to change.
func (r *Run) archive() (*bytes.Buffer, error) {
	archive := new(bytes.Buffer)
	w := tar.NewWriter(archive)
	for i, f := range r.Files {
		name := f.path(i)
		err := errors.Join(
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: path.Dir(name) + "/", Mode: 0o755}),
			w.WriteHeader(&tar.Header{Name: name, Mode: 0o444, Size: int64(len(f.Content))}),
		)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.Content); err != nil {
			return nil, err
		}
	}
	return archive, w.Close()
}

// storeFiles puts the files into their volume, which the container that is to have them has made. The engine writes to volumes through a container only, which is never
// started and removed again.
func (e *Engine) storeFiles(ctx context.Context, r *Run) (err error) {
	archive, err := r.archive()
	if err != nil {
		return err
	}
	name := r.configVolume()
	labels := map[string]string{managedLabel: managedBy}
	if err := e.dropCarrier(ctx, r.Name); err != nil {
		return err
	}
	config := &container.Config{Image: r.Image, Entrypoint: image.Entrypoint(), Labels: labels} // it must name a program
	c, err := e.api.ContainerCreate(ctx, config, &container.HostConfig{
		Mounts: []mount.Mount{{
			Type: mount.TypeVolume, Source: name, Target: configFolder, VolumeOptions: &mount.VolumeOptions{NoCopy: true},
		}},
	}, nil, nil, r.Name+carrierSuffix)
	if err != nil {
		return fmt.Errorf("write to volume %s: %w", name, err)
	}
	defer func() {
		cleanUp, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
		defer cancel()
		err = errors.Join(err, e.remove(cleanUp, c.ID, c.ID))
	}()
	if err := e.api.CopyToContainer(ctx, c.ID, configFolder, archive, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("write to volume %s: %w", name, err)
	}
	return nil
}

// dropCarrier removes what a deployment that was killed has left of storeFiles.
func (e *Engine) dropCarrier(ctx context.Context, name string) error {
	left, err := e.find(ctx, name+carrierSuffix)
	if err != nil || left == nil {
		return err
	}
	err = e.remove(ctx, name+carrierSuffix, left.ID)
	return errors.Join(err, e.dropFiles(ctx, mounted(left, configFolder)))
}

// dropFiles removes the volume with a configuration, unless a container uses it.
func (e *Engine) dropFiles(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	err := e.api.VolumeRemove(ctx, name, false)
	if err != nil && !cerrdefs.IsNotFound(err) && !cerrdefs.IsConflict(err) {
		return fmt.Errorf("remove volume %s: %w", name, err)
	}
	return nil
}

// mounted returns the name of the volume that a container has at a path, or nothing.
func mounted(c *container.InspectResponse, at string) string {
	for _, m := range c.Mounts {
		if m.Type == mount.TypeVolume && m.Destination == at {
			return m.Name
		}
	}
	return ""
}
