package kubernetes

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// user is who the processes of these images are: not root, so that pods which insist on that run.
const user = "65532:65532"

// WriteImage writes a docker-archive of an image with one program, built from a package of this module such as
// "harness/kubernetes/hello", and nothing else. tag is its full name, such as "localhost/hello:1".
func WriteImage(ctx context.Context, path, tag, pkg string) error {
	program := path + ".program"
	if err := programs.Static(ctx, pkg, program); err != nil {
		return err
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	archive, err := archive(tag, filepath.Base(pkg), binary)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path, archive, 0o644), os.Remove(program))
}

// archive returns the docker-archive of an image whose entrypoint is /name.
func archive(tag, name string, binary []byte) ([]byte, error) {
	layer, err := pack(file{name, 0o755, binary})
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(object{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": object{"Entrypoint": []string{"/" + name}, "User": user, "WorkingDir": "/"},
		"rootfs": object{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	})
	if err != nil {
		return nil, err
	}
	configName, layerName := digest(config)+".json", digest(layer)+".tar"
	manifest, err := json.Marshal([]object{{"Config": configName, "RepoTags": []string{tag}, "Layers": []string{layerName}}})
	if err != nil {
		return nil, err
	}
	return pack(file{configName, 0o644, config}, file{layerName, 0o644, layer}, file{"manifest.json", 0o644, manifest})
}

type file struct {
	name    string
	mode    int64
	content []byte
}

func pack(files ...file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

func digest(content []byte) string { return fmt.Sprintf("%x", sha256.Sum256(content)) }
