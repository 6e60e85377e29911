package manifest

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
	networkingv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/networking/v1"
)

// namespace makes the Namespace, unless it is one that a cluster has from the start.
func (r *renderer) namespace() error {
	name := r.deploy.Namespace
	if !r.deploy.CreateNamespace || name == metav1.NamespaceDefault || strings.HasPrefix(name, "kube-") {
		return nil
	}
	n, err := template[corev1.Namespace](r.templates, "namespace.yaml")
	if err != nil {
		return err
	}
	r.adopt(n, name)
	n.Namespace = ""
	// It may hold more than the receiver.
	for _, label := range []string{appLabel, "component", standardLabels + "name", standardLabels + "instance", standardLabels + "component"} {
		delete(n.Labels, label)
	}
	return r.add(n)
}

func (r *renderer) serviceAccount() error {
	if r.deploy.ServiceAccount != "" {
		return nil
	}
	a, err := template[corev1.ServiceAccount](r.templates, "serviceaccount.yaml")
	if err != nil {
		return err
	}
	r.adopt(a, r.serviceAccountName())
	return r.add(a)
}

// services makes the Service and, if wanted, the headless one.
func (r *renderer) services() error {
	s, err := template[corev1.Service](r.templates, "service.yaml")
	if err != nil {
		return err
	}
	s.Spec.Type = corev1.ServiceType(r.deploy.Service.Type)
	for key, value := range r.deploy.Service.Annotations {
		annotate(s, key, value)
	}
	if err := r.service(s, r.deploy.Name); err != nil || !r.deploy.Service.Headless {
		return err
	}
	if s, err = template[corev1.Service](r.templates, "service-headless.yaml"); err != nil {
		return err
	}
	return r.service(s, r.headlessName())
}

func (r *renderer) service(s *corev1.Service, name string) error {
	r.adopt(s, name)
	s.Spec.Selector = r.selector()
	s.Spec.Ports = nil
	for _, p := range r.ports {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{
			Name: p.name, Port: p.number(), TargetPort: intstr.FromString(p.name), Protocol: corev1.ProtocolTCP, AppProtocol: p.appProtocol(),
		})
	}
	return r.add(s)
}

// appProtocol says what is spoken on a port, to those that route by it; nil is not said.
func (p port) appProtocol() *string {
	switch {
	case p.Protocol != grpcPort && p.TLS:
		return new("https")
	case p.Protocol != grpcPort:
		return new("http")
	case p.TLS:
		return nil
	}
	return new("grpc")
}

func (r *renderer) networkPolicy() error {
	if r.deploy.NetworkPolicy == nil {
		return nil
	}
	p, err := template[networkingv1.NetworkPolicy](r.templates, "networkpolicy.yaml")
	if err != nil {
		return err
	}
	r.adopt(p, r.deploy.Name)
	p.Spec.PodSelector = metav1.LabelSelector{MatchLabels: r.selector()}
	p.Spec.Ingress = nil
	if rule := policyRule(r.ports, func(p port) bool { return p.Protocol != metricsPort }, r.deploy.NetworkPolicy.FromNamespaces); rule != nil {
		p.Spec.Ingress = append(p.Spec.Ingress, *rule)
	}
	if rule := policyRule(r.ports, func(p port) bool { return p.Protocol == metricsPort }, r.deploy.NetworkPolicy.MetricsFromNamespaces); rule != nil {
		p.Spec.Ingress = append(p.Spec.Ingress, *rule)
	}
	return r.add(p)
}

// policyRule lets some namespaces, or everybody, reach some ports.
func policyRule(ports []port, which func(port) bool, namespaces []string) *networkingv1.NetworkPolicyIngressRule {
	var rule networkingv1.NetworkPolicyIngressRule
	for _, p := range ports {
		if which(p) {
			rule.Ports = append(rule.Ports, networkingv1.NetworkPolicyPort{Port: new(intstr.FromString(p.name)), Protocol: new(corev1.ProtocolTCP)})
		}
	}
	if len(rule.Ports) == 0 {
		return nil // without ports it would be about all of them
	}
	if len(namespaces) > 0 {
		rule.From = []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{
				Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpIn, Values: slices.Sorted(slices.Values(namespaces)),
			}},
		}}}
	}
	return &rule
}
