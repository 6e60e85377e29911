package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	autoscalingv2 "github.com/otlpctl/otlpctl/pkg/manifest/api/autoscaling/v2"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
	networkingv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/networking/v1"
	policyv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/policy/v1"
)

// typeOf returns an empty object of a kind that is made here, or nil if its fields are not known.
func typeOf(kind string) any {
	switch kind {
	case "Namespace":
		return &corev1.Namespace{}
	case "ServiceAccount":
		return &corev1.ServiceAccount{}
	case "Secret":
		return &corev1.Secret{}
	case "ConfigMap":
		return &corev1.ConfigMap{}
	case "Service":
		return &corev1.Service{}
	case "Deployment":
		return &appsv1.Deployment{}
	case "HorizontalPodAutoscaler":
		return &autoscalingv2.HorizontalPodAutoscaler{}
	case "PodDisruptionBudget":
		return &policyv1.PodDisruptionBudget{}
	case "NetworkPolicy":
		return &networkingv1.NetworkPolicy{}
	case "Ingress":
		return &networkingv1.Ingress{}
	}
	return nil
}

// applyPatches returns the objects with all patches applied. A patch that concerns none of them is an
// error: it would be lost without a word.
func applyPatches(set []*unstructured.Unstructured, patches []Patch) ([]*unstructured.Unstructured, error) {
	for _, p := range patches {
		var next []*unstructured.Unstructured
		found := false
		for _, u := range set {
			if p.concerns(u) {
				found = true
				changed, err := p.apply(u)
				if err != nil {
					return nil, fmt.Errorf("patch %s: %s/%s: %w", p.File, u.GetKind(), u.GetName(), err)
				}
				u = changed
			}
			if u != nil {
				next = append(next, u)
			}
		}
		if !found {
			return nil, hinted.New(fmt.Errorf("patch %s: there is no %s to be changed", p.File, p.target()), "there are "+namesOf(set))
		}
		set = next
	}
	return set, nil
}

func namesOf(set []*unstructured.Unstructured) string {
	names := make([]string, len(set))
	for i, u := range set {
		names[i] = u.GetKind() + "/" + u.GetName()
	}
	return strings.Join(names, ", ")
}

// apply returns the object changed, or nil if it is to be left out.
func (p Patch) apply(u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if p.apiVersion != "" && p.apiVersion != u.GetAPIVersion() {
		return nil, fmt.Errorf("is of apiVersion %s, and the patch of %s", u.GetAPIVersion(), p.apiVersion)
	}
	before, err := json.Marshal(u.Object)
	if err != nil {
		return nil, err
	}
	after, err := p.change(before, typeOf(u.GetKind()))
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(after, &fields); err != nil {
		return nil, errors.New("leaves no object")
	}
	if len(fields) == 0 {
		return nil, nil
	}
	changed := &unstructured.Unstructured{Object: fields}
	if changed.GetKind() != u.GetKind() || changed.GetAPIVersion() != u.GetAPIVersion() || changed.GetName() != u.GetName() || changed.GetNamespace() != u.GetNamespace() {
		return nil, hinted.New(errors.New("must keep its apiVersion, kind, name and namespace"), "set deploy.name and deploy.namespace")
	}
	return strict(changed, after)
}

func (p Patch) change(before []byte, typ any) ([]byte, error) {
	switch {
	case p.operations != nil:
		return p.operations.Apply(before)
	case typ != nil:
		return strategicMerge(before, p.merge, typ)
	}
	return jsonpatch.MergePatch(before, p.merge)
}

// strict refuses fields that the kind does not have, as the API server would.
func strict(u *unstructured.Unstructured, text []byte) (*unstructured.Unstructured, error) {
	typ := typeOf(u.GetKind())
	if typ == nil {
		return u, nil
	}
	if err := decodeStrictly(text, typ); err != nil {
		return nil, err
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typ)
	if err != nil {
		return nil, err
	}
	typed := &unstructured.Unstructured{Object: fields}
	strip(typed)
	return typed, nil
}
