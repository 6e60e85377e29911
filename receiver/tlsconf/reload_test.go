package tlsconf

import (
	"crypto/tls"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/secret"
)

func TestCertificateReload(t *testing.T) {
	ca := newAuthority(t, "ca")
	dir := newFolder(t)
	put := func(name string) {
		cert, key := ca.issue(name)
		dir.put("cert.pem", cert)
		dir.put("key.pem", key)
	}
	put("one.test")
	synctest.Test(t, func(t *testing.T) {
		var failures []string
		conf, err := Server{Common: Common{
			CertFile:       dir.path + "/cert.pem",
			KeyFile:        dir.path + "/key.pem",
			ReloadInterval: time.Minute,
		}}.TLS(func(err error) { failures = append(failures, err.Error()) })
		if err != nil {
			t.Fatal(err)
		}
		f := func(wait time.Duration, want string, wantFailures int) {
			t.Helper()
			time.Sleep(wait)
			cert, err := conf.GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := cert.Leaf.DNSNames[0]; got != want || len(failures) != wantFailures {
				t.Errorf("certificate of %s after failures %q, want %s after %d", got, failures, want, wantFailures)
			}
		}
		f(0, "one.test", 0)
		put("two.test")
		f(59*time.Second, "one.test", 0)
		f(time.Second, "two.test", 0)

		_, strange := ca.issue("three.test")
		dir.put("key.pem", strange)
		f(time.Minute, "two.test", 1)
		f(9*time.Second, "two.test", 1) // not tried again yet
		put("three.test")
		f(time.Second, "three.test", 1)
		if !strings.Contains(failures[0], "key.pem") {
			t.Errorf("%q does not name the file", failures[0])
		}

		if err := os.Remove(dir.path + "/cert.pem"); err != nil {
			t.Fatal(err)
		}
		f(time.Minute, "three.test", 2)
	})
}

func TestNoReloadWithoutInterval(t *testing.T) {
	ca := newAuthority(t, "ca")
	dir := newFolder(t)
	cert, key := ca.issue("one.test")
	conf, err := Client{Common: Common{CertFile: dir.put("c", cert), KeyFile: dir.put("k", key)}}.TLS(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir.put("c", "gone")
	got, err := conf.GetClientCertificate(nil)
	if err != nil || got.Leaf.DNSNames[0] != "one.test" {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestClientAuthorityReload(t *testing.T) {
	old, fresh := newAuthority(t, "old"), newAuthority(t, "new")
	dir := newFolder(t)
	file := dir.put("clients.pem", old.pem())
	cert, key := old.issue("backend.test")
	client := func(of authority) *tls.Config {
		cert, key := of.issue("client")
		conf, err := Client{Common: Common{CAPEM: old.pem(), CertPEM: cert, KeyPEM: secret.Text(key)}, ServerName: "backend.test"}.TLS(nil)
		if err != nil {
			t.Fatal(err)
		}
		return conf
	}
	oldClient, freshClient := client(old), client(fresh)
	// A session of before must not outlive the authority it was made under.
	oldClient.ClientSessionCache = tls.NewLRUClientSessionCache(1)

	synctest.Test(t, func(t *testing.T) {
		var failures []string
		server, err := Server{
			Common:             Common{CertPEM: cert, KeyPEM: secret.Text(key)},
			ClientCAFile:       file,
			ClientCAFileReload: true,
		}.TLS(func(err error) { failures = append(failures, err.Error()) })
		if err != nil {
			t.Fatal(err)
		}
		f := func(conf *tls.Config, wantOK bool, wantFailures int) {
			t.Helper()
			time.Sleep(clientPoolInterval)
			_, _, err := handshake(t, conf, server)
			if (err == nil) != wantOK || len(failures) != wantFailures {
				t.Errorf("handshake: %v, failures %q", err, failures)
			}
		}
		f(oldClient, true, 0)
		if saw, _, err := handshake(t, oldClient, server); err != nil || !saw.DidResume {
			t.Errorf("resumed: %v, %v", saw.DidResume, err)
		}
		f(freshClient, false, 0)
		dir.put("clients.pem", "half a fi")
		f(oldClient, true, 1)
		f(oldClient, true, 1) // one report per change
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		f(oldClient, true, 2)
		dir.put("clients.pem", fresh.pem())
		f(oldClient, false, 2)
		f(freshClient, true, 2)
	})
}
