package kube

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// slowTransport answers once it is told to, or never.
type slowTransport struct{ answers chan *http.Response }

// RoundTrip implements http.RoundTripper.
func (s slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case answer := <-s.answers:
		return answer, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// An answer has to begin in time, be it that the credentials do not come. How long it may go on is for who reads it.
func TestGetPatience(t *testing.T) {
	f := func(query url.Values, begins time.Duration, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			answers := make(chan *http.Response, 1)
			c := &Client{Server: "https://cluster", http: &http.Client{Transport: slowTransport{answers}}, base: &url.URL{}, patience: time.Second}
			r, w := io.Pipe()
			answered := make(chan struct{})
			defer func() { <-answered }()
			go func() {
				defer close(answered)
				time.Sleep(begins)
				answers <- &http.Response{StatusCode: http.StatusOK, Body: r}
				time.Sleep(time.Minute)
				_, _ = w.Write([]byte("late"))
				_ = w.Close()
			}()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			body, err := c.Get(ctx, "/", query)
			if err != nil {
				_ = r.Close()
				if want == "" || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
				return
			}
			text, err := io.ReadAll(body)
			if want != "" || string(text) != "late" || err != nil || body.Close() != nil {
				t.Errorf("%q, %v, want %q", text, err, want)
			}
		})
	}
	f(nil, time.Millisecond, "")
	f(nil, time.Minute, "the API server https://cluster does not answer in time")
	f(url.Values{"watch": {"true"}}, time.Minute, "does not answer in time")
	f(url.Values{"follow": {"true"}}, time.Minute, "")
}

// What ends the request is the end of the body.
func TestGetClose(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(ended)
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{http: server.Client(), base: base}
	body, err := c.Get(t.Context(), "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	<-ended
}
