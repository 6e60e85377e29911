// Package watch follows what a Deployment and its pods do: it waits for a rollout, tells why one does not
// get there, reports how it is, and reads the logs of its pods. It changes nothing in the cluster and
// judges nothing: see package ready.
package watch

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
)

// API is what an API server is asked by. Errors that it has answered unwrap to an APIStatus.
type API interface {
	// Get returns the body of the answer to a GET. It ends with ctx.
	Get(ctx context.Context, path string, query url.Values) (io.ReadCloser, error)
}

// answerTimeout is how long an answer may take that is not a stream.
const answerTimeout = 30 * time.Second

// largestAnswer is how much of an answer is read, in bytes. Pods answer through the proxy, and may say
// anything.
const largestAnswer = 64 << 20

// The folders of the API in a namespace.
const (
	core      = "/api/v1"
	apps      = "/apis/apps/v1"
	scaling   = "/apis/autoscaling/v2"
	policy    = "/apis/policy/v1"
	discovery = "/apis/discovery.k8s.io/v1"
)

// at returns the path of what is in a namespace: a resource, or with a name one object of it and what
// belongs to that.
func at(group, namespace string, parts ...string) string {
	path := group + "/namespaces/" + url.PathEscape(namespace)
	var b strings.Builder
	for _, part := range parts {
		b.WriteString("/" + url.PathEscape(part))
	}
	return path + b.String()
}

// get reads one object.
func get[T any](ctx context.Context, api API, path string, query url.Values) (*T, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	body, err := api.Get(ctx, path, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(io.LimitReader(body, largestAnswer)) // to its end: servers log what breaks off
	if err != nil {
		return nil, err
	}
	object := new(T)
	return object, json.Unmarshal(text, object)
}

// listing is the answer to a list.
type listing[T any] struct {
	Metadata metav1.ListMeta `json:"metadata"`
	Items    []*T            `json:"items"`
}

func list[T any](ctx context.Context, api API, path string, query url.Values) (*listing[T], error) {
	return get[listing[T]](ctx, api, path, query)
}

// deploymentOf reads a Deployment. The query is for what its selector selects.
func deploymentOf(ctx context.Context, api API, namespace, name string) (*appsv1.Deployment, url.Values, error) {
	d, err := get[appsv1.Deployment](ctx, api, at(apps, namespace, "deployments", name), nil)
	if err != nil {
		return nil, nil, err
	}
	query, err := selecting(d.Spec.Selector)
	return d, query, err
}

// selecting returns a query for the objects with labels.
func selecting(s *metav1.LabelSelector) (url.Values, error) {
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil, err
	}
	return url.Values{"labelSelector": {selector.String()}}, nil
}
