package api_test

import (
	"reflect"
	"strings"
	"testing"

	theirapps "k8s.io/api/apps/v1"
	theirscaling "k8s.io/api/autoscaling/v2"
	theircore "k8s.io/api/core/v1"
	theirnetworking "k8s.io/api/networking/v1"
	theirpolicy "k8s.io/api/policy/v1"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	autoscalingv2 "github.com/otlpctl/otlpctl/pkg/manifest/api/autoscaling/v2"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
	networkingv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/networking/v1"
	policyv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/policy/v1"
)

// The types have the fields and tags of Kubernetes' own, all the way down.
func TestSameAsUpstream(t *testing.T) {
	seen := map[reflect.Type]bool{}
	f := func(ours, theirs any) {
		t.Helper()
		same(t, reflect.TypeOf(ours), reflect.TypeOf(theirs), seen)
	}
	f(appsv1.Deployment{}, theirapps.Deployment{})
	f(appsv1.ReplicaSet{}, theirapps.ReplicaSet{})
	f(autoscalingv2.HorizontalPodAutoscaler{}, theirscaling.HorizontalPodAutoscaler{})
	f(corev1.Namespace{}, theircore.Namespace{})
	f(corev1.Pod{}, theircore.Pod{})
	f(corev1.ConfigMap{}, theircore.ConfigMap{})
	f(corev1.Secret{}, theircore.Secret{})
	f(corev1.Service{}, theircore.Service{})
	f(corev1.ServiceAccount{}, theircore.ServiceAccount{})
	f(corev1.Event{}, theircore.Event{})
	f(corev1.Node{}, theircore.Node{})
	f(corev1.PersistentVolumeClaim{}, theircore.PersistentVolumeClaim{})
	f(corev1.ResourceQuota{}, theircore.ResourceQuota{})
	f(networkingv1.NetworkPolicy{}, theirnetworking.NetworkPolicy{})
	f(networkingv1.Ingress{}, theirnetworking.Ingress{})
	f(policyv1.PodDisruptionBudget{}, theirpolicy.PodDisruptionBudget{})
	if len(seen) < 200 {
		t.Errorf("only %d types compared", len(seen))
	}
}

func same(t *testing.T, ours, theirs reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	if ours == theirs || seen[ours] {
		return
	}
	seen[ours] = true
	if ours.Kind() != theirs.Kind() || ours.Name() != theirs.Name() {
		t.Errorf("%s and %s", ours, theirs)
		return
	}
	switch ours.Kind() {
	case reflect.Map:
		same(t, ours.Key(), theirs.Key(), seen)
		same(t, ours.Elem(), theirs.Elem(), seen)
	case reflect.Pointer, reflect.Slice:
		same(t, ours.Elem(), theirs.Elem(), seen)
	case reflect.Struct:
		if ours.NumField() != theirs.NumField() {
			t.Errorf("%s has %d fields, and upstream %d", ours, ours.NumField(), theirs.NumField())
			return
		}
		for i := range ours.NumField() {
			a, b := ours.Field(i), theirs.Field(i)
			tag, _, _ := strings.Cut(string(b.Tag), " protobuf:")
			if a.Name != b.Name || string(a.Tag) != tag || a.Anonymous != b.Anonymous {
				t.Errorf("%s.%s `%s`, and upstream %s `%s`", ours, a.Name, a.Tag, b.Name, tag)
			}
			same(t, a.Type, b.Type, seen)
		}
	}
}
