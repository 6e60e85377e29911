package kubernetes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// object is a Kubernetes object, or a part of one, before it is written as JSON, which is YAML too.
type object = map[string]any

// writeJSON writes a file that only its owner may read: it may hold a key.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// kubeconfig returns the path of the kubeconfig of a user.
func (c *Cluster) kubeconfig(user string) string { return filepath.Join(c.dir, user+".kubeconfig") }

// writeKubeconfig writes the kubeconfig of a user who has those credentials. It holds all that it needs, so that it
// may be copied.
func (c *Cluster) writeKubeconfig(user string, credentials object) error {
	ca, err := os.ReadFile(c.ca.certFile("ca"))
	if err != nil {
		return err
	}
	const name = "otlpctl-test"
	return writeJSON(c.kubeconfig(user), object{
		"apiVersion": "v1", "kind": "Config", "current-context": name,
		"clusters": []object{{"name": name, "cluster": object{"server": c.Server(), "certificate-authority-data": ca}}},
		"users":    []object{{"name": user, "user": credentials}},
		"contexts": []object{{"name": name, "context": object{"cluster": name, "user": user}}},
	})
}

// writeCertified writes the kubeconfig of a user who has a certificate of the same name.
func (c *Cluster) writeCertified(user string) error {
	cert, err := os.ReadFile(c.ca.certFile(user))
	if err != nil {
		return err
	}
	key, err := os.ReadFile(c.ca.keyFile(user))
	if err != nil {
		return err
	}
	return c.writeKubeconfig(user, object{"client-certificate-data": cert, "client-key-data": key})
}

// ServiceAccount returns the path of a kubeconfig with a token of an existing ServiceAccount. What it may do is up to
// its roles.
func (c *Cluster) ServiceAccount(ctx context.Context, namespace, name string) (string, error) {
	token, err := c.Kubectl(ctx, "create", "token", "--namespace", namespace, name)
	if err != nil {
		return "", err
	}
	user := namespace + "." + name
	err = c.writeKubeconfig(user, object{"token": strings.TrimSpace(string(token))})
	return c.kubeconfig(user), err
}

// ExpiredAdmin returns the path of a kubeconfig whose user may do everything, with a certificate that has expired.
func (c *Cluster) ExpiredAdmin() (string, error) {
	const user = "expired"
	err := c.ca.issueExpired(user, pkix.Name{CommonName: user, Organization: []string{"system:masters"}})
	if err != nil {
		return "", err
	}
	return c.kubeconfig(user), c.writeCertified(user)
}

// Administrator returns how a program reaches the API server as the user who may do everything, to stand between it and
// others.
func (c *Cluster) Administrator() (*url.URL, *http.Transport, error) {
	pair, err := tls.LoadX509KeyPair(c.ca.certFile(admin), c.ca.keyFile(admin))
	if err != nil {
		return nil, nil, err
	}
	ca, err := os.ReadFile(c.ca.certFile("ca"))
	if err != nil {
		return nil, nil, err
	}
	trust := x509.NewCertPool()
	trust.AppendCertsFromPEM(ca)
	server, err := url.Parse(c.Server())
	return server, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust, Certificates: []tls.Certificate{pair}}}, err
}
