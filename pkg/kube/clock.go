package kube

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// clockPrecision is how far the time of an answer may be from ours though both clocks agree: it comes in whole
// seconds, and some time on its way.
const clockPrecision = 2 * time.Second

// clock tells the time of the API server. Machines that deploy need not agree about what time it is, and a lease is
// an agreement about time.
type clock struct{ ahead atomic.Int64 } // of ours, in nanoseconds

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// watch has a transport look at the time in every answer.
func (c *clock) watch(next http.RoundTripper) http.RoundTripper { return clockReader{next, c} }

func (c *clock) take(at, received time.Time) {
	ahead := at.Sub(received)
	if ahead.Abs() <= clockPrecision {
		ahead = 0
	}
	c.ahead.Store(int64(ahead))
}

type clockReader struct {
	http.RoundTripper
	clock *clock
}

// RoundTrip implements http.RoundTripper.
func (r clockReader) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := r.RoundTripper.RoundTrip(request)
	if err != nil || strings.Contains(request.URL.Path, "/proxy/") { // which is the time of a pod
		return answer, err
	}
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		r.clock.take(at, time.Now())
	}
	return answer, nil
}
