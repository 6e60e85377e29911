// Package kube is the only writer to a cluster. It plans by the server's own dry run, applies what
// differs as the field manager otlpctl, remembers in the cluster what it has made, and keeps the
// revisions to go back to. It renders nothing, prints nothing and does not wait for pods.
package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// FieldManager is who the cluster says has set the fields of our objects.
const FieldManager = "otlpctl"

// RequestTimeout is how long one answer of the API server may take unless Access says otherwise.
const RequestTimeout = 30 * time.Second

// Client talks to one cluster.
type Client struct {
	// Interface reads, lists and watches objects of any kind: see Ref.Resource. Its errors are for
	// Explain.
	dynamic.Interface
	// Context is the name of the context in the kubeconfig; empty inside of a pod.
	Context string
	// Server is the address of the API server.
	Server string

	http     *http.Client
	base     *url.URL
	patience time.Duration
	clock    *clock
}

// newClient makes a client of a configuration that is complete.
func newClient(name string, cfg *rest.Config, patience time.Duration) (*Client, error) {
	cfg.UserAgent = "otlpctl"
	cfg.QPS = -1 // the API server has its own fair queues
	cfg.WarningHandler = rest.NoWarnings{}
	base, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("the address of the API server, %q: %w", cfg.Host, err)
	}
	served := &clock{}
	cfg.Wrap(served.watch)
	transport, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("the credentials of the context %q: %w", name, err)
	}
	objects, err := dynamic.NewForConfigAndClient(cfg, transport)
	if err != nil {
		return nil, err
	}
	return &Client{Interface: objects, Context: name, Server: base.Scheme + "://" + base.Host, http: transport, base: base, patience: patience, clock: served}, nil
}

// limit bounds how long one answer may take.
func (c *Client) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(c.patience, RequestTimeout))
}

// Get asks the API server for a path such as /version, or for that of a pod's log or proxy. The answer is
// the caller's to close, and to bound; that it does not begin in time, and anything but 200, is an error.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	at := c.base.JoinPath(path)
	at.RawQuery = query.Encode()
	ctx, cancel := context.WithCancelCause(ctx)
	if !query.Has("follow") { // a log begins with the first line that there is
		timer := time.AfterFunc(cmp.Or(c.patience, RequestTimeout), func() { cancel(context.DeadlineExceeded) })
		defer timer.Stop()
	}
	body, err := c.begin(ctx, at.String())
	if err != nil {
		cancel(nil)
		return nil, c.Explain(err)
	}
	return answerBody{body, cancel}, nil
}

// begin returns the body of an answer, of which nothing has been read yet. Anything but 200 is an error.
func (c *Client) begin(ctx context.Context, at string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(request)
	switch {
	case err != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return nil, context.DeadlineExceeded
	case err != nil:
		return nil, err
	case answer.StatusCode == http.StatusOK:
		return answer.Body, nil
	}
	defer func() { _ = answer.Body.Close() }()
	return nil, statusError(answer)
}

// answerBody is the body of an answer. The request ends when it is closed.
type answerBody struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

// Close implements io.Closer.
func (b answerBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// resource is where objects of a kind are, all of them or those of a namespace.
func (c *Client) resource(r Ref) dynamic.ResourceInterface {
	all := c.Resource(r.Resource())
	if r.Namespace == "" {
		return all
	}
	return all.Namespace(r.Namespace)
}

// read returns an object, or nil if there is none.
func (c *Client) read(ctx context.Context, r Ref) (*unstructured.Unstructured, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	found, err := c.resource(r).Get(ctx, r.Name, getOptions())
	switch {
	case isUnknownKind(err):
		return nil, unknownKind(r)
	case isNotFound(err):
		return nil, nil //nolint:nilnil // there is none, and that is no error
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", r, c.Explain(err))
	}
	return found, nil
}
