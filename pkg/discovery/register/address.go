package register

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver/presence"
)

// podIP is the variable that has the address of a pod.
const podIP = "POD_IP"

// routeTimeout bounds the look-up of the registry's name. No packet is sent.
const routeTimeout = 3 * time.Second

// errLoopback says that no other machine could connect to what would be told.
var errLoopback = errors.New("no address is known under which others reach the receiver: it listens on all, and the registry is on this machine")

// advertised returns the host that clients are told: the configured one; that which the endpoint listens on, if it is a
// certain one; $POD_IP; or the address from which the registry is reached. It is never one that stands for all addresses,
// and one of the loopback only if it was configured.
func (s *Service) advertised(ctx context.Context, main presence.Endpoint, registry string, lookup func(string) (string, bool)) (string, error) {
	if s.AdvertiseAddress != "" {
		return strings.Trim(s.AdvertiseAddress, "[]"), nil
	}
	own := hostOf(main)
	if isLoopback(own) {
		return "", fmt.Errorf("the receiver listens on %s, which other machines cannot reach", main.Addr)
	}
	if !isAny(own) {
		return own, nil
	}
	if pod, _ := lookup(podIP); pod != "" {
		if ip, err := netip.ParseAddr(pod); err == nil && !ip.IsUnspecified() && !ip.IsLoopback() {
			return ip.String(), nil
		}
		return "", fmt.Errorf("$%s is %q, which is no address of a pod", podIP, pod)
	}
	return source(ctx, registry)
}

// source returns the address from which packets to the registry would go.
func source(ctx context.Context, registry string) (string, error) {
	d := net.Dialer{Timeout: routeTimeout}
	conn, err := d.DialContext(ctx, "udp", registry)
	if err != nil {
		return "", fmt.Errorf("find the way to the registry: %w", err)
	}
	defer func() { _ = conn.Close() }() // nothing was sent
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return "", err
	}
	if ip := local.Addr().Unmap().WithZone(""); !ip.IsLoopback() && !ip.IsUnspecified() {
		return ip.String(), nil
	}
	return "", errLoopback
}

// checkAddress finds what could never be told, before anything runs. listens is the address of the main endpoint as it is
// configured.
func (s *Service) checkAddress(registry, listens string, lookup func(string) (string, bool)) error {
	own, _, err := net.SplitHostPort(listens)
	if err != nil {
		return problem{"name", "nothing could be told: the receiver listens on no port for OTLP", "add a protocol to receivers.otlp"}
	}
	if s.AdvertiseAddress != "" {
		if isLoopback(own) && !isLoopback(s.AdvertiseAddress) {
			return problem{"advertise_address", fmt.Sprintf("clients would be told %s, but the receiver listens on %s alone", s.AdvertiseAddress, listens), "listen on 0.0.0.0"}
		}
		return nil
	}
	if isLoopback(own) {
		return problem{"advertise_address", fmt.Sprintf("is needed: the receiver listens on %s, which other machines cannot reach", listens), "listen on 0.0.0.0, or write 127.0.0.1 here if all clients are on this machine"}
	}
	host, _, _ := net.SplitHostPort(registry) // it has one
	if pod, _ := lookup(podIP); !isLoopback(host) || !isAny(own) || pod != "" {
		return nil
	}
	return problem{
		"advertise_address", "is needed: the registry is on this machine, so that the way to it does not tell how others reach the receiver",
		"write the address of this machine, or 127.0.0.1 if all clients are on it",
	}
}

func hostOf(e presence.Endpoint) string {
	host, _, err := net.SplitHostPort(e.Addr)
	if err != nil {
		return ""
	}
	return host
}

// isAny reports whether a host stands for all addresses of the machine.
func isAny(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
