package catalog

import (
	"net/netip"
	"slices"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
)

// Pod is a pod of a Kubernetes cluster.
type Pod struct {
	Namespace, Name string
	IPs             []string
	// State says how the pod is, in a word or a sentence.
	State string
	// ConfigHash is that of the configuration which it was deployed with; empty if that is not known.
	ConfigHash string
}

// Cluster is what is known of the pods of a cluster. Of a nil one nothing is.
type Cluster struct {
	byIP   map[string]*Pod
	byName map[string][]*Pod
	// ranges are those that pods have their addresses from, and namespace is the only one whose pods are known, unless that is empty.
	ranges    []netip.Prefix
	namespace string
}

// NewCluster returns the Cluster of all pods, or if a namespace is named of its pods. ranges are those that pods have their addresses
// from, as far as they are known.
func NewCluster(pods []Pod, ranges []netip.Prefix, namespace string) *Cluster {
	c := &Cluster{byIP: map[string]*Pod{}, byName: map[string][]*Pod{}, ranges: ranges, namespace: namespace}
	for n := range pods {
		pod := &pods[n]
		c.byName[pod.Name] = append(c.byName[pod.Name], pod)
		for _, ip := range pod.IPs {
			c.byIP[ip] = pod
		}
	}
	return c
}

// place is where a cluster has an instance.
type place struct {
	pod *Pod // with the address of the instance
	// gone says that the instance was a pod that there is no more.
	gone bool
	// moved is the pod by the instance's name, if that has another address.
	moved *Pod
}

// podName returns the name of the pod that an instance says it is, and its namespace if it says that. Consul's own integration with
// Kubernetes writes the first of the keys.
func podName(i Instance) (name, namespace string) {
	for _, key := range []string{"pod-name", registry.MetaPod, "pod"} {
		if name = i.Meta[key]; name != "" {
			break
		}
	}
	for _, key := range []string{"k8s-namespace", "k8s_namespace", registry.MetaPodNamespace} {
		if namespace = i.Meta[key]; namespace != "" {
			break
		}
	}
	return name, namespace
}

func (c *Cluster) place(i Instance) place {
	if c == nil {
		return place{}
	}
	if pod := c.byIP[i.host]; pod != nil {
		return place{pod: pod}
	}
	name, namespace := podName(i)
	named := c.byName[name]
	if name == "" {
		named = c.byName[i.ID]
	}
	at := slices.IndexFunc(named, func(p *Pod) bool { return namespace == "" || p.Namespace == namespace })
	switch {
	case at >= 0 && len(named[at].IPs) > 0:
		return place{moved: named[at]}
	case at >= 0:
		return place{} // it has not begun yet
	case name != "":
		return place{gone: c.namespace == "" || c.namespace == namespace}
	}
	return place{gone: c.namespace == "" && c.contains(i.host)}
}

func (c *Cluster) contains(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(c.ranges, func(r netip.Prefix) bool { return r.Contains(ip) })
}

// String names the pod.
func (p *Pod) String() string { return "pod " + p.Namespace + "/" + p.Name }
