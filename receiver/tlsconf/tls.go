package tlsconf

import (
	"crypto/tls"
)

// Plaintext reports whether connections are to be without TLS.
func (c Client) Plaintext() bool { return c.Insecure && !c.hasCA() }

// TLS reads the files and returns the configuration for a client, or nil if the
// connection is to be in plain text. Like in the Collector, insecure yields to
// ca_file and ca_pem.
//
// reloadFailed, if not nil, is called from a handshake, possibly from several
// at once, with each later failure to read the certificate again; the one in
// use stays in use.
func (c Client) TLS(reloadFailed func(error)) (*tls.Config, error) {
	if c.Plaintext() {
		return nil, nil // no TLS is an answer of its own, documented above
	}
	conf, err := c.build()
	if err != nil {
		return nil, err
	}
	conf.ServerName = c.ServerName
	conf.InsecureSkipVerify = c.InsecureSkipVerify
	if c.hasCert() {
		pair, err := c.newKeyPair(reloadFailed)
		if err != nil {
			return nil, err
		}
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return pair.current(), nil
		}
	}
	return conf, nil
}

// TLS reads the files and returns the configuration for a server. It sets no
// NextProtos: the protocols on offer are the server's business.
//
// reloadFailed, if not nil, is called from a handshake, possibly from several
// at once, with each later failure to read the certificate or the client
// authorities again; those in use stay in use.
func (s Server) TLS(reloadFailed func(error)) (*tls.Config, error) {
	conf, err := s.build()
	if err != nil {
		return nil, err
	}
	if !s.hasCert() {
		return nil, at("", "a server needs a certificate: set cert_file and key_file")
	}
	pair, err := s.newKeyPair(reloadFailed)
	if err != nil {
		return nil, err
	}
	conf.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return pair.current(), nil
	}
	if s.ClientCAFile == "" {
		return conf, nil
	}
	pool, content, err := s.readPool("client_ca_file", s.ClientCAFile)
	if err != nil {
		return nil, err
	}
	if !s.ClientCAFileReload {
		conf.ClientCAs = pool
		conf.ClientAuth = tls.RequireAndVerifyClientCert
		return conf, nil
	}
	clients := s.newClientPool(pool, content, reloadFailed)
	// The verification is ours, against the pool of the moment, rather than a
	// fresh tls.Config per connection: servers copy the configuration and add
	// to the copy (NextProtos), which a GetConfigForClient would lose.
	conf.ClientAuth = tls.RequireAnyClientCert
	conf.VerifyConnection = clients.verify
	return conf, nil
}

// build makes the part that clients and servers share, without certificates.
func (c Common) build() (*tls.Config, error) {
	lowest, highest, err := c.versions()
	if err != nil {
		return nil, err
	}
	suites, err := c.cipherSuites()
	if err != nil {
		return nil, err
	}
	curves, err := c.curves()
	if err != nil {
		return nil, err
	}
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		RootCAs:          roots,
		MinVersion:       lowest,
		MaxVersion:       highest,
		CipherSuites:     suites,
		CurvePreferences: curves,
	}, nil
}
