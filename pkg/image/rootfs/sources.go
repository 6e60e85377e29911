package rootfs

import (
	"archive/zip"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/otlpctl/otlpctl/templates"
)

// authorities returns the certificate authorities that Mozilla trusts, as PEM. Those that it trusts only
// under conditions are left out: a file has no place for the conditions.
func authorities() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return b.Bytes()
}

// timeZones returns the files of the time zone database.
func timeZones() ([]Entry, error) {
	text := templates.ZoneInfo()
	archive, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, fmt.Errorf("the embedded time zones: %w", err)
	}
	var entries []Entry
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		data, err := readZip(f)
		if err != nil {
			return nil, fmt.Errorf("the embedded time zone %s: %w", f.Name, err)
		}
		entries = append(entries, Entry{Path: zonesPath + "/" + f.Name, Mode: 0o644, Data: data})
	}
	return entries, nil
}

func readZip(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return data, r.Close()
}
