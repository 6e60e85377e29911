package ingest

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// A client that keeps its connection is told with an answer that it has to go, and is waited for: the connection is
// not closed under its hands.
func TestForewarnedClientsGoByThemselves(t *testing.T) {
	r := newRig(t, setup{})
	h, ok := r.server.port(HTTP).server.(*httpServer)
	if !ok {
		t.Fatalf("%T serves HTTP", r.server.port(HTTP).server)
	}
	h.farewell = time.Hour
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	send := func(wantClose bool) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url("/v1/traces"), bytes.NewReader(sample(wire.Traces, 1)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", protobufType)
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK || response.Close != wantClose {
			t.Errorf("%s, Connection: close is %t, want %t", response.Status, response.Close, wantClose)
		}
	}
	send(false)
	r.server.Forewarn()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		r.server.Drain(t.Context())
	}()
	eventually(t, func() bool { return refused(t, r.server.Addr(HTTP)) })
	send(true) // on the connection that it has: no other one is taken
	<-drained
}

// A client that has nothing more to say does not hold up the end for long.
func TestForewarnedClientsAreNotWaitedForForever(t *testing.T) {
	r := newRig(t, setup{})
	h, ok := r.server.port(HTTP).server.(*httpServer)
	if !ok {
		t.Fatalf("%T serves HTTP", r.server.port(HTTP).server)
	}
	h.farewell = time.Millisecond
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	if a := r.do(client, http.MethodPost, "/v1/traces", bytes.NewReader(sample(wire.Traces, 1)), "Content-Type", protobufType); a.code != http.StatusOK {
		t.Errorf("%d %s", a.code, a.body)
	}
	r.server.Forewarn()
	r.server.Drain(t.Context())
	if n := r.server.port(HTTP).listener.connections(); n > 0 {
		t.Errorf("%d connections are left", n)
	}
}
