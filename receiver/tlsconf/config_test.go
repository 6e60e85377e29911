package tlsconf

import (
	"errors"
	"reflect"
	"slices"
	"testing"
)

func TestValidate(t *testing.T) {
	const cert, key = "cert.pem", "key.pem"
	f := func(v interface{ Validate() error }, want ...string) {
		t.Helper()
		var got []string
		for _, err := range leaves(v.Validate()) {
			var at *keyError
			if !errors.As(err, &at) {
				t.Errorf("%v carries no path", err)
				continue
			}
			got = append(got, at.ConfigPath()+": "+err.Error())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v:\ngot  %q\nwant %q", v, got, want)
		}
	}
	f(Client{})
	f(Client{Insecure: true, InsecureSkipVerify: true})
	f(Client{Common: Common{CertFile: cert, KeyPEM: "k", CAFile: "ca"}})
	f(Client{Common: Common{CertFile: cert}}, "cert_file: a certificate needs its private key: set key_file or key_pem")
	// Without a word of the key: the message of the system would have all of it.
	f(Client{Common: Common{CertFile: cert, KeyFile: "-----BEGIN PRIVATE KEY-----\nsecret"}},
		"key_file: key_file is to be the name of a file, and has PEM in it: that belongs to key_pem")
	f(Client{Common: Common{KeyPEM: "k"}}, "key_pem: a private key needs its certificate: set cert_file or cert_pem")
	f(Client{Common: Common{CAFile: "a", CAPEM: "b", CertFile: cert, CertPEM: "c", KeyFile: key, KeyPEM: "k"}},
		"ca_pem: set either ca_file or ca_pem, not both",
		"cert_pem: set either cert_file or cert_pem, not both",
		"key_pem: set either key_file or key_pem, not both")
	f(Client{Common: Common{ReloadInterval: -1}}, "reload_interval: reload_interval must not be negative")

	f(Client{Common: Common{MinVersion: "1.0", MaxVersion: "1.1"}})
	f(Client{Common: Common{MinVersion: "1.3", MaxVersion: "1.2"}}, "max_version: 1.2 is below the lowest version 1.3")
	f(Client{Common: Common{MaxVersion: "1.1"}}, "max_version: 1.1 is below the lowest version 1.2")
	f(Client{Common: Common{MinVersion: "TLS1.2"}}, `min_version: "TLS1.2" is not a TLS version: one of 1.0, 1.1, 1.2, 1.3`)

	const weak = "TLS_RSA_WITH_RC4_128_SHA"
	f(Client{Common: Common{CipherSuites: []string{"TLS_AES_128_GCM_SHA256", weak, "ROT13"}}},
		"cipher_suites[1]: "+weak+" has known weaknesses: choose another, or set include_insecure_cipher_suites: true",
		`cipher_suites[2]: "ROT13" is not a known cipher suite`)
	f(Client{Common: Common{CipherSuites: []string{weak}, IncludeInsecureCipherSuites: true}})
	f(Client{Common: Common{CurvePreferences: []string{"X25519MLKEM768", "X25519", "P256", "P384", "P521"}}})
	f(Client{Common: Common{CurvePreferences: []string{"P255"}}},
		`curve_preferences[0]: "P255" is not a known curve: one of P256, P384, P521, X25519, X25519MLKEM768`)

	f(Server{Common: Common{CertFile: cert, KeyFile: key}})
	f(Server{}, ": a server needs a certificate: set cert_file and key_file")
	f(Server{Common: Common{CertFile: cert, KeyFile: key}, ClientCAFileReload: true},
		"client_ca_file_reload: client_ca_file_reload needs client_ca_file")
}

// leaves takes joined errors apart.
func leaves(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, leaves(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// The keys are those of the Collector, less tpm: a key more or less breaks
// either a drop-in configuration or a promise.
func TestKeys(t *testing.T) {
	common := []string{
		"ca_file", "ca_pem", "include_system_ca_certs_pool", "cert_file", "cert_pem", "key_file", "key_pem",
		"min_version", "max_version", "cipher_suites", "include_insecure_cipher_suites", "curve_preferences", "reload_interval",
	}
	f := func(v any, want ...string) {
		t.Helper()
		var got []string
		for field := range reflect.TypeOf(v).Fields() {
			if field.Anonymous {
				continue
			}
			got = append(got, field.Tag.Get("yaml"))
			if field.Tag.Get("doc") == "" {
				t.Errorf("%s has no doc", field.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%T: keys %q, want %q", v, got, want)
		}
	}
	f(Common{}, common...)
	f(Client{}, "insecure", "insecure_skip_verify", "server_name_override")
	f(Server{}, "client_ca_file", "client_ca_file_reload")
}
