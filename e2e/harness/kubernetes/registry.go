package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
)

// Registry returns the address in the cluster's network from which the nodes pull without TLS. Whoever needs a registry
// there runs one: see Inside.
func (c *Cluster) Registry() string { return controlPlane + ":5000" }

// registries returns the folder that says how the node talks to registries.
func (n *Node) registries() string { return filepath.Join(n.dir, "registries") }

func (n *Node) writeRegistry() error {
	host := n.cluster.Registry()
	dir := filepath.Join(n.registries(), host)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text := fmt.Sprintf("server = %q\n[host.%[1]q]\n", "http://"+host)
	return os.WriteFile(filepath.Join(dir, "hosts.toml"), []byte(text), 0o644)
}
