package ingest

import (
	"io"
	"strings"
	"testing"
	"time"
)

// A client that has sent more than is read when it is refused gets the end of
// the answer before the reset.
func TestRefusalArrivesBeforeTheReset(t *testing.T) {
	r := newRig(t, setup{})
	conn := r.tcp(HTTP)
	// More than the server takes for headers, less than the system buffers.
	if _, err := io.WriteString(conn, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 4*maxHeaders)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	b, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 431 ") {
		t.Errorf("%.100q, %v", b, err)
	}
}
