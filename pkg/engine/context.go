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
)

// contextHost returns the address of the engine in a context of the docker command, whose
// configuration is in the folder: the one of that name, or the current one. It is empty for the
// default context.
func contextHost(folder, name string) (string, error) {
	if name == "" {
		var config struct{ CurrentContext string }
		if err := readJSON(filepath.Join(folder, "config.json"), &config); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return "", nil
	}
	sum := sha256.Sum256([]byte(name))
	var meta struct {
		Endpoints struct{ Docker struct{ Host string } }
	}
	path := filepath.Join(folder, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json")
	if err := readJSON(path, &meta); err != nil {
		return "", &unusableError{fmt.Errorf("docker context %q: %w", name, err), "'docker context ls' lists them"}
	}
	return meta.Endpoints.Docker.Host, nil
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
