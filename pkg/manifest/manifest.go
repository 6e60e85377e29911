// Package manifest makes Kubernetes objects of a configuration. It is pure: the same configuration,
// templates and patches give the same objects, byte for byte, whoever asks, wherever and whenever.
// It knows no cluster, no clock and no environment.
package manifest

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// Input is all that objects are made from.
type Input struct {
	Config    config.Portable
	Templates Templates
	// Patches are applied in their order.
	Patches []Patch
}

// Set is the objects of one deployment.
type Set struct {
	// Objects are in the order in which they are to be applied.
	Objects []*unstructured.Unstructured
	// ConfigHash is what /status of the receiver tells about its configuration.
	ConfigHash string
	// Warnings are what can be deployed but should not stay that way.
	Warnings config.Warnings
}

// Render makes the objects. An error about the configuration is of type config.Errors.
func Render(in Input) (Set, error) {
	r, err := newRenderer(in)
	if err != nil {
		return Set{}, err
	}
	if err := r.objects(); err != nil {
		return Set{}, err
	}
	if r.set, err = applyPatches(r.set, in.Patches); err != nil {
		return Set{}, err
	}
	if err := r.checkResult(); err != nil {
		return Set{}, err
	}
	r.warn()
	return Set{Objects: r.set, ConfigHash: r.FileHash, Warnings: r.warnings}, nil
}

// objects makes all objects, in the order in which they are applied: what others refer to first.
func (r *renderer) objects() error {
	steps := []func() error{
		r.namespace, r.networkPolicy, r.disruptionBudget, r.serviceAccount, r.secret, r.configMap,
		r.services, r.deployment, r.autoscaler, r.ingresses, r.routes, r.monitor,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
