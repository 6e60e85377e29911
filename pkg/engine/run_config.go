package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path"
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

// What logs may take on the host with the engine's stock driver, which lets them grow for ever.
const (
	jsonfilelog = "json-file"
	logFileSize = "10m"
	logFiles    = "3"
)

// request is a container as the engine is asked for it.
type request struct {
	config *container.Config
	host   *container.HostConfig
	// told is what it is told, as people see it.
	told []property
}

// request translates what is wanted. imageID is what Image stands for now, and logDriver the engine's default.
func (r *Run) request(imageID, logDriver string, ports []int) (request, error) {
	policy, err := r.restartPolicy()
	if err != nil {
		return request{}, err
	}
	host := hardened(logDriver)
	host.RestartPolicy = policy
	host.Resources = container.Resources{Memory: r.Memory, NanoCPUs: r.nanoCPUs()}
	host.NetworkMode = container.NetworkMode(cmp.Or(r.Network, network.NetworkDefault))
	host.PortBindings = r.bindings(ports)
	host.Mounts = r.mounts()
	told := append(r.properties(imageID, ports), property{name: "defaults", value: fingerprint(hardened(logDriver), image.Health())})
	state, err := json.Marshal(known(told))
	if err != nil {
		return request{}, err
	}
	seconds := r.stopSeconds()
	config := &container.Config{
		Image: r.Image, Entrypoint: strslice.StrSlice(image.Entrypoint()), Cmd: r.arguments(), Env: r.Env,
		ExposedPorts: exposed(ports), StopTimeout: &seconds, Healthcheck: r.healthCheck(),
		Labels: map[string]string{managedLabel: managedBy, stateLabel: string(state)},
	}
	return request{config, host, told}, nil
}

// hardened returns what every container is run with. The receiver writes to /data and nowhere else, and needs no
// privilege.
func hardened(logDriver string) *container.HostConfig {
	host := &container.HostConfig{
		ReadonlyRootfs: true,
		Tmpfs:          map[string]string{"/tmp": "rw,noexec,nosuid,nodev,size=64m"},
		CapDrop:        strslice.StrSlice{"ALL"},
		SecurityOpt:    []string{"no-new-privileges"},
	}
	// Whoever has chosen another driver, or limits of their own for it, knows better.
	if logDriver == jsonfilelog {
		host.LogConfig = container.LogConfig{
			Type: logDriver, Config: map[string]string{"max-size": logFileSize, "max-file": logFiles},
		}
	}
	return host
}

// fingerprint returns a short hash by which a later version sees that its defaults are others.
func fingerprint(defaults ...any) string {
	h := sha256.New()
	// What goes wrong with values of our own goes wrong each time, and makes the same fingerprint.
	_ = json.NewEncoder(h).Encode(defaults)
	return hex.EncodeToString(h.Sum(nil))[:hashDigits]
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
	data := mount.Mount{
		Type: mount.TypeVolume, Source: r.Data, Target: image.DataFolder,
		VolumeOptions: &mount.VolumeOptions{Labels: map[string]string{managedLabel: managedBy}}, // if there is none yet
	}
	if r.bind() {
		data = mount.Mount{Type: mount.TypeBind, Source: path.Clean(r.Data), Target: image.DataFolder}
	}
	if len(r.Files) == 0 {
		return []mount.Mount{data}
	}
	return []mount.Mount{data, {
		Type: mount.TypeVolume, Source: r.configVolume(), Target: configFolder, ReadOnly: true,
		VolumeOptions: &mount.VolumeOptions{NoCopy: true, Labels: map[string]string{managedLabel: managedBy}},
	}}
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
