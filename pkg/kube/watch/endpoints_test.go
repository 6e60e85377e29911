package watch

import (
	"errors"
	"net/http"
	"testing"
)

func TestEndpoints(t *testing.T) {
	c := newCluster(t)
	c.put("endpointslices", `{metadata: {name: s-1}, endpoints: [{addresses: [10.0.0.1]}]}`)
	counts := make(chan int, 10)
	ended := make(chan error, 1)
	follow := func() {
		e := Endpoints{API: c, Namespace: "ns", Service: "s"}
		ended <- e.Follow(t.Context(), func(all []*EndpointSlice) {
			n := 0
			for _, slice := range all {
				n += len(slice.Endpoints)
			}
			counts <- n
		})
	}
	expect := func(want int) {
		t.Helper()
		if got := <-counts; got != want {
			t.Fatalf("%d endpoints, want %d", got, want)
		}
	}
	go follow()
	expect(1)
	c.put("endpointslices", `{metadata: {name: s-2}, endpoints: [{addresses: [10.0.0.2]}, {addresses: [10.0.0.3]}]}`)
	expect(3)
	c.remove("endpointslices", "s-1")
	expect(2)
	c.setAway(errRefused)
	c.cut()
	if err := <-ended; !errors.Is(err, errRefused) {
		t.Errorf("ended with %v", err)
	}
	c.setAway(nil)
	c.refused["endpointslices"] = http.StatusForbidden
	go follow()
	if err := <-ended; statusOf(err) != http.StatusForbidden {
		t.Errorf("ended with %v", err)
	}
}
