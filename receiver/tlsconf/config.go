// Package tlsconf holds the TLS settings that servers and clients of the
// receiver share, under the names and with the meaning that the OpenTelemetry
// Collector gives them, and turns them into a *tls.Config.
//
// Certificates are read again lazily, during a handshake, once the reload
// interval has passed; nothing here starts a goroutine. A reload that fails
// keeps the material in use and is reported to the caller of TLS.
//
// Keys kept in a hardware module (the Collector's tpm section) are not
// supported: the key does not exist here, so using it is an error.
package tlsconf

import (
	"errors"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/secret"
)

// Common holds the settings that clients and servers share. The zero value is
// TLS 1.2 or newer with the system's certificate authorities and no certificate
// of its own.
type Common struct {
	CAFile                      string        `yaml:"ca_file" doc:"File with the certificate authorities (PEM) that verify the server; empty means those of the system."`
	CAPEM                       string        `yaml:"ca_pem" doc:"Certificate authorities (PEM) in place of ca_file."`
	IncludeSystemCACertsPool    bool          `yaml:"include_system_ca_certs_pool" doc:"Trust the system's certificate authorities beside ca_file or ca_pem."`
	CertFile                    string        `yaml:"cert_file" doc:"File with the certificate chain (PEM) to present."`
	CertPEM                     string        `yaml:"cert_pem" doc:"Certificate chain (PEM) in place of cert_file."`
	KeyFile                     string        `yaml:"key_file" doc:"File with the private key (PEM) of the certificate."`
	KeyPEM                      secret.Text   `yaml:"key_pem" doc:"Private key (PEM) in place of key_file." secret:"true"`
	MinVersion                  string        `yaml:"min_version" doc:"Lowest TLS version; empty means 1.2." enum:"1.0|1.1|1.2|1.3"`
	MaxVersion                  string        `yaml:"max_version" doc:"Highest TLS version; empty means the newest known." enum:"1.0|1.1|1.2|1.3"`
	CipherSuites                []string      `yaml:"cipher_suites" doc:"Cipher suites for TLS 1.2 and below, by IANA name; empty means a safe list."`
	IncludeInsecureCipherSuites bool          `yaml:"include_insecure_cipher_suites" doc:"Let cipher_suites name suites with known weaknesses."`
	CurvePreferences            []string      `yaml:"curve_preferences" doc:"Key exchange mechanisms in order of preference; empty means a safe list."`
	ReloadInterval              time.Duration `yaml:"reload_interval" doc:"Read cert_file and key_file again after this time, at the next handshake; 0 means never." min:"0s"`
}

// Client holds the TLS settings of something that dials.
type Client struct {
	Common `yaml:",inline"`

	Insecure           bool   `yaml:"insecure" doc:"Send in plain text, without TLS (ignored when ca_file or ca_pem is set)."`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify" doc:"Encrypt, but accept any certificate of the server."`
	ServerName         string `yaml:"server_name_override" doc:"Name to expect in the server's certificate in place of the host in the endpoint."`
}

// Server holds the TLS settings of something that listens. A certificate and
// its key are required.
type Server struct {
	Common `yaml:",inline"`

	ClientCAFile       string `yaml:"client_ca_file" doc:"File with the certificate authorities (PEM) of clients; when set, every client must present a certificate."`
	ClientCAFileReload bool   `yaml:"client_ca_file_reload" doc:"Read client_ca_file again when it changes, at the next handshake."`
}

// Validate checks what can be checked without touching a file. Its errors carry
// the key they are about (ConfigPath).
func (c Common) Validate() error {
	var errs []error
	exclusive := func(fileKey, file, pemKey, pem string) {
		if file != "" && pem != "" {
			errs = append(errs, at(pemKey, "set either %s or %s, not both", fileKey, pemKey))
		}
	}
	for _, file := range []struct{ key, name, pem string }{
		{"ca_file", c.CAFile, "ca_pem"}, {"cert_file", c.CertFile, "cert_pem"}, {"key_file", c.KeyFile, "key_pem"},
	} {
		if isPEM(file.name) {
			errs = append(errs, at(file.key, "%s is to be the name of a file, and has PEM in it: that belongs to %s", file.key, file.pem))
		}
	}
	exclusive("ca_file", c.CAFile, "ca_pem", c.CAPEM)
	exclusive("cert_file", c.CertFile, "cert_pem", c.CertPEM)
	exclusive("key_file", c.KeyFile, "key_pem", string(c.KeyPEM))
	switch {
	case c.hasCert() && !c.hasKey():
		errs = append(errs, at(firstSet("cert_file", c.CertFile, "cert_pem"), "a certificate needs its private key: set key_file or key_pem"))
	case c.hasKey() && !c.hasCert():
		errs = append(errs, at(firstSet("key_file", c.KeyFile, "key_pem"), "a private key needs its certificate: set cert_file or cert_pem"))
	}
	if c.ReloadInterval < 0 {
		errs = append(errs, at("reload_interval", "reload_interval must not be negative"))
	}
	_, _, err := c.versions()
	errs = append(errs, err)
	_, err = c.cipherSuites()
	errs = append(errs, err)
	_, err = c.curves()
	errs = append(errs, err)
	return errors.Join(errs...)
}

// Validate checks what can be checked without touching a file.
func (s Server) Validate() error {
	err := s.Common.Validate()
	if !s.hasCert() && !s.hasKey() {
		err = errors.Join(err, at("", "a server needs a certificate: set cert_file and key_file"))
	}
	if s.ClientCAFileReload && s.ClientCAFile == "" {
		err = errors.Join(err, at("client_ca_file_reload", "client_ca_file_reload needs client_ca_file"))
	}
	return err
}

// isPEM reports whether the name of a file is what should be in the file. Opening
// it would fail with a message that has all of it, which can be a private key.
func isPEM(name string) bool { return strings.Contains(name, "-----BEGIN") }

func (c Common) hasCA() bool   { return c.CAFile != "" || c.CAPEM != "" }
func (c Common) hasCert() bool { return c.CertFile != "" || c.CertPEM != "" }
func (c Common) hasKey() bool  { return c.KeyFile != "" || c.KeyPEM != "" }

// firstSet names the file key if the file is set and the PEM key otherwise.
func firstSet(fileKey, file, pemKey string) string {
	if file != "" {
		return fileKey
	}
	return pemKey
}

// Files returns the files that are read, some of them empty.
func (c Common) Files() []string { return []string{c.CAFile, c.CertFile, c.KeyFile} }

// Files returns the files that are read, some of them empty.
func (s Server) Files() []string { return append(s.Common.Files(), s.ClientCAFile) }
