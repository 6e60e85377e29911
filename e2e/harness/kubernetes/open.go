package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// description is what another process must know of a running cluster.
type description struct {
	Version   string `json:"version"`
	Hyperkube string `json:"hyperkube"`
	Port      string `json:"port"`
	PID       int    `json:"pid"` // of the sandbox
	Nodes     int    `json:"nodes"`
}

func descriptionFile(dir string) string { return filepath.Join(dir, "cluster.json") }

func (c *Cluster) describe() error {
	return writeJSON(descriptionFile(c.dir), description{
		Version: c.version, Hyperkube: c.hyperkube, Port: c.port, PID: c.box.pid, Nodes: len(c.nodes),
	})
}

// Open returns a cluster that another process runs, by its folder. It can be used, but only that process can stop it
// or its nodes.
func Open(dir string) (*Cluster, error) {
	text, err := os.ReadFile(descriptionFile(dir))
	if err != nil {
		return nil, err
	}
	var d description
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", descriptionFile(dir), err)
	}
	c := &Cluster{
		version: d.Version, hyperkube: d.Hyperkube, dir: dir, port: d.Port,
		box: sandbox{pid: d.PID}, ca: &authority{dir: pkiDir(dir)},
	}
	for i := range d.Nodes {
		c.nodes = append(c.nodes, newNode(c, i))
	}
	return c, nil
}
