package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
)

// programs returns the programs to pack, one for each platform.
func (o *imageBuildOptions) programs() ([]oci.Program, error) {
	if o.binaries != "" {
		return o.release()
	}
	file, name := o.binary, o.binary
	if file == "" {
		var err error
		if file, err = thisProgram(); err != nil {
			return nil, err
		}
		name = "this program"
	}
	p, err := oci.ReadProgramFile(file, name)
	if err != nil {
		return nil, err
	}
	if len(o.platforms) == 1 && o.platforms[0] != p.Platform.String() {
		return nil, hinted.New(
			fmt.Errorf("%s is for %s, and --platform is %s", name, p.Platform.String(), o.platforms[0]),
			"name one for that platform with --binary, or a folder of a release with --binaries",
		)
	}
	return []oci.Program{p}, nil
}

// release returns the programs of --binaries.
func (o *imageBuildOptions) release() ([]oci.Program, error) {
	folder, err := os.OpenRoot(o.binaries)
	if err != nil {
		return nil, err
	}
	programs, err := oci.ReadRelease(o.binaries, folder.FS(), o.platforms)
	if err = errors.Join(err, folder.Close()); err != nil {
		return nil, err
	}
	if len(programs) > 1 && !o.place.TakesPlatforms() {
		return nil, hinted.New(
			fmt.Errorf("%s has programs for %s, and --output %s takes one", o.binaries, platformList(programs), o.place.String()),
			"choose with --platform",
		)
	}
	return programs, nil
}

func platformList(programs []oci.Program) string {
	var names []string
	for _, p := range programs {
		names = append(names, p.Platform.String())
	}
	return strings.Join(names, ", ")
}

// thisProgram returns the file of this process. On Linux that is the program itself, even if its file has
// been replaced since.
func thisProgram() (string, error) {
	if runtime.GOOS != "linux" {
		return "", coded{hinted.New(
			fmt.Errorf("this otlpctl is for %s, and an image needs one for Linux", runtime.GOOS),
			fmt.Sprintf("name it with --binary: the archive otlpctl_VERSION_linux_%s.tar.gz of the release has it", runtime.GOARCH),
		), exitUsage}
	}
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); !errors.Is(err, fs.ErrNotExist) {
		return self, err
	}
	return os.Executable()
}
