package engine

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/strslice"
	"github.com/docker/go-connections/nat"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// The labels of containers and volumes that are deployed. Whatever lacks managedLabel is somebody else's and is
// not touched.
const (
	managedLabel = "io.github.otlpctl.managed-by"
	managedBy    = "otlpctl"
	// stateLabel holds what the container was told, without secrets.
	stateLabel = "io.github.otlpctl.state"
	// untilLabel says how long a replacement may take: one that is still there later was interrupted.
	untilLabel = "io.github.otlpctl.replacing-until"
)

// What logs may take on the host where the engine would let them grow for ever.
const (
	logFileSize = "10m"
	logFiles    = "3"
)

// request is a container as the engine is asked for it.
type request struct {
	config  *container.Config
	host    *container.HostConfig
	network *network.NetworkingConfig
}

// request translates what is wanted. imageID is what Image stands for now, and logDriver the engine's default.
func (r *Run) request(imageID, logDriver string, ports []int) (request, error) {
	policy, err := r.restartPolicy()
	if err != nil {
		return request{}, err
	}
	state, err := json.Marshal(known(r.properties(imageID, ports)))
	if err != nil {
		return request{}, err
	}
	seconds := r.stopSeconds()
	config := &container.Config{
		Image: r.Image, Entrypoint: strslice.StrSlice(image.Entrypoint()), Cmd: r.arguments(), Env: r.Env,
		ExposedPorts: exposed(ports), StopTimeout: &seconds, Healthcheck: r.healthCheck(),
		Labels: map[string]string{managedLabel: managedBy, stateLabel: string(state)},
	}
	host := &container.HostConfig{
		RestartPolicy: policy,
		Resources:     container.Resources{Memory: r.Memory, NanoCPUs: r.nanoCPUs()},
		NetworkMode:   container.NetworkMode(cmp.Or(r.Network, network.NetworkDefault)),
		PortBindings:  r.bindings(ports),
		Mounts:        r.mounts(),
		// The receiver writes to /data and nowhere else, and needs no privilege.
		ReadonlyRootfs: true,
		Tmpfs:          map[string]string{"/tmp": "rw,noexec,nosuid,nodev,size=64m"},
		CapDrop:        strslice.StrSlice{"ALL"},
		SecurityOpt:    []string{"no-new-privileges"},
	}
	if logDriver == "json-file" {
		host.LogConfig = container.LogConfig{
			Type: logDriver, Config: map[string]string{"max-size": logFileSize, "max-file": logFiles},
		}
	}
	return request{config, host, nil}, nil
}

// healthCheck asks the receiver with the configuration that it runs with, which says where it can be asked.
func (r *Run) healthCheck() *container.HealthConfig {
	check := image.Health()
	return &container.HealthConfig{
		Test:     append(append([]string{"CMD"}, image.Entrypoint()...), append(r.arguments(), "--health-check")...),
		Interval: check.Interval, Timeout: check.Timeout, StartPeriod: check.StartPeriod, Retries: check.Retries,
	}
}

func (r *Run) bindings(ports []int) nat.PortMap {
	if r.Publish.Off || r.Network == network.NetworkHost || r.Network == network.NetworkNone {
		return nil
	}
	bindings := nat.PortMap{}
	for _, port := range ports {
		bindings[tcp(port)] = []nat.PortBinding{r.Publish.binding(port)}
	}
	return bindings
}

func (r *Run) mounts() []mount.Mount {
	data := mount.Mount{Type: mount.TypeVolume, Source: r.Data, Target: image.DataFolder}
	if r.bind() {
		data.Type, data.Source = mount.TypeBind, filepath.Clean(r.Data)
	}
	mounts := []mount.Mount{data}
	for i, file := range r.Files {
		mounts = append(mounts, mount.Mount{
			Type: mount.TypeBind, Source: file.Path, Target: file.target(i), ReadOnly: true,
		})
	}
	return mounts
}

// lease marks the request as a replacement that is under way until then at the latest.
func (r request) lease(until time.Time) {
	r.config.Labels[untilLabel] = until.UTC().Format(time.RFC3339)
}

// lapsed reports whether the time that a replacement had is over.
func lapsed(labels map[string]string, now time.Time) bool {
	until, err := time.Parse(time.RFC3339, labels[untilLabel])
	return err != nil || now.After(until)
}

// variables parts assignments into a map.
func variables(assignments []string) map[string]string {
	values := make(map[string]string, len(assignments))
	for _, assignment := range assignments {
		name, value, _ := strings.Cut(assignment, "=")
		values[name] = value
	}
	return values
}
