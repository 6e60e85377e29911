package kubernetes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Users of the API server, and the names of their certificates.
const (
	admin     = "admin"
	manager   = "kube-controller-manager"
	scheduler = "kube-scheduler"
	proxy     = "kube-proxy"
	server    = "kube-apiserver"
)

// A node that is lost is noticed, and its pods are replaced, sooner than by default (50 s and 300 s).
const (
	nodeGrace      = "12s"
	evictionsAfter = "5"
)

// gates turn off what does not work with Debian's etcd 3.4, which is older than 3.4.31: it cannot say on demand how far its watches
// are. That lists are read from the cache the API server turns off by itself, but not that it asks the same caches how large
// a list will be: for kinds that nobody writes the answer times out, lists of them count as the largest there are, and
// the log is full of it.
const gates = "SizeBasedListCostEstimate=false"

// writePKI writes all certificates and kubeconfigs.
func (c *Cluster) writePKI() error {
	var err error
	if c.ca, err = newAuthority(pkiDir(c.dir)); err != nil {
		return err
	}
	const service = "kubernetes.default.svc"
	err = c.ca.issue(server, pkix.Name{CommonName: server}, []string{"127.0.0.1", controlPlane, kubeService},
		[]string{"localhost", "kubernetes", "kubernetes.default", service, service + ".cluster.local"})
	if err != nil {
		return err
	}
	users := map[string]pkix.Name{admin: {CommonName: admin, Organization: []string{"system:masters"}}}
	for _, name := range []string{manager, scheduler, proxy} {
		users[name] = pkix.Name{CommonName: "system:" + name}
	}
	for name, subject := range users {
		if err := errors.Join(c.ca.issue(name, subject, nil, nil), c.writeCertified(name)); err != nil {
			return err
		}
	}
	for _, n := range c.nodes {
		subject := pkix.Name{CommonName: "system:node:" + n.Name(), Organization: []string{"system:nodes"}}
		err := errors.Join(c.ca.issue(n.Name(), subject, []string{n.Address()}, []string{n.Name()}), c.writeCertified(n.Name()))
		if err != nil {
			return err
		}
	}
	return nil
}

// writeKubectl writes a kubectl that a shell can run.
func (c *Cluster) writeKubectl() error {
	script := fmt.Sprintf("#!/bin/sh\nexport KUBECONFIG=\"${KUBECONFIG:-%s}\"\nexec '%s' kubectl --cache-dir='%s/cache' \"$@\"\n",
		c.Kubeconfig(), c.hyperkube, c.dir)
	return os.WriteFile(filepath.Join(c.Bin(), "kubectl"), []byte(script), 0o755)
}

// startControl starts the control plane and waits until the API server is ready.
func (c *Cluster) startControl(ctx context.Context) error {
	if err := c.startServer(ctx); err != nil {
		return err
	}
	if err := c.launchComponent(ctx, manager, append(c.credentials(manager),
		"--bind-address=127.0.0.1", "--leader-elect=false", "--use-service-account-credentials",
		"--service-account-private-key-file="+c.ca.keyFile("ca"), "--root-ca-file="+c.ca.certFile("ca"),
		"--cluster-signing-cert-file="+c.ca.certFile("ca"), "--cluster-signing-key-file="+c.ca.keyFile("ca"),
		"--node-monitor-period=2s", "--node-monitor-grace-period="+nodeGrace)...); err != nil {
		return err
	}
	return c.launchComponent(ctx, scheduler, append(c.credentials(scheduler),
		"--bind-address=127.0.0.1", "--leader-elect=false")...)
}

func (c *Cluster) startServer(ctx context.Context) error {
	const etcdClients, etcdPeers = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
	etcd, err := c.launch(ctx, "etcd", "etcd", "--name", "test", "--data-dir", filepath.Join(c.dir, "etcd"),
		"--listen-client-urls", etcdClients, "--advertise-client-urls", etcdClients,
		"--listen-peer-urls", etcdPeers, "--initial-advertise-peer-urls", etcdPeers, "--initial-cluster", "test="+etcdPeers,
		"--unsafe-no-fsync", "--log-level=warn")
	if err != nil {
		return err
	}
	c.control = append(c.control, etcd)
	err = c.launchComponent(ctx, server, "--etcd-servers="+etcdClients, "--feature-gates="+gates,
		"--bind-address=0.0.0.0", "--advertise-address="+controlPlane, "--secure-port="+c.port,
		"--tls-cert-file="+c.ca.certFile(server), "--tls-private-key-file="+c.ca.keyFile(server),
		"--client-ca-file="+c.ca.certFile("ca"), "--kubelet-certificate-authority="+c.ca.certFile("ca"),
		"--kubelet-client-certificate="+c.ca.certFile(admin), "--kubelet-client-key="+c.ca.keyFile(admin),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range="+serviceRange,
		"--service-account-key-file="+c.ca.certFile("ca"), "--service-account-signing-key-file="+c.ca.keyFile("ca"),
		"--requestheader-client-ca-file="+c.ca.certFile("ca"), "--requestheader-allowed-names="+server,
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+c.ca.certFile(server), "--proxy-client-key-file="+c.ca.keyFile(server),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged",
		"--default-unreachable-toleration-seconds="+evictionsAfter, "--default-not-ready-toleration-seconds="+evictionsAfter)
	if err != nil {
		return err
	}
	return c.waitHealthy(ctx, c.control[len(c.control)-1], c.Server()+"/readyz")
}

func (c *Cluster) startProxy(ctx context.Context) error {
	const health = "127.0.0.1:10256"
	config := filepath.Join(c.dir, proxy+".json")
	err := writeJSON(config, object{
		"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
		"clientConnection": object{"kubeconfig": c.kubeconfig(proxy)},
		"hostnameOverride": c.nodes[0].Name(), "clusterCIDR": podRange, "nodePortAddresses": []string{podRange},
		"bindAddress": controlPlane, "healthzBindAddress": health, "metricsBindAddress": "127.0.0.1:10249",
		"conntrack": object{"maxPerCore": 0, "min": 0}, // the limit is the machine's
	})
	if err != nil {
		return err
	}
	if err := c.launchComponent(ctx, proxy, "--config="+config); err != nil {
		return err
	}
	return c.waitHealthy(ctx, c.control[len(c.control)-1], "http://"+health+"/healthz")
}

// credentials returns the flags by which a component finds the API server, as itself.
func (c *Cluster) credentials(user string) []string {
	var flags []string
	for _, name := range []string{"", "authentication-", "authorization-"} {
		flags = append(flags, "--"+name+"kubeconfig="+c.kubeconfig(user))
	}
	return flags
}

func (c *Cluster) launchComponent(ctx context.Context, name string, args ...string) error {
	p, err := c.launch(ctx, name, append([]string{c.hyperkube, name}, args...)...)
	if err == nil {
		c.control = append(c.control, p)
	}
	return err
}

// waitHealthy waits until a component says at url that it works.
func (c *Cluster) waitHealthy(ctx context.Context, p *process.Process, url string) error {
	trust, err := os.ReadFile(c.ca.certFile("ca"))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(trust)
	transport := &http.Transport{DialContext: c.Dial, TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport}
	return wait.Until(ctx, startLimit, p.Name()+" to be healthy", func() (bool, error) {
		if !p.Running() {
			return false, &process.EndedError{Name: p.Name(), Log: p.Tail(tailBytes)}
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, err
		}
		response, err := client.Do(request)
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
}

// Kubectl runs kubectl as admin and returns what it wrote to its standard output.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) ([]byte, error) {
	return c.kubectl(ctx, "", args...)
}

// Apply has kubectl apply manifests, which are YAML or JSON.
func (c *Cluster) Apply(ctx context.Context, manifests string) error {
	_, err := c.kubectl(ctx, manifests, "apply", "--filename", "-")
	return err
}

// Delete has kubectl delete what manifests name. What is not there is fine.
func (c *Cluster) Delete(ctx context.Context, manifests string) error {
	_, err := c.kubectl(ctx, manifests, "delete", "--ignore-not-found", "--filename", "-")
	return err
}

func (c *Cluster) kubectl(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	command := []string{c.hyperkube, "kubectl", "--kubeconfig", c.Kubeconfig(), "--cache-dir", filepath.Join(c.dir, "cache")}
	return c.box.run(ctx, strings.NewReader(stdin), append(command, args...)...)
}
