package e2e_test

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/certs"
)

// imageWebhook has a server say whether Deployments of a namespace may be.
const imageWebhook = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: %[1]s}
webhooks:
- name: images.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 5
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
  rules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]
  clientConfig: {url: "https://%[2]s/", caBundle: %[3]s}
`

// A webhook that says no, and then one that does not answer, keeps a deployment from changing anything.
func testBadWebhook(t *testing.T) {
	s := newSite(t, "bad-webhook")
	s.createNamespace()
	server, bundle := s.serveRefusals()
	s.create(fmt.Sprintf(imageWebhook, s.namespace, server.Addr, bundle))
	s.inForce(s.namespace)
	s.wantRefused("deploy", nil,
		`error: apply deployment/otlp-receiver: admission webhook "images.example.com" denied the request: no changes on Fridays`,
		"hint: a policy of the cluster refuses the object: change it with --set deploy.… or --patch")
	s.wantNothing()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	s.wantRefused("deploy", nil, "error: apply deployment/otlp-receiver: ", `failed calling webhook "images.example.com"`,
		"hint: a webhook of the cluster does not work: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations")
	s.wantNothing()
}

// serveRefusals starts a webhook in the network of the cluster that refuses everything, and returns what it is trusted by.
func (s *site) serveRefusals() (server *http.Server, bundle string) {
	s.t.Helper()
	listener, err := s.Listen(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	authority := certs.New(s.t)
	cert, key, _ := authority.Issue(s.t, listener.Addr().(*net.TCPAddr).IP)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		s.t.Fatal(err)
	}
	server = &http.Server{
		Addr: listener.Addr().String(), ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(refuseReview),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}},
	}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	s.t.Cleanup(func() { _ = server.Close() })
	return server, base64.StdEncoding.EncodeToString([]byte(authority.PEM()))
}

// refuseReview answers the question of an API server whether an object may be.
func refuseReview(w http.ResponseWriter, r *http.Request) {
	var review struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Request    struct {
			UID string `json:"uid"`
		} `json:"request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": review.APIVersion, "kind": review.Kind,
		"response": map[string]any{"uid": review.Request.UID, "allowed": false, "status": map[string]any{"code": 403, "message": "no changes on Fridays"}},
	})
}
