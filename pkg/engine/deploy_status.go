package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"
)

// Status is how a container is. The names of its JSON fields are API.
type Status struct {
	Name      string `json:"name"`
	Container string `json:"container"`
	// State is the engine's: created, running, restarting, exited, paused or dead.
	State string `json:"state"`
	// Health is healthy, unhealthy or starting, and none if the container does not run.
	Health string `json:"health"`
	// Why says what is wrong; it is empty if the container is healthy.
	Why     string `json:"why,omitempty"`
	Image   string `json:"image"`
	ImageID string `json:"image_id"`
	// Outdated says that the image's name stands for another image by now, or for none.
	Outdated bool       `json:"outdated"`
	Started  *time.Time `json:"started,omitempty"`
	Restarts int        `json:"restarts"`
	Policy   string     `json:"restart_policy"`
	Ports    []Port     `json:"ports"`
	// Memory is what is used, in bytes, without what the kernel can give back, and MemoryLimit what may be; 0 is
	// not known, and no limit.
	Memory      uint64  `json:"memory"`
	MemoryLimit int64   `json:"memory_limit"`
	CPUs        float64 `json:"cpus"`
	// Configuration are the files that are mounted, with the beginnings of their hashes.
	Configuration []string `json:"configuration"`
	Data          string   `json:"data"`
}

// Port is a port of a container. The names of its JSON fields are API.
type Port struct {
	Port int `json:"port"`
	// Published are the addresses of the host where it is reachable.
	Published []string `json:"published"`
}

// Ready reports whether the container runs and is healthy.
func (s *Status) Ready() bool {
	return s.State == container.StateRunning && s.Health == container.Healthy
}

// Status asks how a container is.
func (e *Engine) Status(ctx context.Context, name string) (*Status, error) {
	c, err := e.existing(ctx, name)
	if err != nil {
		return nil, err
	}
	s := describe(c)
	if (s.Health == container.Starting || s.Health == container.Unhealthy) && e.probe(ctx, c) {
		s.Health, s.Why = container.Healthy, ""
	}
	if s.Outdated, err = e.outdated(ctx, c); err != nil {
		return nil, err
	}
	if c.State.Running {
		if s.Memory, err = e.memory(ctx, c.ID); err != nil {
			return nil, fmt.Errorf("memory of %s: %w", name, err)
		}
	}
	return s, nil
}

// describe returns what the engine's description of a container says.
func describe(c *container.InspectResponse) *Status {
	s := &Status{
		Name: strings.TrimPrefix(c.Name, "/"), Container: c.ID,
		State: c.State.Status, Health: container.NoHealthcheck,
		Image: c.Config.Image, ImageID: c.Image, Restarts: c.RestartCount,
		Policy: restartText(c.HostConfig.RestartPolicy), Ports: ports(c),
		MemoryLimit: c.HostConfig.Memory, CPUs: float64(c.HostConfig.NanoCPUs) / 1e9,
		Configuration: []string{},
	}
	_, s.Why = judge(c.State, 0)
	if c.State.Running && c.State.Health != nil {
		s.Health = c.State.Health.Status
	}
	if started, err := time.Parse(time.RFC3339Nano, c.State.StartedAt); err == nil && !started.IsZero() {
		s.Started = &started
	}
	for _, p := range observed(c) {
		switch {
		case p.name == "data":
			s.Data = p.value
		case strings.HasPrefix(p.name, configPrefix):
			s.Configuration = append(s.Configuration, p.value)
		}
	}
	return s
}

// ports returns the ports of a container that are published, and where.
func ports(c *container.InspectResponse) []Port {
	all := []Port{}
	for _, p := range slices.SortedFunc(maps.Keys(c.HostConfig.PortBindings), byNumber) {
		port := Port{Port: p.Int(), Published: []string{}}
		for _, b := range c.HostConfig.PortBindings[p] {
			port.Published = append(port.Published, net.JoinHostPort(cmp.Or(b.HostIP, "0.0.0.0"), b.HostPort))
		}
		all = append(all, port)
	}
	return all
}

func byNumber(a, b nat.Port) int { return cmp.Compare(a.Int(), b.Int()) }

// outdated reports whether the name of a container's image stands for another one by now.
func (e *Engine) outdated(ctx context.Context, c *container.InspectResponse) (bool, error) {
	now, err := e.api.ImageInspect(ctx, c.Config.Image)
	if cerrdefs.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("image %s: %w", c.Config.Image, err)
	}
	return now.ID != c.Image, nil
}

// memory returns what a container uses, in bytes.
func (e *Engine) memory(ctx context.Context, id string) (uint64, error) {
	answer, err := e.api.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	return usedMemory(answer.Body)
}

// maxStats is more than the engine's figures of a container take.
const maxStats = 1 << 20

// usedMemory reads the engine's figures. File pages that were not used lately are not counted: the kernel takes them
// back when memory gets short. Their name depends on the version of control groups.
func usedMemory(figures io.Reader) (uint64, error) {
	var s container.StatsResponse
	if err := json.NewDecoder(io.LimitReader(figures, maxStats)).Decode(&s); err != nil {
		return 0, err
	}
	used := s.MemoryStats.Usage
	for _, name := range []string{"total_inactive_file", "inactive_file"} {
		if idle, ok := s.MemoryStats.Stats[name]; ok {
			return used - min(idle, used), nil
		}
	}
	return used, nil
}
