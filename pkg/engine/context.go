package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// contextEndpoint returns where the engine in a context of the docker command is, whose configuration is in the folder:
// the context of that name, or the current one. It is the usual engine for the default context.
func contextEndpoint(folder, name string) (endpoint, error) {
	if name == "" {
		var config struct{ CurrentContext string }
		if err := readJSON(filepath.Join(folder, "config.json"), &config); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return endpoint{}, err
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return endpoint{}, nil
	}
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	var meta struct {
		Endpoints struct{ Docker struct{ Host string } }
	}
	switch err := readJSON(filepath.Join(folder, "contexts", "meta", id, "meta.json"), &meta); {
	case errors.Is(err, fs.ErrNotExist):
		return endpoint{}, hinted.New(fmt.Errorf("there is no docker context %q", name), "'docker context ls' lists them")
	case err != nil:
		return endpoint{}, fmt.Errorf("docker context %q: %w", name, err)
	}
	found := endpoint{host: meta.Endpoints.Docker.Host}
	certificates := filepath.Join(folder, "contexts", "tls", id, "docker")
	if _, err := os.Stat(certificates); err == nil {
		found.certificates = certificates
	}
	return found, nil
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path) //nolint:gosec // where the docker command keeps it
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// older reports whether a version of the API, such as 1.41, is older than another.
func older(version, than string) bool {
	major, minor := numbers(version)
	otherMajor, otherMinor := numbers(than)
	return major < otherMajor || major == otherMajor && minor < otherMinor
}

func numbers(version string) (major, minor int) {
	first, second, _ := strings.Cut(version, ".")
	major, _ = strconv.Atoi(first)
	minor, _ = strconv.Atoi(second)
	return major, minor
}
