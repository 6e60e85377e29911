package manifest

import (
	"cmp"
	"net"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/otlpctl/otlpctl/pkg/config"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// probes sets the three probes. Figures come from deploy.probes, the way to ask from the section admin.
func (r *renderer) probes(c *corev1.Container) {
	c.LivenessProbe = probe(r.deploy.Probes.Liveness, r.asking("/health"))
	c.ReadinessProbe = probe(r.deploy.Probes.Readiness, r.asking("/ready"))
	c.ReadinessProbe.SuccessThreshold = 1
	c.StartupProbe = probe(r.deploy.Probes.Startup, r.asking("/health"))
}

func probe(p config.Probe, how corev1.ProbeHandler) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:        how,
		InitialDelaySeconds: int32(p.InitialDelaySeconds), PeriodSeconds: int32(p.PeriodSeconds),
		TimeoutSeconds: int32(p.TimeoutSeconds), FailureThreshold: int32(p.FailureThreshold),
	}
}

// kubeletAsks says that the kubelet itself can ask the admin port. It cannot if only the pod reaches
// the port, and it has no certificate to show.
func (r *renderer) kubeletAsks() bool {
	_, reachable := r.admin()
	tls := r.Config.Admin.TLS
	return reachable && (tls == nil || tls.ClientCAFile == "" && !r.Open(clientsPath))
}

// clientsPath is the key by which the admin port wants certificates.
const clientsPath = "admin.tls.client_ca_file"

// asking returns how a path of the admin port is asked.
func (r *renderer) asking(path string) corev1.ProbeHandler {
	if !r.kubeletAsks() {
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: r.healthCommand(path)}}
	}
	admin, _ := r.admin()
	get := &corev1.HTTPGetAction{Path: path, Port: intstr.FromString(admin.name)}
	if admin.TLS {
		get.Scheme = corev1.URISchemeHTTPS
	}
	return corev1.ProbeHandler{HTTPGet: get}
}

// healthCommand asks from inside the pod, with the receiver's own certificate if one is wanted.
func (r *renderer) healthCommand(path string) []string {
	scheme, tls := "http", r.Config.Admin.TLS
	if tls != nil {
		scheme = "https"
	}
	_, port, _ := net.SplitHostPort(r.Config.Admin.Endpoint) // checked before
	command := []string{"/app/otlpctl", "health", "--endpoint", scheme + "://" + net.JoinHostPort("localhost", port) + path}
	if tls == nil {
		return command
	}
	command = append(command, "--ca-file", cmp.Or(tls.CAFile, tls.ClientCAFile))
	if tls.ClientCAFile != "" {
		command = append(command, "--cert-file", tls.CertFile, "--key-file", tls.KeyFile)
	}
	return command
}

// checkProbes asks for what the command of a probe must know.
func (r *renderer) checkProbes() {
	tls := r.Config.Admin.TLS
	if r.kubeletAsks() {
		return
	}
	if r.Open(adminPath) {
		r.fault(adminPath, "is needed where the objects are made: probes ask there from inside the pod", "write the address out")
	}
	if tls == nil {
		return
	}
	for _, file := range []struct{ path, name string }{
		{clientsPath, cmp.Or(tls.CAFile, tls.ClientCAFile)}, {"admin.tls.cert_file", tls.CertFile}, {"admin.tls.key_file", tls.KeyFile},
	} {
		if file.name == "" || r.Open(file.path) {
			r.fault(adminPath, "probes ask from inside the pod and show the receiver's own certificate, for which "+file.path+" must be the name of a file", "set it, without a reference")
		}
	}
	r.doubt(adminPath, "probes ask for localhost, which the certificate of the admin port must name", "")
}
