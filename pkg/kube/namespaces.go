package kube

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespaces returns the names of all namespaces, in their order.
func (c *Client) Namespaces(ctx context.Context) ([]string, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	list, err := c.resource(Ref{"v1", "Namespace", "", ""}).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the namespaces: %w", c.Explain(err))
	}
	names := make([]string, len(list.Items))
	for i, u := range list.Items {
		names[i] = u.GetName()
	}
	return names, nil
}
