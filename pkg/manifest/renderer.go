package manifest

import (
	"cmp"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// renderer makes the objects of one configuration.
type renderer struct {
	config.Portable
	templates Templates
	deploy    config.Deploy
	image     imageReference
	ports     []port
	// memory is the limit of a pod in bytes, or 0.
	memory int64

	set      []*unstructured.Unstructured
	faults   config.Errors
	warnings config.Warnings
}

// newRenderer checks everything that does not depend on templates and patches. All that is wrong is
// in the error.
func newRenderer(in Input) (*renderer, error) {
	r := &renderer{Portable: in.Config, templates: in.Templates, deploy: in.Config.Deploy}
	listeners, err := r.AllListeners()
	if faults, ok := err.(config.Errors); ok { //nolint:errorlint // it is not wrapped
		r.faults = append(r.faults, faults...)
	}
	r.ports = r.portsOf(listeners)
	r.checkNames()
	r.checkImage()
	r.checkQuantities()
	r.checkEnv()
	r.checkTimes()
	r.checkProbes()
	if len(r.faults) > 0 {
		return nil, inOrder(r.faults)
	}
	return r, nil
}

// inOrder sorts faults by their places.
func inOrder(faults config.Errors) config.Errors {
	slices.SortStableFunc(faults, func(a, b config.Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return faults
}

// fault records that a value of the configuration is wrong.
func (r *renderer) fault(path, problem, hint string) {
	r.faults = append(r.faults, r.Finding(path, problem, hint))
}

func (r *renderer) doubt(path, problem, hint string) {
	r.warnings = append(r.warnings, r.Finding(path, problem, hint))
}

func (r *renderer) isLive() bool { return r.deploy.ConfigMode == "live" }

// The names of what belongs to the Deployment.
func (r *renderer) headlessName() string { return r.deploy.Name + "-headless" }

func (r *renderer) configMapName() string {
	if r.isLive() {
		return r.deploy.Name + "-config"
	}
	return r.deploy.Name + "-config-" + r.FileHash
}

func (r *renderer) serviceAccountName() string {
	if r.deploy.ServiceAccount != "" {
		return r.deploy.ServiceAccount
	}
	return r.deploy.Name
}

const (
	appLabel       = "app"
	versionLabel   = "version"
	standardLabels = "app.kubernetes.io/"
	// hashAnnotation has the hash of the configuration.
	hashAnnotation = "otlpctl.io/config-hash"
	// registriesAnnotation names the registries in which pods make themselves known.
	registriesAnnotation = "otlpctl.io/registries"
)

// adopt gives an object its name, its namespace and the labels of all objects.
func (r *renderer) adopt(o metav1.Object, name string) {
	o.SetName(name)
	o.SetNamespace(r.deploy.Namespace)
	labels := r.labels()
	for key, value := range o.GetLabels() {
		if _, ours := labels[key]; !ours {
			labels[key] = value
		}
	}
	o.SetLabels(labels)
}

func (r *renderer) labels() map[string]string {
	labels := map[string]string{
		appLabel:                      r.deploy.Name,
		"component":                   "collector",
		standardLabels + "name":       "otlp-receiver",
		standardLabels + "instance":   r.deploy.Name,
		standardLabels + "component":  "collector",
		standardLabels + "managed-by": "otlpctl",
	}
	maps.Copy(labels, r.deploy.Labels)
	return labels
}

// version labels what an image runs in. Everything else would change with each image.
func (r *renderer) version(o metav1.Object) {
	labels := o.GetLabels()
	delete(labels, versionLabel)
	maps.Copy(labels, r.image.versions())
	o.SetLabels(labels)
}

// selector is by what pods are found. It cannot change in the life of a Deployment, and has nothing
// in it that does.
func (r *renderer) selector() map[string]string { return map[string]string{appLabel: r.deploy.Name} }

// retarget makes the selector in a template one of the pods of this Deployment.
func (r *renderer) retarget(s *metav1.LabelSelector) {
	if s == nil {
		return
	}
	if _, selects := s.MatchLabels[appLabel]; selects {
		s.MatchLabels[appLabel] = r.deploy.Name
	}
	for i, e := range s.MatchExpressions {
		if e.Key == appLabel && e.Operator == metav1.LabelSelectorOpIn {
			s.MatchExpressions[i].Values = []string{r.deploy.Name}
		}
	}
}
