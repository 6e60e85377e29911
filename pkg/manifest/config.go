package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// configFile is the name of the configuration in its ConfigMap.
const configFile = "config.yaml"

func (r *renderer) configMap() error {
	c, err := template[corev1.ConfigMap](r.templates, "configmap.yaml")
	if err != nil {
		return err
	}
	r.adopt(c, r.configMapName())
	annotate(c, hashAnnotation, r.FileHash)
	c.Immutable = nil
	if !r.isLive() {
		c.Immutable = new(true)
	}
	if c.Data == nil {
		c.Data = map[string]string{}
	}
	c.Data[configFile] = string(r.File)
	return r.add(c)
}

// secret makes the Secret of the configuration's plain secrets, if there are some and the user has
// not brought one along.
func (r *renderer) secret() error {
	if len(r.Secrets) == 0 || r.deploy.ExistingSecret != "" {
		return nil
	}
	s, err := template[corev1.Secret](r.templates, "secret.yaml")
	if err != nil {
		return err
	}
	r.adopt(s, r.secretName())
	s.Immutable = nil
	if !r.isLive() {
		s.Immutable = new(true)
	}
	s.Data = map[string][]byte{}
	for key, value := range r.Secrets {
		s.Data[key] = []byte(value)
	}
	return r.add(s)
}

// secretName returns the Secret with the secret values of the configuration, or nothing if there is none.
func (r *renderer) secretName() string {
	switch {
	case r.deploy.ExistingSecret != "":
		return r.deploy.ExistingSecret
	case len(r.Secrets) == 0:
		return ""
	case r.isLive():
		return r.deploy.Name + "-secrets"
	}
	return r.deploy.Name + "-secrets-" + r.secretHash()
}

// secretHash names the content of the Secret. The configuration is part of it, so that the name alone
// tells nobody whether two deployments share a password.
func (r *renderer) secretHash() string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q\n", r.File) // a hash takes everything
	for _, key := range sortedKeys(r.Secrets) {
		_, _ = fmt.Fprintf(h, "%q %q\n", key, r.Secrets[key])
	}
	return hex.EncodeToString(h.Sum(nil))[:hashDigits]
}
