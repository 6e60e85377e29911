package manifest

import (
	"cmp"
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// probes sets the three probes. Figures come from deploy.probes, the way to ask from the section admin.
func (r *renderer) probes(c *corev1.Container) error {
	alive, ready := r.asking("/health"), r.asking("/ready")
	if len(r.faults) > 0 {
		return r.faults
	}
	c.LivenessProbe = probe(r.deploy.Probes.Liveness, alive)
	c.ReadinessProbe = probe(r.deploy.Probes.Readiness, ready)
	c.ReadinessProbe.SuccessThreshold = 1
	c.StartupProbe = probe(r.deploy.Probes.Startup, alive)
	return nil
}

func probe(p config.Probe, how corev1.ProbeHandler) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:        how,
		InitialDelaySeconds: int32(p.InitialDelaySeconds), PeriodSeconds: int32(p.PeriodSeconds),
		TimeoutSeconds: int32(p.TimeoutSeconds), FailureThreshold: int32(p.FailureThreshold),
	}
}

// asking returns how the kubelet asks a path of the admin port. It asks itself, unless it could not:
// because only the pod reaches the port, or because it has no certificate to show.
func (r *renderer) asking(path string) corev1.ProbeHandler {
	admin, reachable := r.admin()
	tls := r.Config.Admin.TLS
	if !reachable || tls != nil && (tls.ClientCAFile != "" || r.Open("admin.tls.client_ca_file")) {
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: r.healthCommand(path)}}
	}
	get := &corev1.HTTPGetAction{Path: path, Port: intstr.FromString(admin.name)}
	if tls != nil {
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
	_, text, err := net.SplitHostPort(r.Config.Admin.Endpoint)
	number, atoi := strconv.Atoi(text)
	if err != nil || atoi != nil || r.Open(adminPath) {
		r.fault(adminPath, "is needed where the objects are made: probes ask there", "write the address out")
		return nil
	}
	command := []string{"/app/otlpctl", "health", "--endpoint", fmt.Sprintf("%s://localhost:%d%s", scheme, number, path)}
	if tls == nil {
		return command
	}
	for _, file := range []struct{ flag, path, name string }{
		{"--ca-file", "admin.tls.client_ca_file", cmp.Or(tls.CAFile, tls.ClientCAFile)},
		{"--cert-file", "admin.tls.cert_file", tls.CertFile}, {"--key-file", "admin.tls.key_file", tls.KeyFile},
	} {
		if file.name == "" || r.Open(file.path) {
			r.fault(file.path, "is needed where the objects are made: with client_ca_file, probes show the receiver's own certificate", "write the name of the file out")
		}
		command = append(command, file.flag, file.name)
	}
	return command
}
