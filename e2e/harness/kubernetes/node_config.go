package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const pauseImage = "localhost/pause:1"

// Socket returns the path at which the node's containerd listens.
func (n *Node) Socket() string { return n.socket() }

func (n *Node) containerdConfig() string { return filepath.Join(n.dir, "containerd.toml") }

func (n *Node) kubeletConfig() string { return filepath.Join(n.dir, "kubelet.json") }

// state returns the folder that containerd may lose when the machine stops.
func (n *Node) state() string { return filepath.Join(n.dir, "state") }

// addresses returns the folder that says which addresses of pods are taken.
func (n *Node) addresses() string { return filepath.Join(n.dir, "addresses") }

func (n *Node) writeConfig() error {
	for _, dir := range []string{"cni", "kubelet"} {
		if err := os.MkdirAll(filepath.Join(n.dir, dir), 0o755); err != nil {
			return err
		}
	}
	return errors.Join(n.writeContainerd(), n.writeRegistry(), n.writeNetwork(), n.writeKubelet())
}

func (n *Node) writeContainerd() error {
	const cri = `plugins."io.containerd.grpc.v1.cri"`
	text := fmt.Sprintf(`version = 2
root = %q
state = %q
[debug]
level = "warn"
[grpc]
address = %q
[plugins."io.containerd.internal.v1.opt"]
path = %q
[%[5]s]
sandbox_image = %[6]q
netns_mounts_under_state_dir = true
# Root without CAP_SYS_RESOURCE may not lower what it inherits.
restrict_oom_score_adj = true
[%[5]s.cni]
bin_dir = %[7]q
conf_dir = %[8]q
[%[5]s.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[%[5]s.registry]
config_path = %[9]q
`, filepath.Join(n.dir, "containerd"), n.state(), n.socket(), filepath.Join(n.dir, "opt"),
		cri, pauseImage, pluginDir, filepath.Join(n.dir, "cni"), n.registries())
	return os.WriteFile(n.containerdConfig(), []byte(text), 0o644)
}

// writeNetwork gives each pod a link of its own to the node. With a bridge, two pods of one node would need the kernel
// to pass bridged packets through the firewall, which not every machine does.
func (n *Node) writeNetwork() error {
	return writeJSON(filepath.Join(n.dir, "cni", "10-ptp.conflist"), object{
		"cniVersion": "1.0.0", "name": n.Name(),
		"plugins": []object{
			{"type": "ptp", "ipam": object{
				"type": "host-local", "dataDir": n.addresses(), "routes": []object{{"dst": "0.0.0.0/0"}},
				"ranges": [][]object{{{"subnet": n.pods(), "gateway": n.Address()}}},
			}},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	})
}

func (n *Node) writeKubelet() error {
	ca := n.cluster.ca
	resolv := filepath.Join(n.dir, "resolv.conf")
	if err := os.WriteFile(resolv, nil, 0o644); err != nil {
		return err
	}
	return writeJSON(n.kubeletConfig(), object{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"address": n.Address(), "port": 10250, "healthzBindAddress": n.Address(),
		"authentication": object{
			"anonymous": object{"enabled": false}, "webhook": object{"enabled": true},
			"x509": object{"clientCAFile": ca.certFile("ca")},
		},
		"authorization":             object{"mode": "Webhook"},
		"tlsCertFile":               ca.certFile(n.Name()),
		"tlsPrivateKeyFile":         ca.keyFile(n.Name()),
		"containerRuntimeEndpoint":  "unix://" + n.socket(),
		"cgroupDriver":              "cgroupfs",
		"cgroupRoot":                cgroupOf(n.dir),
		"failCgroupV1":              false,
		"failSwapOn":                false,
		"resolvConf":                resolv,
		"podLogsDir":                filepath.Join(n.dir, "pods"),
		"volumePluginDir":           filepath.Join(n.dir, "plugins"),
		"serializeImagePulls":       false,
		"nodeStatusUpdateFrequency": "4s",
		"nodeLeaseDurationSeconds":  8, // renewed every 2 s; see nodeGrace
		// The disk and the memory are this machine's, and not the cluster's to save.
		"imageGCHighThresholdPercent": 100,
		"evictionHard": object{
			"nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%", "imagefs.inodesFree": "0%",
			"memory.available": "100Mi",
		},
	})
}
