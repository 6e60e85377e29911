package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// What a build's context holds besides the files of the source. The Dockerfile relies on these names.
const (
	reservedFolder = ".otlpctl"
	dockerfileName = reservedFolder + "/Dockerfile"
	configName     = reservedFolder + "/config.yaml"
	depsName       = reservedFolder + "/deps.go"
)

// program is the package that is built, as a folder of the source.
const program = "cmd/otlpctl"

// source is the folder that an image is built from.
type source struct {
	folder  string
	ignored *patternmatcher.PatternMatcher
	// deps is a Go file that imports all packages from elsewhere that the program imports.
	deps   []byte
	config []byte
}

// openSource looks at the folder. Nothing of it has been sent when it returns an error.
func openSource(r BuildRequest) (*source, error) {
	module, err := modulePath(r.Source)
	if err != nil {
		return nil, err
	}
	ignored, err := readIgnored(r.Source)
	if err != nil {
		return nil, err
	}
	deps, err := dependencies(r.Source, module, r.Platform)
	if err != nil {
		return nil, err
	}
	return &source{r.Source, ignored, deps, r.Config}, nil
}

// sourceError says why a folder is not one to build from.
type sourceError struct{ error }

func (e *sourceError) Unwrap() error { return e.error }

// Hint returns the next step.
func (*sourceError) Hint() string { return "--source wants a checkout of otlpctl, or of a fork of it" }

// modulePath returns the path of the module in the folder. It must have the program.
func modulePath(folder string) (string, error) {
	file, err := os.Open(filepath.Join(folder, "go.mod")) //nolint:gosec // the folder that the user names
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(folder); err != nil {
			return "", &sourceError{err}
		}
		return "", &sourceError{fmt.Errorf("%s is not a Go module: it has no go.mod", folder)}
	}
	if err != nil {
		return "", &sourceError{err}
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, found := strings.CutPrefix(strings.TrimSpace(lines.Text()), "module ")
		if !found {
			continue
		}
		if info, err := os.Stat(filepath.Join(folder, program)); err != nil || !info.IsDir() {
			return "", &sourceError{fmt.Errorf("the Go module in %s has no %s", folder, program)}
		}
		name, _, _ = strings.Cut(name, "//")
		return strings.Trim(strings.TrimSpace(name), "\"`"), nil
	}
	return "", &sourceError{fmt.Errorf("%s names no module", filepath.Join(folder, "go.mod"))}
}

// leftOut are patterns of what no build needs, whatever .dockerignore says: it can bring it back
// with an exclamation mark.
func leftOut() []string {
	return []string{
		".git", ".hg", ".svn", ".idea", ".vscode", "**/.DS_Store", "bin", "dist", "**/*_test.go", "**/*.test",
		".dockerignore", "Dockerfile", reservedFolder,
	}
}

func readIgnored(folder string) (*patternmatcher.PatternMatcher, error) {
	patterns := leftOut()
	file, err := os.Open(filepath.Join(folder, ".dockerignore")) //nolint:gosec // the folder that the user names
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		defer func() { _ = file.Close() }()
		own, err := ignorefile.ReadAll(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
		patterns = append(patterns, own...)
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, ".dockerignore"), err)
	}
	return ignored, nil
}

// walk calls visit for every file, folder and symbolic link that a build may need, in lexical
// order. Names are relative, with slashes.
func (s *source) walk(visit func(name string, entry fs.DirEntry) error) error {
	return filepath.WalkDir(s.folder, func(place string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(s.folder, place)
		if err != nil || relative == "." {
			return err
		}
		name := filepath.ToSlash(relative)
		skip, err := s.skips(name, entry)
		switch {
		case err != nil:
			return err
		case skip && entry.IsDir() && !s.ignored.Exclusions():
			return fs.SkipDir
		case skip:
			return nil
		case entry.IsDir() && s.isNested(name):
			return fs.SkipDir
		}
		return visit(name, entry)
	})
}

// skips says whether a name is left out. Of sockets, pipes and devices there is nothing to send.
func (s *source) skips(name string, entry fs.DirEntry) (bool, error) {
	if entry.Type()&^(fs.ModeDir|fs.ModeSymlink) != 0 {
		return true, nil
	}
	return s.ignored.MatchesOrParentMatches(name)
}

// isNested says whether a folder is a module of its own, of which this one can use nothing.
func (s *source) isNested(name string) bool {
	_, err := os.Stat(filepath.Join(s.folder, name, "go.mod"))
	return err == nil && path.Clean(name) != "."
}
