package tlsconf

import (
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/internal/secret"
)

func TestPlainText(t *testing.T) {
	ca := newAuthority(t, "ca")
	f := func(c Client, wantTLS bool) {
		t.Helper()
		conf, err := c.TLS(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := conf != nil; got != wantTLS {
			t.Errorf("TLS of %+v is on: %v, want %v", c, got, wantTLS)
		}
	}
	f(Client{}, true)
	f(Client{Insecure: true}, false)
	f(Client{Insecure: true, InsecureSkipVerify: true}, false)
	f(Client{Insecure: true, Common: Common{CAPEM: ca.pem()}}, true)
}

func TestHandshake(t *testing.T) {
	ca, stranger := newAuthority(t, "ca"), newAuthority(t, "stranger")
	dir := newFolder(t)
	caFile := dir.put("ca.pem", ca.pem())
	cert, key := ca.issue("backend.test")
	server := Server{Common: Common{CertFile: dir.put("cert.pem", cert), KeyFile: dir.put("key.pem", key)}}
	strict := server
	strict.ClientCAFile = caFile
	clientCert, clientKey := ca.issue("client")
	strangeCert, strangeKey := stranger.issue("client")

	f := func(c Client, s Server, wantErr string) {
		t.Helper()
		clientConf, err := c.TLS(nil)
		if err != nil {
			t.Fatal(err)
		}
		serverConf, err := s.TLS(nil)
		if err != nil {
			t.Fatal(err)
		}
		clientSaw, _, err := handshake(t, clientConf, serverConf)
		switch {
		case wantErr == "" && err != nil:
			t.Errorf("handshake: %v", err)
		case wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)):
			t.Errorf("handshake: %v, want an error with %q", err, wantErr)
		case wantErr == "" && clientSaw.Version < tls.VersionTLS12:
			t.Errorf("TLS version %x", clientSaw.Version)
		}
	}
	named := func(common Common) Client { return Client{Common: common, ServerName: "backend.test"} }

	f(named(Common{CAFile: caFile}), server, "")
	f(named(Common{CAPEM: ca.pem()}), server, "")
	f(named(Common{CAPEM: ca.pem(), IncludeSystemCACertsPool: true}), server, "")
	f(named(Common{CAPEM: stranger.pem()}), server, "unknown authority")
	f(named(Common{}), server, "unknown authority")
	f(Client{Common: Common{CAFile: caFile}, ServerName: "other.test"}, server, "other.test")
	f(Client{InsecureSkipVerify: true}, server, "")
	f(named(Common{CAFile: caFile, MaxVersion: "1.2"}), server, "")
	f(named(Common{CAFile: caFile, MinVersion: "1.3"}), Server{Common: Common{
		CertPEM: cert, KeyPEM: secret.Text(key), MaxVersion: "1.2",
	}}, "protocol version")
	f(named(Common{CAFile: caFile, MaxVersion: "1.2", CipherSuites: []string{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}}), server, "")
	f(named(Common{CAFile: caFile, CurvePreferences: []string{"P256"}}), Server{Common: Common{
		CertPEM: cert, KeyPEM: secret.Text(key), CurvePreferences: []string{"X25519"},
	}}, "handshake failure")

	for _, reload := range []bool{false, true} {
		strict.ClientCAFileReload = reload
		f(named(Common{CAFile: caFile, CertPEM: clientCert, KeyPEM: secret.Text(clientKey)}), strict, "")
		f(named(Common{CAFile: caFile}), strict, "certificate required")
		f(named(Common{CAFile: caFile, CertPEM: strangeCert, KeyPEM: secret.Text(strangeKey)}), strict, "unknown authority")
	}
}

// Servers add their protocols to a copy of the configuration: verification of
// clients that may reload must not get in the way.
func TestClientReloadKeepsNextProtos(t *testing.T) {
	ca := newAuthority(t, "ca")
	cert, key := ca.issue("backend.test")
	server, err := Server{
		Common:             Common{CertPEM: cert, KeyPEM: secret.Text(key)},
		ClientCAFile:       newFolder(t).put("ca.pem", ca.pem()),
		ClientCAFileReload: true,
	}.TLS(nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := Client{Common: Common{CAPEM: ca.pem(), CertPEM: cert, KeyPEM: secret.Text(key)}, ServerName: "backend.test"}.TLS(nil)
	if err != nil {
		t.Fatal(err)
	}
	server = server.Clone()
	server.NextProtos = []string{"h2"}
	client.NextProtos = []string{"h2"}
	saw, _, err := handshake(t, client, server)
	if err != nil || saw.NegotiatedProtocol != "h2" {
		t.Fatalf("negotiated %q, %v", saw.NegotiatedProtocol, err)
	}
}

func TestUnusableFiles(t *testing.T) {
	ca := newAuthority(t, "ca")
	dir := newFolder(t)
	cert, key := ca.issue("a.test")
	_, otherKey := ca.issue("b.test")
	certFile, keyFile := dir.put("cert.pem", cert), dir.put("key.pem", key)
	missing := filepath.Join(dir.path, "missing.pem")
	junk := dir.put("junk.pem", "hello")

	f := func(s Server, wantPath string, wantParts ...string) {
		t.Helper()
		_, err := s.TLS(nil)
		if err == nil {
			t.Fatalf("no error for %+v", s)
		}
		at, ok := err.(interface{ ConfigPath() string })
		if !ok || at.ConfigPath() != wantPath {
			t.Errorf("%v: path %q, want %q", err, at.ConfigPath(), wantPath)
		}
		for _, part := range wantParts {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q lacks %q", err, part)
			}
		}
		if strings.Contains(err.Error(), strings.Split(key, "\n")[1]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	f(Server{}, "", "needs a certificate")
	f(Server{Common: Common{CertFile: missing, KeyFile: keyFile}}, "cert_file", missing, "no such file")
	f(Server{Common: Common{CertFile: certFile, KeyFile: missing}}, "key_file", missing, "no such file")
	f(Server{Common: Common{CertFile: junk, KeyFile: keyFile}}, "cert_file", junk, "no PEM certificate")
	f(Server{Common: Common{CertFile: certFile, KeyFile: junk}}, "key_file", junk)
	f(Server{Common: Common{CertFile: certFile, KeyPEM: secret.Text(otherKey)}}, "key_pem", certFile, "does not match")
	f(Server{Common: Common{CertFile: certFile, KeyPEM: secret.Text(encode("ENCRYPTED PRIVATE KEY", []byte("x")))}}, "key_pem", "encrypted")
	f(Server{Common: Common{CertFile: certFile, KeyFile: keyFile, CAFile: missing}}, "ca_file", missing)
	f(Server{Common: Common{CertFile: certFile, KeyFile: keyFile, CAFile: junk}}, "ca_file", junk, "no usable PEM certificate")
	f(Server{Common: Common{CertFile: certFile, KeyFile: keyFile}, ClientCAFile: missing}, "client_ca_file", missing)
	f(Server{Common: Common{CertFile: certFile, KeyFile: keyFile}, ClientCAFile: junk}, "client_ca_file", junk)
}
