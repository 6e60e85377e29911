package manifest

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// longestSuffix is what a name of ours has behind deploy.name at most.
const longestSuffix = len("-secrets-") + hashDigits

// hashDigits is how many digits of a hash a name has.
const hashDigits = 12

// checkNames checks what Kubernetes takes for a name, by the rule that holds for each.
func (r *renderer) checkNames() {
	d := r.deploy
	// The name is that of a Service too, whose rule is the strictest, and a label.
	r.check("name", d.Name, validation.IsDNS1035Label)
	if len(d.Name)+longestSuffix > validation.DNS1035LabelMaxLength {
		r.fault("deploy.name", "is too long: with -headless and the like behind it, it must be a label of a name", "use a shorter one")
	}
	r.check("namespace", d.Namespace, validation.IsDNS1123Label)
	for key, name := range map[string]string{"service_account": d.ServiceAccount, "existing_secret": d.ExistingSecret, "data.claim": d.Data.Claim, "data.storage_class": d.Data.StorageClass} {
		if name != "" {
			r.check(key, name, validation.IsDNS1123Subdomain)
		}
	}
	for i, name := range d.ImagePullSecrets {
		r.check(element("image_pull_secrets", i), name, validation.IsDNS1123Subdomain)
	}
	r.checkLabels()
	r.checkOutside()
}

// checkLabels checks labels and annotations of the user's own.
func (r *renderer) checkLabels() {
	d := r.deploy
	for _, key := range slices.Sorted(maps.Keys(d.Labels)) {
		r.check("labels."+key, key, validation.IsQualifiedName)
		r.check("labels."+key, d.Labels[key], validation.IsValidLabelValue)
		if key == appLabel || strings.HasPrefix(key, standardLabels) {
			r.fault("deploy.labels."+key, "is a label that otlpctl sets", "deploy.name and deploy.image decide on it")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.PodAnnotations)) {
		r.check("pod_annotations."+key, key, isAnnotation)
	}
	for _, key := range slices.Sorted(maps.Keys(d.Service.Annotations)) {
		r.check("service.annotations."+key, key, isAnnotation)
	}
}

// isAnnotation is the rule for keys of annotations, in which case does not matter.
func isAnnotation(key string) []string { return validation.IsQualifiedName(strings.ToLower(key)) }

// checkOutside checks the names of what leads into the cluster.
func (r *renderer) checkOutside() {
	if p := r.deploy.NetworkPolicy; p != nil {
		r.checkEach("network_policy.from_namespaces", p.FromNamespaces, validation.IsDNS1123Label)
		r.checkEach("network_policy.metrics_from_namespaces", p.MetricsFromNamespaces, validation.IsDNS1123Label)
	}
	if in := r.deploy.Ingress; in != nil {
		for key, name := range map[string]string{"class_name": in.ClassName, "tls_secret": in.TLSSecret} {
			if name != "" {
				r.check("ingress."+key, name, validation.IsDNS1123Subdomain)
			}
		}
		for key, name := range map[string]string{"host": in.Host, "grpc_host": in.GRPCHost} {
			if name != "" {
				r.check("ingress."+key, name, isHost)
			}
		}
	}
	if g := r.deploy.Gateway; g != nil {
		r.check("gateway.name", g.Name, validation.IsDNS1123Subdomain)
		if g.Namespace != "" {
			r.check("gateway.namespace", g.Namespace, validation.IsDNS1123Label)
		}
		r.checkEach("gateway.hostnames", g.Hostnames, isHost)
		r.checkEach("gateway.grpc_hostnames", g.GRPCHostnames, isHost)
	}
}

// isHost is the rule for host names, the first part of which may be a wildcard.
func isHost(name string) []string {
	if strings.HasPrefix(name, "*.") {
		return validation.IsWildcardDNS1123Subdomain(name)
	}
	return validation.IsDNS1123Subdomain(name)
}

// check records what a rule of Kubernetes says against a text.
func (r *renderer) check(key, text string, rule func(string) []string) {
	for _, problem := range rule(text) {
		problem, _, _ = strings.Cut(problem, " (e.g. ") // and a regular expression
		r.fault("deploy."+key, quoted(text)+": "+problem, "")
	}
}

func (r *renderer) checkEach(key string, texts []string, rule func(string) []string) {
	for i, text := range texts {
		r.check(element(key, i), text, rule)
	}
}

// checkQuantities checks amounts of processors, memory and storage, and that no more is set aside
// than allowed.
func (r *renderer) checkQuantities() {
	res := r.deploy.Resources
	r.quantity("data.size", r.deploy.Data.Size)
	requests, limits := r.listed("requests", res.Requests), r.listed("limits", res.Limits)
	for i, name := range []string{"cpu", "memory"} {
		if requests[i] != nil && limits[i] != nil && requests[i].Cmp(*limits[i]) > 0 {
			r.fault("deploy.resources.requests."+name, requests[i].String()+" is above the limit of "+limits[i].String(), "raise deploy.resources.limits."+name)
		}
	}
	if limits[1] != nil {
		r.memory = limits[1].Value()
	}
	for i, name := range []string{"cpu", "memory"} {
		target := map[string]int{"cpu": r.deploy.Autoscaling.CPUUtilization, "memory": r.deploy.Autoscaling.MemoryUtilization}[name]
		if r.deploy.Autoscaling.Enabled && target > 0 && requests[i] == nil && limits[i] == nil {
			r.fault("deploy.resources.requests."+name, "is empty, and autoscaling aims at a share of it", "set it, or deploy.autoscaling."+name+"_utilization: 0")
		}
	}
	if r.deploy.Data.StorageClass != "" && r.deploy.Data.Size == "" {
		r.fault("deploy.data.storage_class", "needs to be told how large the volume is", "set deploy.data.size, such as 1Gi")
	}
}

// listed returns the amounts of processors and memory; nil is none.
func (r *renderer) listed(section string, l config.ResourceList) [2]*resource.Quantity {
	return [2]*resource.Quantity{
		r.quantity("resources."+section+".cpu", l.CPU), r.quantity("resources."+section+".memory", l.Memory),
	}
}

// quantity reads an amount; it is nil if there is none, or none that could be used.
func (r *renderer) quantity(key, text string) *resource.Quantity {
	if text == "" {
		return nil
	}
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() <= 0 {
		r.fault("deploy."+key, quoted(text)+" is no amount", "amounts look like 500m, 2 or 512Mi")
		return nil
	}
	return &q
}
