package kube

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Explain says what an error of the API server, or of the way to it, means for who deploys. An error
// that it has explained stays as it is.
func (c *Client) Explain(err error) error {
	if status, ok := errors.AsType[*apierrors.StatusError](err); ok {
		return c.explainStatus(status)
	}
	wrapped, ok := errors.AsType[*url.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return hinted.New(fmt.Errorf("the API server %s does not answer in time: %w", c.Server, err), "try again, or give it more time with --request-timeout")
	case ok:
		return c.explainConnection(wrapped.Err)
	}
	return err
}

func (c *Client) explainConnection(err error) error {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, wrongName := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, unresolved := errors.AsType[*net.DNSError](err)
	op, refused := errors.AsType[*net.OpError](err)
	switch {
	case strings.HasPrefix(err.Error(), "getting credentials:"):
		why, _, _ := strings.Cut(err.Error(), "\n") // advice about plugins follows
		return hinted.New(fmt.Errorf("%s has no credentials: %s", c.context(), why), "log in again with the program that the kubeconfig names")
	case unknown, wrongName, invalid:
		return hinted.New(fmt.Errorf("the API server %s is not the one that %s trusts: %w", c.Server, c.context(), err), "the kubeconfig may be of a cluster that was made anew")
	case unresolved:
		return hinted.New(fmt.Errorf("the API server %s cannot be reached: %w", c.Server, err), "is "+c.context()+" the right one, and a VPN up?")
	case refused:
		return hinted.New(fmt.Errorf("the API server %s cannot be reached: %w", c.Server, op.Err), "is "+c.context()+" the right one, and the cluster running?")
	}
	return hinted.New(fmt.Errorf("the API server %s: %w", c.Server, err), "is "+c.context()+" the right one?")
}

// context names the context in messages.
func (c *Client) context() string {
	if c.Context == "" {
		return "the account of this pod"
	}
	return fmt.Sprintf("the context %q", c.Context)
}

func (c *Client) explainStatus(err *apierrors.StatusError) error {
	text := plain(err)
	switch {
	case apierrors.IsUnauthorized(err):
		return hinted.New(fmt.Errorf("the API server %s does not accept the credentials of %s: %w", c.Server, c.context(), text), "they may have expired: log in again")
	case apierrors.HasStatusCause(err, "NamespaceTerminating"):
		return hinted.New(text, "wait until the namespace is gone, or deploy to another one with -n")
	case strings.Contains(text.Error(), "exceeded quota"):
		return hinted.New(text, "raise the ResourceQuota, or ask for less: deploy.resources, deploy.replicas")
	case strings.Contains(text.Error(), "failed calling webhook"):
		return hinted.New(text, "a webhook of the cluster does not work: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations")
	case strings.Contains(text.Error(), "admission webhook"), strings.Contains(text.Error(), "ValidatingAdmissionPolicy"):
		return hinted.New(text, "a policy of the cluster refuses the object: change it with --set deploy.… or --patch")
	case apierrors.IsForbidden(err):
		return hinted.New(text, "docs/kubernetes-role.yaml is a Role with all that is needed")
	case apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err):
		return hinted.New(text, "the API server is busy or starting: try again")
	}
	return text
}

// plainError is the message of a status, without the names of Go types around it.
type plainError struct{ *apierrors.StatusError }

// Unwrap returns the status.
func (e plainError) Unwrap() error { return e.StatusError }

func plain(err *apierrors.StatusError) error {
	if err.ErrStatus.Message == "" {
		err.ErrStatus.Message = strings.ToLower(http.StatusText(int(err.ErrStatus.Code)))
	}
	return plainError{err}
}

// statusError reads the error in an answer.
func statusError(answer *http.Response) error {
	const most = 64 << 10 // proxied pods may say anything
	text, _ := io.ReadAll(io.LimitReader(answer.Body, most))
	return decodeStatus(answer.StatusCode, text)
}

func decodeStatus(code int, text []byte) *apierrors.StatusError {
	var status metav1.Status
	if err := json.Unmarshal(text, &status); err != nil || status.Kind != "Status" {
		status = metav1.Status{Status: metav1.StatusFailure, Message: strings.TrimSpace(string(text))}
		if strings.HasPrefix(status.Message, "<") {
			status.Message = "" // a page for browsers
		}
	}
	status.Code = int32(code)
	if status.Reason == "" {
		status.Reason = reasons()[code]
	}
	return &apierrors.StatusError{ErrStatus: status}
}

// reasons are those of answers that did not come from the API server itself.
func reasons() map[int]metav1.StatusReason {
	return map[int]metav1.StatusReason{
		http.StatusUnauthorized: metav1.StatusReasonUnauthorized, http.StatusForbidden: metav1.StatusReasonForbidden,
		http.StatusNotFound: metav1.StatusReasonNotFound, http.StatusServiceUnavailable: metav1.StatusReasonServiceUnavailable,
		http.StatusTooManyRequests: metav1.StatusReasonTooManyRequests,
	}
}

func getOptions() metav1.GetOptions { return metav1.GetOptions{} }

// isUnknownKind reports whether the cluster has no such kind, rather than no such object.
func isUnknownKind(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// IsNotFound reports whether an error of the API server says that there is no such object.
func IsNotFound(err error) bool { return isNotFound(err) }

func isNotFound(err error) bool { return apierrors.IsNotFound(err) }

func isForbidden(err error) bool { return apierrors.IsForbidden(err) }

func unknownKind(r Ref) error {
	return hinted.New(fmt.Errorf("%s: the cluster has no kind %s of %s", r, r.Kind, r.APIVersion), "install what defines it, or take it out of the section deploy")
}
