package dns

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// zone is a resolver that knows some names.
type zone struct {
	hosts map[string][]string
	srv   []*net.SRV
	fault error
}

func (z zone) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if z.fault != nil {
		return nil, z.fault
	}
	var ips []netip.Addr
	for _, ip := range z.hosts[host] {
		ips = append(ips, netip.MustParseAddr(ip))
	}
	if ips == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return ips, nil
}

func (z zone) LookupSRV(_ context.Context, _, _, name string) (string, []*net.SRV, error) {
	if z.srv == nil {
		return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return "", z.srv, nil
}

func TestLook(t *testing.T) {
	f := func(n name, z zone, want string) {
		t.Helper()
		n.lookup = z
		all, err := n.look(t.Context())
		var got []string
		for _, i := range all {
			got = append(got, i.Addr)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%+v in %+v: %q, %v, want %q", n, z, got, err, want)
		}
	}
	hosts := map[string][]string{"a": {"10.0.0.1", "fd00::1"}, "b.": {"::ffff:10.0.0.2"}}
	f(name{host: "a", port: "4317"}, zone{hosts: hosts}, "10.0.0.1:4317 [fd00::1]:4317")
	f(name{host: "fe80::1%eth0", port: "4317"}, zone{}, "[fe80::1%eth0]:4317")
	f(name{host: "c", port: "4317"}, zone{hosts: hosts}, "")
	f(name{host: "s", srv: true}, zone{hosts: hosts}, "")
	f(name{host: "s", srv: true}, zone{hosts: hosts, srv: []*net.SRV{
		{Target: "a", Port: 1, Priority: 1}, {Target: "b.", Port: 2, Priority: 1}, {Target: "b.", Port: 3, Priority: 2},
	}}, "10.0.0.1:1 [fd00::1]:1 10.0.0.2:2")
	f(name{host: "s", srv: true}, zone{srv: []*net.SRV{{Target: ".", Port: 0}}}, "")
}

func TestFaults(t *testing.T) {
	f := func(fault error, want string) {
		t.Helper()
		n := &name{lookup: zone{fault: fault}, host: "a", port: "1", server: " at 10.0.0.53:53"}
		err := n.watch(t.Context(), func([]resolve.Instance) { t.Error("found something") })
		if err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %q", fault, err, want)
		}
	}
	f(&net.DNSError{Err: "server misbehaving"}, "dns at 10.0.0.53:53: server misbehaving")
	f(&net.DNSError{Err: "i/o timeout", IsTimeout: true}, "dns at 10.0.0.53:53 does not answer in time")
}

func TestOpen(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		target, err := registry.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		source, err := Open(target)
		if err == nil {
			if source.Name != want {
				t.Errorf("%s looks up %q, want %q", url, source.Name, want)
			}
			return
		}
		if source != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	f("dns://gateway:4317", "gateway")
	f("dns:///gateway:4317", "gateway")
	f("dns://10.0.0.53/gateway:4317", "gateway")
	f("dns://gateway:4317?server=10.0.0.53", "gateway")
	f("dns://_otlp._tcp.example.com?type=srv", "_otlp._tcp.example.com")
	f("dns://gateway", `"gateway" is not host:port`)
	f("dns://gateway:4317?type=srv", "SRV records have the ports")
	f("dns://gateway:4317?type=mx", "type=mx: want a or srv")
	f("dns://gateway:4317?server=:53", "server")
	f("dns://gateway:4317?zone=a", "no tags and zones")
	f("dns://a:1,b:2", "there is to be one name")
	f("dns://", "there is to be one name")
}
