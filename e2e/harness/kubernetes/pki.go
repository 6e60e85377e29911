package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity is how long a cluster may run: a developer's stays up for days.
const validity = 30 * 24 * time.Hour

// authority signs the certificates of a cluster. All are for clients and servers alike.
type authority struct {
	dir  string // holds NAME.crt and NAME.key
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes an authority and writes its certificate as ca.crt.
func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert := template(pkix.Name{CommonName: "otlpctl test cluster"})
	cert.IsCA, cert.BasicConstraintsValid, cert.KeyUsage = true, true, x509.KeyUsageCertSign
	a := &authority{dir: dir, cert: cert, key: key}
	return a, a.write("ca", cert, key)
}

// issue writes the certificate of name, which authenticates a user of that common name and those groups, and a server
// under those addresses and host names.
func (a *authority) issue(name string, subject pkix.Name, ips, hosts []string) error {
	cert := template(subject)
	cert.DNSNames = hosts
	for _, ip := range ips {
		cert.IPAddresses = append(cert.IPAddresses, net.ParseIP(ip))
	}
	return a.sign(name, cert)
}

// issueExpired writes the certificate of a user that was valid until a minute ago.
func (a *authority) issueExpired(name string, subject pkix.Name) error {
	cert := template(subject)
	cert.NotAfter = time.Now().Add(-time.Minute)
	return a.sign(name, cert)
}

func (a *authority) sign(name string, cert *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert.KeyUsage = x509.KeyUsageDigitalSignature
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	return a.write(name, cert, key)
}

// template returns a certificate with nothing but a name and its time.
func template(subject pkix.Name) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetInt64(now.UnixNano()), Subject: subject,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity),
	}
}

func (a *authority) write(name string, cert *x509.Certificate, key *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(a.certFile(name), "CERTIFICATE", der); err != nil {
		return err
	}
	return writePEM(a.keyFile(name), "PRIVATE KEY", private)
}

func (a *authority) certFile(name string) string { return filepath.Join(a.dir, name+".crt") }

func (a *authority) keyFile(name string) string { return filepath.Join(a.dir, name+".key") }

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
