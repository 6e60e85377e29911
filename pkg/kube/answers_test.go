package kube

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

func TestRefused(t *testing.T) {
	c := &Client{Server: "https://cluster", Context: "prod"}
	r := Ref{"apps/v1", "Deployment", "ns", "d"}
	f := func(text, want, hint string) {
		t.Helper()
		err := c.refused(r, decodeStatus(400, []byte(text)))
		var hinting interface{ Hint() string }
		if !strings.Contains(err.Error(), want) || !errors.As(err, &hinting) || !strings.Contains(hinting.Hint(), hint) {
			t.Errorf("%v, want %q and the hint %q", err, want, hint)
		}
	}
	f(`{"kind": "Status", "reason": "Conflict", "details": {"causes": [
		{"reason": "FieldManagerConflict", "message": "conflict with \"kubectl-set\" using apps/v1", "field": ".spec.a"},
		{"reason": "FieldManagerConflict", "message": "conflict with \"k\\\"x\" with subresource \"scale\" using apps/v1", "field": ".spec.replicas"}]}}`,
		"deployment/d: spec.a was set by \"kubectl-set\" to another value\ndeployment/d: spec.replicas was set by \"k\\\"x\"", "--force-conflicts")
	f(`{"kind": "Status", "reason": "Invalid", "details": {"causes": [{"reason": "FieldValueInvalid", "message": "Invalid value: {}: field is immutable", "field": "spec.selector"}]}}`,
		"deployment/d: spec.selector cannot be changed", "--recreate Deployment/d")
	f(`{"kind": "Status", "reason": "Forbidden", "message": "exceeded quota: small"}`, "apply deployment/d: exceeded quota: small", "ResourceQuota")
	f(`{"kind": "Status", "reason": "Forbidden", "message": "User \"u\" cannot patch"}`, "cannot patch", "Role")
	f(`{"kind": "Status", "reason": "Forbidden", "message": "no", "details": {"causes": [{"reason": "NamespaceTerminating"}]}}`, "no", "wait until the namespace is gone")
	f(`{"kind": "Status", "reason": "BadRequest", "message": "admission webhook \"x\" denied the request: no"}`, "admission webhook", "policy")
	f(`{"kind": "Status", "reason": "InternalError", "message": "Internal error occurred: failed calling webhook \"x\": connection refused"}`, "failed calling webhook", "a webhook of the cluster does not work")
	f(`{"kind": "Status", "reason": "Unauthorized", "message": "Unauthorized"}`, `does not accept the credentials of the context "prod"`, "log in again")
	f(`{"kind": "Status", "reason": "ServiceUnavailable"}`, "bad request", "try again")
}

func TestTargetCheck(t *testing.T) {
	f := func(namespace, name, want string) {
		t.Helper()
		got := ""
		if err := (Target{namespace, name}).Check(); err != nil {
			got = err.Error()
		}
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s/%s: %q, want %q", namespace, name, got, want)
		}
	}
	f("otel", "otlp-receiver", "")
	f("1otel", "d", "")
	f("../nodes", "d", `"../nodes" is no possible namespace: a lowercase RFC 1123 label`)
	f("n", "1d", `"1d" is no possible name: a DNS-1035 label`)
	f("", "", `"" is no possible name`)
}

func TestExplain(t *testing.T) {
	c := &Client{Server: "https://cluster"}
	f := func(err error, want string) {
		t.Helper()
		if got := c.Explain(err).Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(&url.Error{Op: "Get", URL: "https://cluster/version", Err: context.DeadlineExceeded}, "the API server https://cluster does not answer in time")
	f(&url.Error{Op: "Get", URL: "https://cluster/version", Err: errors.New("getting credentials: exec: no\n\nAdvice")}, "the account of this pod has no credentials: getting credentials: exec: no")
	f(context.Canceled, "context canceled")
	f(errors.New("other"), "other")
	once := c.Explain(decodeStatus(401, nil))
	f(once, "the API server https://cluster does not accept")
	if !apierrors.IsUnauthorized(once) {
		t.Error("the cause is lost")
	}
}

func FuzzDecodeStatus(f *testing.F) {
	f.Add(403, []byte(`{"kind": "Status", "message": "no", "details": {"causes": [{"message": "conflict with \"a\""}]}}`))
	f.Add(502, []byte("<html>bad gateway"))
	f.Fuzz(func(t *testing.T, code int, text []byte) {
		status := decodeStatus(code, text)
		if err := (&Client{}).refused(Ref{Kind: "A", Name: "a"}, status); err == nil || err.Error() == "" {
			t.Errorf("%v", err)
		}
	})
}

func TestLeaseLeft(t *testing.T) {
	now := time.Unix(1e9, 0)
	f := func(spec string, want time.Duration) {
		t.Helper()
		if got := leaseLeft(object(t, "{apiVersion: coordination.k8s.io/v1, kind: Lease, spec: {"+spec+"}}"), now); got != want {
			t.Errorf("%s: %s, want %s", spec, got, want)
		}
	}
	f("", 0)
	f("leaseDurationSeconds: 30, renewTime: '"+microTime(now)+"'", 30*time.Second)
	f("leaseDurationSeconds: 30, renewTime: '"+microTime(now.Add(-20*time.Second))+"'", 10*time.Second)
	f("leaseDurationSeconds: 30, renewTime: '"+microTime(now.Add(-time.Minute))+"'", -30*time.Second)
	f("leaseDurationSeconds: 30, renewTime: '"+microTime(now.Add(time.Hour))+"'", leaseTime)
	f("leaseDurationSeconds: 30, renewTime: yesterday", 0)
}

func TestVersionDoubt(t *testing.T) {
	f := func(version string, doubtful bool) {
		t.Helper()
		if got := versionDoubt(version); len(got) > 0 != doubtful {
			t.Errorf("%s: %v", version, got)
		}
	}
	f("v1.36.3", false)
	f("v1.34.0-eks-1", false)
	f("v1.33.9", true)
	f("v1.37.0", true)
	f("v2.0.0", true)
	f("", false)
}

func TestShortages(t *testing.T) {
	pod := corev1.PodSpec{Containers: []corev1.Container{
		{Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("500m")}, Limits: corev1.ResourceList{"memory": resource.MustParse("1Gi")},
		}},
		{Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("100m")}}},
	}}
	f := func(name, hard, used string, scopes []corev1.ResourceQuotaScope, want string) {
		t.Helper()
		quota := corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "q"}, Spec: corev1.ResourceQuotaSpec{Scopes: scopes}}
		quota.Status.Hard = corev1.ResourceList{corev1.ResourceName(name): resource.MustParse(hard)}
		quota.Status.Used = corev1.ResourceList{corev1.ResourceName(name): resource.MustParse(used)}
		if got := strings.Join(shortages(quota, usage(pod, 3)), ", "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("requests.cpu", "2", "200m", nil, "")
	f("requests.cpu", "2", "300m", nil, "requests.cpu 1800m, and 1700m is left")
	f("cpu", "1", "0", nil, "cpu 1800m, and 1 is left")
	f("limits.memory", "2Gi", "0", nil, "limits.memory 3Gi, and 2Gi is left")
	f("pods", "2", "0", nil, "pods 3, and 2 is left")
	f("pods", "2", "0", []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeBestEffort}, "")
	f("requests.storage", "0", "0", nil, "")
}

func TestPermissions(t *testing.T) {
	all := permissions(setOf(t, "{apiVersion: v1, kind: Namespace, metadata: {name: ns}}", service, deployment))
	var names []string
	for _, p := range all {
		names = append(names, p.namespace+" "+p.String())
	}
	text := strings.Join(names, "\n")
	for _, want := range []string{" create namespaces", "ns patch services", "ns patch deployments.apps", "ns update leases.coordination.k8s.io", "ns delete configmaps", "ns watch pods"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestConflictsAbout(t *testing.T) {
	f := func(field, changing string, want bool) {
		t.Helper()
		e := ConflictError{[]Conflict{{Field: field}}}
		if got := len(e.about([]Difference{{Path: changing}}).Conflicts) > 0; got != want {
			t.Errorf("%s while %s changes: %v, want %v", field, changing, got, want)
		}
	}
	f(`spec.containers[name="a"].env[name="B"].valueFrom.fieldRef`, "spec.containers[a].image", false)
	f(`spec.containers[name="a"].image`, "spec.containers[a].image", true)
	f(`spec.containers[name="a"].image`, "spec.containers", true)
	f(`spec.selector`, "spec.selector.app", true)
	f(`spec.ports[port=1,protocol="TCP"].targetPort`, "spec.type", true)
}
