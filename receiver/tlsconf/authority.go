package tlsconf

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"sync"
	"time"
)

// clientPoolInterval is the least time between two looks at client_ca_file.
const clientPoolInterval = time.Second

// roots returns the authorities that verify the peer; nil means the system's.
func (c Common) roots() (*x509.CertPool, error) {
	switch {
	case c.CAFile != "" && c.CAPEM != "":
		return nil, at("ca_pem", "set either ca_file or ca_pem, not both")
	case c.CAFile != "":
		pool, _, err := c.readPool("ca_file", c.CAFile)
		return pool, err
	case c.CAPEM != "":
		return c.pool("ca_pem", "", []byte(c.CAPEM))
	}
	return nil, nil // a nil pool stands for the system's in crypto/tls
}

// readPool also returns the content, to tell later whether the file changed.
func (c Common) readPool(key, file string) (*x509.CertPool, []byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, at(key, "%s: %w", key, err)
	}
	pool, err := c.pool(key, file, content)
	return pool, content, err
}

// pool parses certificates that came from file, or from the setting itself if
// file is empty.
func (c Common) pool(key, file string, content []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if c.IncludeSystemCACertsPool {
		system, err := x509.SystemCertPool()
		if err != nil {
			return nil, at("include_system_ca_certs_pool", "the system's certificate authorities: %w", err)
		}
		pool = system
	}
	if !pool.AppendCertsFromPEM(content) {
		return nil, at(key, "%s: no usable PEM certificate in it", source(key, file))
	}
	return pool, nil
}

// clientPool verifies client certificates against a file that may change.
type clientPool struct {
	common       Common
	file         string
	reloadFailed func(error)

	mu      sync.Mutex
	pool    *x509.CertPool
	content []byte // of the last look, usable or not: one report per change
	next    time.Time
}

func (s Server) newClientPool(pool *x509.CertPool, content []byte, reloadFailed func(error)) *clientPool {
	return &clientPool{
		common:       s.Common,
		file:         s.ClientCAFile,
		reloadFailed: reloadFailed,
		pool:         pool,
		content:      content,
		next:         time.Now().Add(clientPoolInterval),
	}
}

// verify does for one connection, resumed or not, what crypto/tls does with
// RequireAndVerifyClientCert.
func (p *clientPool) verify(conn tls.ConnectionState) error {
	if len(conn.PeerCertificates) == 0 {
		return errors.New("client certificate required")
	}
	intermediates := x509.NewCertPool()
	for _, cert := range conn.PeerCertificates[1:] {
		intermediates.AddCert(cert)
	}
	_, err := conn.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots:         p.current(),
		Intermediates: intermediates,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

// current returns the authorities, read again if it is time and they changed.
func (p *clientPool) current() *x509.CertPool {
	pool, err := p.look()
	if err != nil && p.reloadFailed != nil {
		p.reloadFailed(err)
	}
	return pool
}

func (p *clientPool) look() (*x509.CertPool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.next) {
		return p.pool, nil
	}
	p.next = now.Add(clientPoolInterval)
	// Content rather than modification time: a ConfigMap changes by swapping a
	// symlink, and time stamps are coarse on some file systems.
	content, err := os.ReadFile(p.file)
	if err != nil {
		if p.content == nil {
			return p.pool, nil
		}
		p.content = nil
		return p.pool, at("client_ca_file", "client_ca_file: %w", err)
	}
	if p.content != nil && bytes.Equal(content, p.content) {
		return p.pool, nil
	}
	p.content = content
	pool, err := p.common.pool("client_ca_file", p.file, content)
	if err != nil {
		return p.pool, err
	}
	p.pool = pool
	return pool, nil
}
