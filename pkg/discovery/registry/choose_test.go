package registry

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

func TestChoose(t *testing.T) {
	f := func(c Choice, all []resolve.Instance, want string) {
		t.Helper()
		var got []string
		for _, i := range c.choose(all) {
			got = append(got, i.ID+"="+i.Addr)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%+v of %+v: %q, want %q", c, all, got, want)
		}
	}
	a := resolve.Instance{ID: "a", Addr: "h:1", Zone: "x", Tags: []string{"grpc", "v1"}}
	b := resolve.Instance{ID: "b", Addr: "h:2", Zone: "y", Tags: []string{"grpc"}}
	f(Choice{}, nil, "")
	f(Choice{}, []resolve.Instance{b, a}, "a=h:1 b=h:2")
	f(Choice{Zone: "y"}, []resolve.Instance{b, a}, "b=h:2")
	f(Choice{Tags: []string{"grpc"}}, []resolve.Instance{b, a}, "a=h:1 b=h:2")
	f(Choice{Tags: []string{"grpc", "v1"}}, []resolve.Instance{b, a}, "a=h:1")
	f(Choice{Tags: []string{"v2"}}, []resolve.Instance{b, a}, "")
	f(Choice{}, []resolve.Instance{{ID: "a", Addr: "h:0"}, {ID: "b", Addr: "h:70000"}, {ID: "c", Addr: "[h:80]:1"}, {ID: "d", Addr: "h\x1b[2J:1"}, {ID: "e", Addr: "h/#:1"}, {ID: "f", Addr: "[fe80::1%eth0]:1"}}, "f=[fe80::1%eth0]:1")
	// Two agents may know the same ID, and one instance may have come back under another.
	f(Choice{}, []resolve.Instance{{ID: "a", Addr: "h:2"}, {ID: "a-1", Addr: "h:3"}, {ID: "a", Addr: "h:1"}}, "a=h:1 a-1=h:3 a@h:2=h:2")
	f(Choice{}, []resolve.Instance{{ID: "old", Addr: "h:1"}, {ID: "new", Addr: "h:1"}}, "new=h:1")
}
