package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Sources are the places that a configuration comes from, each overriding those
// before it. The zero value is the defaults alone.
type Sources struct {
	// Folder holds default.yaml and the file of the environment, both optional,
	// each in YAML or TOML. Empty is no folder.
	Folder string
	// Environment is the name of the second file, without its extension.
	Environment string
	// Files are further files, which must exist.
	Files []string
	// Environ are the variables, as os.Environ lists them: those that begin with
	// APP__ set keys, and ${env:NAME} may refer to any.
	Environ []string
	// Set are values from the command line: "path=value".
	Set []string
}

const (
	// defaultFolder is where a process looks for files, from its working directory.
	defaultFolder = "config"
	// environmentVariable names the environment, and defaultEnvironment is its value if unset.
	environmentVariable = "ENV"
	defaultEnvironment  = "development"
)

// ProcessSources returns the sources of a process with the given --config and
// --set flags: config/default.*, config/$ENV.*, the files, the environment, and
// the values.
func ProcessSources(files, set []string) Sources {
	return Sources{
		Folder: defaultFolder, Environment: os.Getenv(environmentVariable), Files: files, Environ: os.Environ(), Set: set,
	}
}

// lookup finds variables for ${env:NAME}.
func (s Sources) lookup() func(string) (string, bool) {
	values := make(map[string]string, len(s.Environ))
	for _, variable := range s.Environ {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

// read reads the files. An error is of type Errors.
func (s Sources) read() ([]File, error) {
	optional, err := s.optional()
	if err != nil {
		return nil, err
	}
	return ReadFiles(append(optional, s.Files...))
}

// optional returns the files of the folder that exist.
func (s Sources) optional() ([]string, error) {
	if s.Folder == "" {
		return nil, nil
	}
	environment := cmp.Or(s.Environment, defaultEnvironment)
	if environment != filepath.Base(environment) || strings.Trim(environment, ".") == "" {
		return nil, Errors{{
			Position: Position{File: environmentVariable}, Problem: fmt.Sprintf("%q is no name of an environment", environment),
			Hint: "it is the name of a file in " + s.Folder + " without .yaml, such as production",
		}}
	}
	var paths []string
	var errs Errors
	for _, name := range []string{"default", environment} {
		found, err := s.either(name)
		if err != nil {
			errs = append(errs, *err)
		}
		if found != "" && (len(paths) == 0 || paths[0] != found) {
			paths = append(paths, found)
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return paths, nil
}

// fileExtensions are those of the folder's files.
func fileExtensions() []string { return []string{".yaml", ".toml"} }

// candidates returns all files that would be read if they existed.
func (s Sources) candidates() []string {
	var paths []string
	if s.Folder != "" {
		for _, name := range []string{"default", cmp.Or(s.Environment, defaultEnvironment)} {
			for _, extension := range fileExtensions() {
				paths = append(paths, filepath.Join(s.Folder, name+extension))
			}
		}
	}
	return append(paths, s.Files...)
}

// either returns the file of that name in YAML or in TOML, or nothing.
func (s Sources) either(name string) (string, *Finding) {
	var found []string
	for _, extension := range fileExtensions() {
		path := filepath.Join(s.Folder, name+extension)
		_, err := os.Stat(path)
		switch {
		case err == nil:
			found = append(found, path)
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid):
			return "", &Finding{Position: Position{File: path}, Problem: reason(err).Error()}
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", &Finding{Position: Position{File: found[1]}, Problem: found[0] + " exists as well", Hint: "keep one of the two"}
}
