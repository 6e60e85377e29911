package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-units"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// What a container is run with unless told otherwise.
const (
	DefaultName    = "otlp-receiver"
	DefaultRestart = "unless-stopped"
	DefaultMemory  = 512 << 20
	DefaultCPUs    = 2
)

// The least that can be had. Of less, engines and kernels complain in words of their own.
const (
	LeastMemory = 6 << 20
	LeastCPUs   = 0.01
)

// hashDigits is how much of a hash names what it is of.
const hashDigits = 12

// configFolder is where the configuration is in the container. Each file has a folder of its own in it: one in the
// folder itself would be read without having been asked for, if it were called default.yaml.
const configFolder = image.AppFolder + "/config"

// DataVolume returns the name of the volume of a container that has been given no other.
func DataVolume(name string) string { return name + "-data" }

// Run says how a container is to run.
type Run struct {
	Name string
	// Image is a reference to an image that the engine has.
	Image string
	// Restart is the policy by its name: no, always, unless-stopped or on-failure[:TIMES].
	Restart string
	// Memory is the limit in bytes, and CPUs that in processors; 0 is none.
	Memory int64
	CPUs   float64
	// Data is a volume by its name, or an absolute path, for what outlives the container.
	Data string
	// Env are variables, NAME=value, over those of the image.
	Env []string
	// Files are the configuration; without any it is the image's own.
	Files []ConfigFile
	// Set are settings over the files, path=value.
	Set []string
	// Ports are the TCP ports that the configuration listens on; nil are those that the image exposes.
	Ports []int
	// Publish is whether and at which address of the host the ports are reachable.
	Publish Publish
	// Network is the network to be on; empty is the engine's default.
	Network string
	// StopTimeout is how long the receiver may take to stop.
	StopTimeout time.Duration
	// Exclusive says that two of these containers must not run side by side: both would write the same files.
	Exclusive bool
}

// ConfigFile is a configuration file.
type ConfigFile struct {
	// Name is without a folder.
	Name    string
	Content []byte
}

// hash names the content.
func (f ConfigFile) hash() string {
	sum := sha256.Sum256(f.Content)
	return hex.EncodeToString(sum[:])[:hashDigits]
}

// path returns the path of a file that is the n-th, from configFolder.
func (f ConfigFile) path(n int) string { return path.Join(strconv.Itoa(n+1), f.Name) }

// arguments returns the command that the container runs, without the program.
func (r *Run) arguments() []string {
	args := image.Command()
	if len(r.Files) > 0 {
		args = []string{"serve"}
	}
	for i, file := range r.Files {
		args = append(args, "--config", path.Join(configFolder, file.path(i)))
	}
	for _, assignment := range r.Set {
		args = append(args, "--set", assignment)
	}
	return args
}

// bind reports whether the data is in a folder of the host.
func (r *Run) bind() bool { return path.IsAbs(r.Data) }

// stopSeconds returns the time to stop as the engine wants it.
func (r *Run) stopSeconds() int { return int(math.Ceil(r.StopTimeout.Seconds())) }

// restartPolicy returns the policy as the engine wants it.
func (r *Run) restartPolicy() (container.RestartPolicy, error) { return parseRestart(r.Restart) }

// ValidRestart returns an error unless text names a restart policy.
func ValidRestart(text string) error {
	_, err := parseRestart(text)
	return err
}

func parseRestart(text string) (container.RestartPolicy, error) {
	name, times, counted := strings.Cut(text, ":")
	policy := container.RestartPolicy{Name: container.RestartPolicyMode(name)}
	known := []container.RestartPolicyMode{
		container.RestartPolicyDisabled, container.RestartPolicyAlways,
		container.RestartPolicyUnlessStopped, container.RestartPolicyOnFailure,
	}
	if !slices.Contains(known, policy.Name) || counted && policy.Name != container.RestartPolicyOnFailure {
		return policy, fmt.Errorf("%q: want no, always, unless-stopped or on-failure[:TIMES]", text)
	}
	if counted {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			return policy, fmt.Errorf("%q: TIMES is a number above 0", text)
		}
		policy.MaximumRetryCount = n
	}
	return policy, nil
}

// restartText is the reverse of parseRestart. An engine that is told of no policy may call it "".
func restartText(p container.RestartPolicy) string {
	switch {
	case p.Name == "":
		return string(container.RestartPolicyDisabled)
	case p.MaximumRetryCount > 0:
		return fmt.Sprintf("%s:%d", p.Name, p.MaximumRetryCount)
	}
	return string(p.Name)
}

// ParseMemory reads a size as Docker does: bytes, or with b, k, m or g behind it, in powers of 1024.
func ParseMemory(text string) (int64, error) {
	n, err := units.RAMInBytes(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q: want a number of bytes, or with b, k, m or g behind it", text)
	}
	return n, nil
}

// MemoryFlag is the reverse of ParseMemory.
func MemoryFlag(bytes int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"g", units.GiB}, {"m", units.MiB}, {"k", units.KiB}} {
		if bytes > 0 && bytes%unit.bytes == 0 {
			return strconv.FormatInt(bytes/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(bytes, 10)
}

func memoryText(bytes int64) string {
	if bytes == 0 {
		return "unlimited"
	}
	return units.BytesSize(float64(bytes))
}

func cpusText(nano int64) string {
	if nano == 0 {
		return "unlimited"
	}
	return strconv.FormatFloat(float64(nano)/1e9, 'f', -1, 64)
}

func (r *Run) nanoCPUs() int64 { return int64(math.Round(r.CPUs * 1e9)) }
