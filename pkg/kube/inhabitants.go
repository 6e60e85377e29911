package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// rootCertificates is the ConfigMap that the cluster puts into every namespace.
const rootCertificates = "kube-root-ca.crt"

// inhabitants says what keeps a namespace from being deleted that otlpctl has made: the first thing in it that the
// cluster has not made itself, or that this cannot be told. Empty is that there is nothing.
func (c *Client) inhabitants(ctx context.Context, t Target) string {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	for _, kind := range []string{"Pod", "Service", "ConfigMap", secretKind, claimKind} {
		of := Ref{"v1", kind, t.Namespace, ""}
		list, err := c.resource(of).List(ctx, metav1.ListOptions{})
		if err != nil {
			return "it cannot be told what is in it: " + c.Explain(err).Error()
		}
		for i := range list.Items {
			u := &list.Items[i]
			if of.Name = u.GetName(); of.Name != rootCertificates && u.GetDeletionTimestamp() == nil {
				return of.String() + " is in it"
			}
		}
	}
	return ""
}
