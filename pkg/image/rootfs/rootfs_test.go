package rootfs_test

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image/rootfs"
)

func scratch(t *testing.T) []rootfs.Entry {
	t.Helper()
	entries, err := rootfs.Entries(rootfs.Base{})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func find(t *testing.T, entries []rootfs.Entry, path string) rootfs.Entry {
	t.Helper()
	at := slices.IndexFunc(entries, func(e rootfs.Entry) bool { return e.Path == path })
	if at < 0 {
		t.Fatalf("no %s", path)
	}
	return entries[at]
}

func TestFoldersComeBeforeWhatIsInThem(t *testing.T) {
	seen := map[string]bool{"/": true}
	for _, e := range scratch(t) {
		if !seen[path.Dir(e.Path)] {
			t.Errorf("%s comes before its folder", e.Path)
		}
		if seen[e.Path] {
			t.Errorf("%s is there twice", e.Path)
		}
		seen[e.Path] = true
	}
}

func TestAuthoritiesAreCertificates(t *testing.T) {
	rest := find(t, scratch(t), "/etc/ssl/certs/ca-certificates.crt").Data
	var certificates int
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil || !certificate.IsCA {
			t.Errorf("certificate %d: %v", certificates, err)
		}
		certificates++
	}
	if certificates < 50 {
		t.Errorf("%d certificates", certificates)
	}
}

func TestZonesAreZones(t *testing.T) {
	for _, e := range scratch(t) {
		name, isZone := strings.CutPrefix(e.Path, "/usr/share/zoneinfo/")
		if !isZone || e.Mode.IsDir() {
			continue
		}
		if _, err := time.LoadLocationFromTZData(name, e.Data); err != nil {
			t.Error(err)
		}
	}
	find(t, scratch(t), "/usr/share/zoneinfo/America/Argentina/Ushuaia")
}

func TestEntriesAreTheSameEveryTime(t *testing.T) {
	same := func(a, b rootfs.Entry) bool {
		return a.Path == b.Path && a.Mode == b.Mode && a.ID == b.ID && bytes.Equal(a.Data, b.Data)
	}
	if !slices.EqualFunc(scratch(t), scratch(t), same) {
		t.Error("two calls differ")
	}
}

func archive(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzReadBase(f *testing.F) {
	f.Add([]byte("otlp:x:1000:1000::/:\n"))
	f.Add([]byte("root:x:0\n:::\n\x00"))
	f.Add(bytes.Repeat([]byte("x"), 1024))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, files := range [][]byte{data, archive(t, "etc/passwd", data)} {
			base, err := rootfs.ReadBase("x", bytes.NewReader(files))
			if err != nil {
				continue
			}
			entries, err := rootfs.Entries(base)
			if err != nil {
				continue
			}
			for _, e := range entries {
				if e.Path == "/etc/passwd" && !bytes.HasPrefix(e.Data, data) {
					t.Errorf("the base's accounts are lost: %q", e.Data)
				}
			}
		}
	})
}
