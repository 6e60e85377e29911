package otlphttp

import (
	"encoding/pem"
	"net/http/httptest"
)

// caPEM returns the certificate of a server with TLS, which signs itself.
func caPEM(s *httptest.Server) string {
	if s.Certificate() == nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}
