package tlsconf

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"os"
	"sync"
	"time"
)

// retryInterval is the longest wait after a failed reload: a certificate and a
// key that are replaced one after the other do not match for a moment.
const retryInterval = 10 * time.Second

// keyPair is a certificate with its key, read again every interval.
type keyPair struct {
	common       Common
	reloadFailed func(error)

	mu   sync.Mutex
	cert *tls.Certificate
	next time.Time
}

func (c Common) newKeyPair(reloadFailed func(error)) (*keyPair, error) {
	cert, err := c.readKeyPair()
	if err != nil {
		return nil, err
	}
	return &keyPair{common: c, reloadFailed: reloadFailed, cert: cert, next: time.Now().Add(c.ReloadInterval)}, nil
}

// current returns the certificate to present. One handshake per interval reads
// the files; those beside it go on with the certificate in use.
func (p *keyPair) current() *tls.Certificate {
	cert, due := p.claim()
	if !due {
		return cert
	}
	fresh, err := p.common.readKeyPair()
	if err != nil {
		p.retry()
		if p.reloadFailed != nil {
			p.reloadFailed(err)
		}
		return cert
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cert = fresh
	return fresh
}

func (p *keyPair) retry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = time.Now().Add(min(p.common.ReloadInterval, retryInterval))
}

// claim returns the certificate in use, and whether the caller is the one to
// read it again.
func (p *keyPair) claim() (cert *tls.Certificate, due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.common.ReloadInterval <= 0 || p.common.CertFile == "" && p.common.KeyFile == "" {
		return p.cert, false
	}
	now := time.Now()
	if now.Before(p.next) {
		return p.cert, false
	}
	p.next = now.Add(p.common.ReloadInterval)
	return p.cert, true
}

func (c Common) readKeyPair() (*tls.Certificate, error) {
	if !c.hasKey() {
		return nil, at("", "a certificate needs its private key: set key_file or key_pem")
	}
	if !c.hasCert() {
		return nil, at("", "a private key needs its certificate: set cert_file or cert_pem")
	}
	certPEM, err := read("cert", c.CertFile, c.CertPEM)
	if err != nil {
		return nil, err
	}
	keyPEM, err := read("key", c.KeyFile, string(c.KeyPEM))
	if err != nil {
		return nil, err
	}
	certKey := firstSet("cert_file", c.CertFile, "cert_pem")
	keyKey := firstSet("key_file", c.KeyFile, "key_pem")
	if !hasBlock(certPEM, "CERTIFICATE") {
		return nil, at(certKey, "%s: no PEM certificate in it", source(certKey, c.CertFile))
	}
	if encrypted(keyPEM) {
		return nil, at(keyKey, "%s: the key is encrypted: provide it decrypted", source(keyKey, c.KeyFile))
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, at(keyKey, "%s with %s: %w", source(certKey, c.CertFile), source(keyKey, c.KeyFile), err)
	}
	return &pair, nil
}

// read returns the content of NAME_file, or that of NAME_pem.
func read(name, file, inline string) ([]byte, error) {
	switch {
	case file == "":
		return []byte(inline), nil
	case inline != "":
		return nil, at(name+"_pem", "set either %s_file or %s_pem, not both", name, name)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, at(name+"_file", "%s_file: %w", name, err)
	}
	return content, nil
}

// source says where PEM text came from, without showing any of it.
func source(key, file string) string {
	if file == "" {
		return key
	}
	return key + " " + file
}

func hasBlock(content []byte, kind string) bool {
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == kind {
			return true
		}
	}
	return false
}

// encrypted reports whether the key needs a pass phrase, in either of the two
// ways PEM has to say so.
func encrypted(content []byte) bool {
	if hasBlock(content, "ENCRYPTED PRIVATE KEY") {
		return true
	}
	return bytes.Contains(content, []byte("Proc-Type: 4,ENCRYPTED"))
}
