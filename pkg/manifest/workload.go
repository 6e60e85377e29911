package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// containerName is that of the receiver in its pods.
const containerName = "otlp-receiver"

const deploymentTemplate = "deployment.yaml"

func (r *renderer) deployment() error {
	d, err := template[appsv1.Deployment](r.templates, deploymentTemplate)
	if err != nil {
		return err
	}
	r.adopt(d, r.deploy.Name)
	r.version(d)
	annotate(d, hashAnnotation, r.FileHash)
	if r.Discovery.Registers() {
		annotate(d, registriesAnnotation, strings.Join(slices.Sorted(maps.Keys(maps.Collect(r.Discovery.Each()))), ","))
	}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: r.selector()}
	d.Spec.MinReadySeconds = int32(r.deploy.MinReadySeconds)
	d.Spec.Strategy = r.strategy()
	// With an autoscaler the count is not ours: to apply it would undo what the autoscaler did.
	d.Spec.Replicas = nil
	if !r.deploy.Autoscaling.Enabled {
		d.Spec.Replicas = new(int32(r.deploy.Replicas))
	}
	r.podMeta(&d.Spec.Template.ObjectMeta)
	if err := r.pod(&d.Spec.Template.Spec); err != nil {
		return err
	}
	return r.add(d)
}

func annotate(o metav1.Object, key, value string) {
	all := o.GetAnnotations()
	if all == nil {
		all = map[string]string{}
	}
	all[key] = value
	o.SetAnnotations(all)
}

func (r *renderer) strategy() appsv1.DeploymentStrategy {
	s := r.deploy.Strategy
	if s.Type == string(appsv1.RecreateDeploymentStrategyType) {
		return appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	}
	return appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxUnavailable: new(intstr.Parse(s.MaxUnavailable)), MaxSurge: new(intstr.Parse(s.MaxSurge)),
		},
	}
}

// podMeta sets labels and annotations of pods. A live configuration has no hash there: it would
// roll the pods that are to read the configuration again.
func (r *renderer) podMeta(m *metav1.ObjectMeta) {
	r.adopt(m, m.Name)
	r.version(m)
	m.Namespace = ""
	for key, value := range r.deploy.PodAnnotations {
		annotate(m, key, value)
	}
	if !r.isLive() {
		annotate(m, hashAnnotation, r.FileHash)
	}
	admin, reachable := r.admin()
	if !reachable || r.Config.Service.Telemetry.Metrics.Level == "none" {
		for _, key := range []string{"scrape", "port", "path", "scheme"} {
			delete(m.Annotations, "prometheus.io/"+key)
		}
		return
	}
	annotate(m, "prometheus.io/scrape", "true")
	annotate(m, "prometheus.io/port", strconv.Itoa(admin.Port))
	annotate(m, "prometheus.io/path", "/metrics")
	if admin.TLS {
		annotate(m, "prometheus.io/scheme", "https")
	}
}

func (r *renderer) pod(spec *corev1.PodSpec) error {
	i := slices.IndexFunc(spec.Containers, func(c corev1.Container) bool { return c.Name == containerName })
	if i < 0 {
		return fmt.Errorf("template %s: has no container called %s, which is the receiver", deploymentTemplate, containerName)
	}
	spec.ServiceAccountName = r.serviceAccountName()
	for _, name := range r.deploy.ImagePullSecrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	spec.TerminationGracePeriodSeconds = new(r.times().grace)
	r.spread(spec)
	r.container(&spec.Containers[i])
	for _, v := range r.volumes() {
		setVolume(spec, &spec.Containers[i], v)
	}
	return nil
}

// spread makes the rules of the template by which pods are kept apart those of these pods.
func (r *renderer) spread(spec *corev1.PodSpec) {
	for i := range spec.TopologySpreadConstraints {
		r.retarget(spec.TopologySpreadConstraints[i].LabelSelector)
	}
	if spec.Affinity == nil || spec.Affinity.PodAntiAffinity == nil {
		return
	}
	apart := spec.Affinity.PodAntiAffinity
	for i := range apart.PreferredDuringSchedulingIgnoredDuringExecution {
		r.retarget(apart.PreferredDuringSchedulingIgnoredDuringExecution[i].PodAffinityTerm.LabelSelector)
	}
	for i := range apart.RequiredDuringSchedulingIgnoredDuringExecution {
		r.retarget(apart.RequiredDuringSchedulingIgnoredDuringExecution[i].LabelSelector)
	}
}

func (r *renderer) container(c *corev1.Container) {
	c.Image, c.ImagePullPolicy = r.deploy.Image, corev1.PullPolicy(r.deploy.ImagePullPolicy)
	c.Ports = nil
	for _, p := range r.ports {
		c.Ports = append(c.Ports, corev1.ContainerPort{Name: p.name, ContainerPort: p.number(), Protocol: corev1.ProtocolTCP})
	}
	r.resources(c)
	r.preStop(c)
	for _, v := range r.env() {
		setEnv(c, v)
	}
	r.probes(c)
}

// preStop lets the kubelet wait before it sends the signal: the image has nothing that sleeps.
func (r *renderer) preStop(c *corev1.Container) {
	if c.Lifecycle == nil {
		c.Lifecycle = &corev1.Lifecycle{}
	}
	c.Lifecycle.PreStop = nil
	if seconds := r.times().preStop; seconds > 0 {
		c.Lifecycle.PreStop = &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}
	}
	if *c.Lifecycle == (corev1.Lifecycle{}) {
		c.Lifecycle = nil
	}
}

// resources sets amounts that were read once already.
func (r *renderer) resources(c *corev1.Container) {
	requests := r.listed("requests", r.deploy.Resources.Requests)
	limits := r.listed("limits", r.deploy.Resources.Limits)
	for i, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		for _, set := range []struct {
			list   *corev1.ResourceList
			amount bool
		}{{&c.Resources.Requests, requests[i] != nil}, {&c.Resources.Limits, limits[i] != nil}} {
			if *set.list == nil {
				*set.list = corev1.ResourceList{}
			}
			delete(*set.list, name)
		}
		if requests[i] != nil {
			c.Resources.Requests[name] = *requests[i]
		}
		if limits[i] != nil {
			c.Resources.Limits[name] = *limits[i]
		}
	}
}

// setEnv sets a variable, in the place that it has in the template if it is there.
func setEnv(c *corev1.Container, v corev1.EnvVar) {
	if i := slices.IndexFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == v.Name }); i >= 0 {
		c.Env[i] = v
		return
	}
	c.Env = append(c.Env, v)
}

// sortedKeys returns the keys of a map in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
