package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// property is one thing that a container is told. That of a secret is not to be shown or kept.
type property struct {
	name, value string
	secret      bool
}

// Prefixes of the names of properties, of which there are any number.
const (
	envPrefix    = "env."
	setPrefix    = "set."
	configPrefix = "config."
)

// properties returns what the container is told, in the order in which people read it.
func (r *Run) properties(imageID string, ports []int) []property {
	all := []property{
		{name: "image", value: imageID},
		{name: "restart", value: r.Restart},
		{name: "memory", value: memoryText(r.Memory)},
		{name: "cpus", value: cpusText(r.nanoCPUs())},
		{name: "network", value: cmp.Or(r.Network, network.NetworkDefault)},
		{name: "data", value: r.Data},
		{name: "stop_timeout", value: (time.Duration(r.stopSeconds()) * time.Second).String()},
	}
	bindings := r.bindings(ports)
	for _, port := range slices.Sorted(slices.Values(ports)) {
		for _, b := range bindings[tcp(port)] {
			all = append(all, property{name: "port." + strconv.Itoa(port), value: net.JoinHostPort(cmp.Or(b.HostIP, "0.0.0.0"), b.HostPort)})
		}
	}
	for i, f := range r.Files {
		all = append(all, property{name: fmt.Sprintf("%s%d", configPrefix, i+1), value: f.Name + " " + f.hash()})
	}
	all = append(all, secrets(setPrefix, r.Set)...)
	return append(all, secrets(envPrefix, r.Env)...)
}

// secrets returns assignments as properties. Whether a value is a secret is not for its name to say: a password may
// be in any URL.
func secrets(prefix string, assignments []string) []property {
	values := variables(assignments)
	var all []property
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, property{name: prefix + name, value: values[name], secret: true})
	}
	return all
}

// known returns what the container's label keeps of its properties.
func known(all []property) map[string]string {
	kept := make(map[string]string, len(all))
	for _, p := range all {
		if p.secret {
			p.value = ""
		}
		kept[p.name] = p.value
	}
	return kept
}

// observed returns the properties of a container: what it was told, from its label, and over it what the engine says
// of what may have changed since or is secret. A label that cannot be read is one that says nothing.
func observed(c *container.InspectResponse) []property {
	var told map[string]string
	if err := json.Unmarshal([]byte(c.Config.Labels[stateLabel]), &told); err != nil {
		told = nil
	}
	now := map[string]string{
		"image":   c.Image,
		"restart": restartText(c.HostConfig.RestartPolicy),
		"memory":  memoryText(c.HostConfig.Memory),
		"cpus":    cpusText(c.HostConfig.NanoCPUs),
	}
	secret := map[string]map[string]string{
		envPrefix: variables(c.Config.Env), setPrefix: variables(settings(c.Config.Cmd)),
	}
	var all []property
	for _, name := range slices.Sorted(maps.Keys(told)) {
		p := property{name: name, value: told[name]}
		if value, live := now[name]; live {
			p.value = value
		}
		for prefix, values := range secret {
			if key, ok := strings.CutPrefix(name, prefix); ok {
				p.value, p.secret = values[key], true
			}
		}
		all = append(all, p)
	}
	return append(all, updated(c.HostConfig)...)
}

// updated returns the limits that no container is given here, but docker update can set. Limits that an engine gives
// every container are none of them.
func updated(host *container.HostConfig) []property {
	var all []property
	add := func(name, value string, given bool) {
		if given {
			all = append(all, property{name: name, value: value})
		}
	}
	add("cpu_shares", strconv.FormatInt(host.CPUShares, 10), host.CPUShares != 0)
	add("cpuset_cpus", host.CpusetCpus, host.CpusetCpus != "")
	add("cpuset_mems", host.CpusetMems, host.CpusetMems != "")
	add("memory_reservation", memoryText(host.MemoryReservation), host.MemoryReservation != 0)
	return all
}

// settings returns the values of --set among arguments.
func settings(args []string) []string {
	var found []string
	for i, arg := range args {
		if arg == "--set" && i+1 < len(args) {
			found = append(found, args[i+1])
		}
	}
	return found
}
