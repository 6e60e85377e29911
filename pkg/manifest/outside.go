package manifest

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/config"
	networkingv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/networking/v1"
)

// ingresses makes one Ingress for each protocol: controllers choose how to speak to a backend by
// annotations, which hold for a whole Ingress.
func (r *renderer) ingresses() error {
	in := r.deploy.Ingress
	if in == nil {
		return nil
	}
	if in.Host != "" {
		if err := r.ingress(httpPort, "deploy.ingress.host", r.deploy.Name, in.Host, nil); err != nil {
			return err
		}
	}
	if in.GRPCHost != "" {
		return r.ingress(grpcPort, "deploy.ingress.grpc_host", r.deploy.Name+"-grpc", in.GRPCHost, in.GRPCAnnotations)
	}
	return nil
}

func (r *renderer) ingress(protocol, path, name, host string, annotations map[string]string) error {
	backend, ok := r.portOf(protocol)
	if !ok {
		return r.nothingBehind(path, protocol)
	}
	g, err := template[networkingv1.Ingress](r.templates, "ingress.yaml")
	if err != nil {
		return err
	}
	in := r.deploy.Ingress
	r.adopt(g, name)
	for _, more := range []map[string]string{in.Annotations, annotations} {
		for key, value := range more {
			annotate(g, key, value)
		}
	}
	if in.ClassName != "" {
		g.Spec.IngressClassName = &in.ClassName
	}
	if in.TLSSecret != "" {
		g.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{host}, SecretName: in.TLSSecret}}
	}
	g.Spec.Rules = []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
		Paths: []networkingv1.HTTPIngressPath{{
			Path: "/", PathType: new(networkingv1.PathTypePrefix),
			Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
				Name: r.deploy.Name, Port: networkingv1.ServiceBackendPort{Name: backend.name},
			}},
		}},
	}}}}
	return r.add(g)
}

// nothingBehind is the error of a way in that leads to no port.
func (r *renderer) nothingBehind(path, protocol string) error {
	return config.Errors{r.Finding(path, "leads nowhere: the receiver has no port for "+protocol+" that the Service could have",
		"add receivers.otlp.protocols."+protocol+", or remove the key")}
}

// routes makes the routes of the Gateway API.
func (r *renderer) routes() error {
	g := r.deploy.Gateway
	if g == nil {
		return nil
	}
	if len(g.Hostnames) > 0 {
		if err := r.route(httpPort, "deploy.gateway.hostnames", "httproute.yaml", g.Hostnames); err != nil {
			return err
		}
	}
	if len(g.GRPCHostnames) > 0 {
		return r.route(grpcPort, "deploy.gateway.grpc_hostnames", "grpcroute.yaml", g.GRPCHostnames)
	}
	return nil
}

func (r *renderer) route(protocol, path, file string, hosts []string) error {
	backend, ok := r.portOf(protocol)
	if !ok {
		return r.nothingBehind(path, protocol)
	}
	u, err := r.custom(file)
	if err != nil {
		return err
	}
	g := r.deploy.Gateway
	parent := map[string]any{"name": g.Name}
	if g.Namespace != "" {
		parent["namespace"] = g.Namespace
	}
	if g.SectionName != "" {
		parent["sectionName"] = g.SectionName
	}
	r.adopt(u, r.deploy.Name)
	spec, err := specOf(file, u)
	if err != nil {
		return err
	}
	spec["parentRefs"] = []any{parent}
	spec["hostnames"] = texts(hosts)
	for _, rule := range mappings(spec["rules"]) {
		for _, to := range mappings(rule["backendRefs"]) {
			to["name"], to["port"] = r.deploy.Name, int64(backend.Port)
		}
	}
	r.put(u)
	return nil
}

// monitor makes what the Prometheus Operator looks for.
func (r *renderer) monitor() error {
	m := r.deploy.Monitor
	if m == nil {
		return nil
	}
	file, list := "servicemonitor.yaml", "endpoints"
	if m.Kind == "PodMonitor" {
		file, list = "podmonitor.yaml", "podMetricsEndpoints"
	}
	admin, ok := r.admin()
	switch {
	case !ok:
		return config.Errors{r.Finding(adminPath, "cannot be reached from outside the pod, and deploy.monitor has nothing to scrape", "listen on 0.0.0.0")}
	case r.Config.Service.Telemetry.Metrics.Level == "none":
		return config.Errors{r.Finding("service.telemetry.metrics.level", "turns metrics off, and deploy.monitor has nothing to scrape", "set it to normal, or remove deploy.monitor")}
	}
	u, err := r.custom(file)
	if err != nil {
		return err
	}
	r.adopt(u, r.deploy.Name)
	merged := u.GetLabels()
	maps.Copy(merged, m.Labels)
	u.SetLabels(merged)
	spec, err := specOf(file, u)
	if err != nil {
		return err
	}
	if err := unstructured.SetNestedStringMap(spec, r.selector(), "selector", "matchLabels"); err != nil {
		return err
	}
	for _, e := range mappings(spec[list]) {
		setEndpoint(e, admin, m.IntervalSeconds)
	}
	r.put(u)
	return nil
}
