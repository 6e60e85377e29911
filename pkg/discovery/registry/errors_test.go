package registry

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

func TestExplain(t *testing.T) {
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plainText, secure := httptest.NewServer(silent), httptest.NewUnstartedServer(silent)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	rude := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	gone := httptest.NewServer(silent)
	gone.Close()
	t.Cleanup(func() { plainText.Close(); secure.Close(); rude.Close() })
	advice := Advice{Start: "start", TLS: "tls", Trust: "trust"}

	f := func(url, want, hint string) {
		t.Helper()
		client := &http.Client{Transport: Transport(nil)}
		t.Cleanup(client.CloseIdleConnections)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		err = Ask(t.Context(), client, request, new(any))
		if err == nil {
			t.Fatalf("%s has answered", url)
		}
		err = advice.Explain("consul", err)
		var found hinted.Error
		if !errors.As(err, &found) || found.Hint() != hint || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v (%s), want %q (%s)", url, err, found.Hint(), want, hint)
		}
		if strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%v has what differs each time", err)
		}
	}
	f(gone.URL, "consul cannot be reached: connect: connection refused", "start")
	f(strings.Replace(plainText.URL, "http:", "https:", 1), "consul does not speak TLS", "tls")
	f(strings.Replace(secure.URL, "https:", "http:", 1), "consul speaks TLS only", "tls")
	f(secure.URL, "consul cannot prove who it is", "trust")
	f(rude.URL, "consul closes the connection without an answer", "tls")
	f("http://host.invalid", "consul: the name host.invalid is unknown", "is it the right address?")
}

func TestExplainTimeout(t *testing.T) {
	err := Advice{}.Explain("etcd", context.DeadlineExceeded)
	if want := "etcd does not answer in time"; err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}
